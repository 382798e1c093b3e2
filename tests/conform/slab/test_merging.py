"""Requests of the golden table that stay alive, and the list of caches that they leave."""

import csv
from pathlib import Path

import pytest

from simslab.conform.records import Row, read_rows
from simslab.conform.slab.caches import cache_columns
from simslab.conform.slab.merging import (
    check_kmalloc,
    check_list_after_merge,
    check_merge,
    system_before,
)
from simslab.conform.tables import create_and_describe

GOLDEN = Path(__file__).parents[2] / "golden"


def write_list(folder, requests):
    """Make the requests and write the list that remains."""
    allocator = system_before(requests)
    for row in requests:
        create_and_describe(allocator, row)
    rows = [cache_columns(position, cache) for position, cache in enumerate(reversed(allocator.caches))]
    with (folder / "caches-after-merge-seq.csv").open("w") as stream:
        table = csv.DictWriter(stream, rows[0])
        table.writeheader()
        table.writerows(rows)
    return folder / "caches-after-merge-seq.csv"


def lasting_requests(count):
    """Requests of the table's first mode, which destroys at once, as if made in its second mode, which does not."""
    return [
        Row(row | {"mode": "seq"}, row.file, row.line)
        for row in list(read_rows(GOLDEN / "merge.csv.gz"))[3000 : 3000 + count]
    ]


def write_requests(folder, requests):
    with (folder / "merge.csv").open("w") as stream:
        table = csv.DictWriter(stream, requests[0])
        table.writeheader()
        table.writerows(requests)
    return folder / "merge.csv"


def test_the_list_is_compared_with_what_the_requests_beside_it_leave(tmp_path):
    requests = lasting_requests(60)
    write_requests(tmp_path, requests)
    verdict = check_list_after_merge(write_list(tmp_path, requests))
    assert verdict.ok, str(verdict)
    assert verdict.rows > 123
    assert not check_list_after_merge(write_list(tmp_path, requests[:-20])).ok


def test_without_the_requests_the_list_is_skipped(tmp_path):
    path = write_list(tmp_path, [])
    assert "mode seq" in check_list_after_merge(path).skipped


def test_a_lasting_request_merges_with_an_earlier_one(tmp_path):
    first, second = ({**row, "name": f"later{i}"} for i, row in enumerate(lasting_requests(1) * 2))
    second |= {"merged_with": first["merged_with"] if first["merged_with"] != "none" else "later0", "refcount": "2"}
    verdict = check_merge(write_requests(tmp_path, [first, second]))
    assert verdict.ok, str(verdict)


@pytest.mark.parametrize(
    ("row", "served"),
    [("0,GFP_KERNEL,ZERO,,,", True), ("0,GFP_KERNEL,NULL,0,,", False), ("4194305,GFP_KERNEL,NULL,0,,", True)],
)
def test_nobody_serves_0_bytes_and_that_is_no_failure(tmp_path, row, served):
    table = tmp_path / "kmalloc.csv"
    table.write_text(f"size,gfp,cache,ksize,cache_size,kmalloc_index\n{row}\n")
    assert check_kmalloc(table).ok == served
