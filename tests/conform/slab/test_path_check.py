"""`simslab conform` on instruction counts and ordered accesses, true and changed."""

import csv
import gzip
import json
from itertools import islice
from pathlib import Path

from simslab.conform.records import lines_of
from simslab.conform.slab.path_check import check_accesses, check_counts

GOLDEN = Path(__file__).parents[2] / "golden"


def some_counts(tmp_path, change):
    with lines_of(GOLDEN / "instruction_counts.csv.gz") as stream:
        rows = list(csv.DictReader(stream))[:12]
    change(rows[5])
    path = tmp_path / "instruction_counts.csv"
    with path.open("w") as stream:
        table = csv.DictWriter(stream, rows[0])
        table.writeheader()
        table.writerows(rows)
    return path


def some_accesses(tmp_path, change):
    with lines_of(GOLDEN / "path_access.jsonl.gz") as stream:
        records = [json.loads(line) for line in islice(stream, 12)]
    change(records[5])
    path = tmp_path / "path_access.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, records)).encode()))
    return path


def test_rows_of_a_table_of_counts_are_checked(tmp_path):
    verdict = check_counts(some_counts(tmp_path, lambda row: None))
    assert verdict.ok, str(verdict)
    assert verdict.rows == 12


def test_a_count_beyond_the_tolerance_is_a_difference(tmp_path):
    verdict = check_counts(some_counts(tmp_path, lambda row: row.update(insns_min=str(int(row["insns_min"]) * 2))))
    assert "instructions: expected " in verdict.difference
    assert "+-5 %" in verdict.difference


def test_another_state_after_the_path_is_a_difference(tmp_path):
    verdict = check_counts(some_counts(tmp_path, lambda row: row.update(ac_after=str(int(row["ac_after"]) + 1))))
    assert "state after" in verdict.difference


def test_records_of_accesses_are_checked_without_the_counts_beside_them(tmp_path):
    verdict = check_accesses(some_accesses(tmp_path, lambda record: None))
    assert verdict.ok, str(verdict)
    assert verdict.rows == 12


def test_a_line_that_was_not_touched_is_a_difference(tmp_path):
    def touch(record):
        record["accesses"].insert(0, ["kmem_cache_alloc", "R8", "node.remote", 8])

    verdict = check_accesses(some_accesses(tmp_path, touch))
    assert "lines touched: expected ['node.remote+0'" in verdict.difference
