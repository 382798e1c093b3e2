from simslab.allocator.cache import Cache
from simslab.slab_common.slabinfo import Slabinfo, slabinfo_header, slabinfo_row


def test_a_row_has_the_kernels_columns():
    cache = Cache(1, 0, "dentry")
    cache.size = 192
    row = slabinfo_row(cache, Slabinfo(40, 42, 1, 2, 3, 120, 60, 8, 21, 0))
    assert row == (
        "dentry                40     42    192   21    1 : tunables  120   60    8 : slabdata      1      2      3"
    )


def test_statistics_are_announced_in_the_title():
    assert slabinfo_header().startswith("slabinfo - version: 2.1\n# name ")
    assert slabinfo_header(" : more").splitlines()[0] == "slabinfo - version: 2.1 (statistics)"
    assert slabinfo_header(" : more").endswith("<sharedavail> : more\n")
