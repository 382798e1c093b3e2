"""A table of requests that stay is checked from the state that it began in."""

import csv
import io
from pathlib import Path

import pytest

from simslab.conform.slub.merging import RAISED_BY_SINGLES, check_list_before_merge, check_merge, system_before

GOLDEN = Path(__file__).parents[2] / "golden-slub"
REQUEST = {"mode": "seq", "req_align": 0, "req_flags": "0x2000", "req_flags_decoded": "HWCACHE_ALIGN", "ctor": 0}


@pytest.mark.parametrize(("object_size", "size"), [(952, 952), (960, 960)])
def test_the_requests_tell_whether_others_came_before_them_in_the_same_boot(tmp_path, object_size, size):
    row = REQUEST | {"name": "os0", "req_size": 949, "usersize": 0, "merged_with": "signal_cache", "err": 0}
    row |= {"size": 960, "object_size": object_size, "align": 64, "inuse": size, "offset": 472, "refcount": 2}
    text = io.StringIO()
    writer = csv.DictWriter(text, row)
    writer.writeheader()
    writer.writerow(row)
    path = tmp_path / "merge-seq.csv"
    path.write_text(text.getvalue(), encoding="ascii")
    verdict = check_merge(path)
    assert verdict.ok, str(verdict)


def test_a_list_of_the_same_boot_is_recognised_by_its_raised_sizes(tmp_path):
    text = (GOLDEN / "caches-2n8c.csv").read_text(encoding="ascii")
    path = tmp_path / "caches-before-merge-seq.csv"
    path.write_text(text, encoding="ascii")
    assert check_list_before_merge(path).ok
    path.write_text(text.replace(",960,952,472,952,", ",960,960,472,960,"), encoding="ascii")
    assert not check_list_before_merge(path).ok  # the other raised cache is as it was made
    path.write_text(
        text.replace(",960,952,472,952,", ",960,960,472,960,").replace(",320,304,152,304,", ",320,320,152,320,"),
        encoding="ascii",
    )
    assert check_list_before_merge(path).ok


def test_sizes_as_created_need_nothing_raised():
    allocator = system_before([("signal_cache", 952, 952)])
    assert {cache.name: cache.object_size for cache in allocator.caches}["signal_cache"] == 952
    assert set(RAISED_BY_SINGLES) <= {cache.name for cache in allocator.caches}
