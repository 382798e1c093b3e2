"""Recorded paths of SLUB, and what is said of those that differ or cannot be rebuilt."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from simslab.conform.slub.path_check import check_accesses, check_counts

GOLDEN = Path(__file__).parents[2] / "golden-slub"


@pytest.fixture(scope="module")
def counts():
    with gzip.open(GOLDEN / "instruction_counts.csv.gz", "rt") as stream:
        return list(csv.DictReader(stream))


def of_path(counts, path):
    return next(row for row in counts if row["path"] == path)


def written(folder, rows):
    path = folder / "instruction_counts.csv"
    with path.open("w") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def test_instructions_and_the_state_after_are_compared(counts, tmp_path):
    verdict = check_counts(written(tmp_path, [of_path(counts, "alloc_cpu_partial")]))
    assert verdict.ok, str(verdict)
    assert (verdict.rows, verdict.checks) == (1, 11)


def test_a_path_that_costs_otherwise_is_told_with_its_tolerance(counts, tmp_path):
    row = of_path(counts, "alloc_cpu_partial")
    told = check_counts(written(tmp_path, [row | {"insns_min": str(2 * int(row["insns_min"]))}])).difference
    assert told.startswith("b192 alloc_cpu_partial from ")
    assert "instructions: expected 324 instructions +-5 %, got 16" in told


def test_a_path_that_leads_elsewhere_is_told(counts, tmp_path):
    row = of_path(counts, "alloc_cpu_partial")
    told = check_counts(written(tmp_path, [row | {"node_partial_after": "1"}])).difference
    assert "state after" in told


def test_what_cannot_be_rebuilt_is_counted_and_said(counts, tmp_path):
    shrink = next(row for row in counts if row["path"].startswith("shrink"))
    verdict = check_counts(written(tmp_path, [of_path(counts, "alloc_cpu_partial"), shrink]))
    assert verdict.ok
    assert verdict.notes[0].startswith("1 of 2 records left out: shrinks")


def test_lines_touched_in_another_order_are_told(tmp_path):
    with gzip.open(GOLDEN / "path_access.jsonl.gz", "rt") as stream:
        record = json.loads(next(stream))
    path = tmp_path / "path_access.jsonl"
    path.write_text(json.dumps(record) + "\n")
    assert check_accesses(path).ok
    record["accesses"].reverse()
    path.write_text(json.dumps(record) + "\n")
    assert "lines touched" in check_accesses(path).difference
