import pytest

from simslab.kernel.bug import KernelBugError
from simslab.slab.kmem_cache import ArrayCache, KmemCache


def test_an_array_tells_its_entries_from_bottom_to_top():
    array = ArrayCache(0x1000, 4, 2)
    for objp in (0x40, 0x80):
        array.owner[array.avail] = objp
        array.avail += 1
    assert array.entries() == [0x40, 0x80]


def test_a_new_cache_has_no_node_yet():
    cache = KmemCache(1, 0, "files", 2)
    assert cache.node == [None, None]
    with pytest.raises(KernelBugError, match="cache files has no structure for node 1"):
        cache.get_node(1)


def test_a_debug_counter_wraps_below_zero_as_in_the_kernel():
    cache = KmemCache(1, 0, "files", 1)
    assert cache.num_active == 0
    cache.num_active = (cache.num_active - 1) & ((1 << 64) - 1)
    assert cache.num_active == (1 << 64) - 1
