import gzip

import pytest

from simslab.conform.records import read_rows
from simslab.conform.verdict import Verdict, totals


@pytest.fixture
def verdict():
    return Verdict("caches-1n1c.csv", "caches")


def test_equal_fields_are_counted_and_the_file_is_ok(verdict):
    assert verdict.compare_row("cache a", {"size": "64", "num": "21"}, {"size": 64, "num": 21})
    assert (verdict.ok, verdict.checks, verdict.rows) == (True, 2, 1)
    assert str(verdict) == "caches-1n1c.csv: ok 2 checks"


def test_the_first_difference_is_told_and_stays(verdict):
    assert not verdict.compare("cache a", "size", 64, 72)
    verdict.compare("cache b", "size", 1, 2)
    assert str(verdict) == "caches-1n1c.csv: DIFFERENCE after 2 checks: cache a: size: expected 64, got 72"


def test_a_row_is_compared_up_to_its_first_difference(verdict):
    assert not verdict.compare_row("cache a", {"size": "64", "num": "21"}, {"size": 65, "num": 21})
    assert verdict.checks == 1


def test_a_column_that_the_model_does_not_predict_is_not_compared(verdict):
    verdict.compare_row("cache a", {"size": "64", "remark": "of udev"}, {"size": 64})
    assert (verdict.ok, verdict.checks) == (True, 1)


def test_totals_count_files_compared_and_skipped(verdict):
    verdict.compare("cache a", "size", 64, 72)
    skipped = Verdict("README.md", "reference", skipped="no record")
    assert totals([verdict, Verdict("b", "merge", 1000, 20), skipped]) == (
        "2 files, 20 operations and rows, 1,001 fields compared: 1 difference; 1 files skipped"
    )


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_tables_are_read_plain_and_compressed(name, tmp_path):
    text = b"size,num\n64,21\n"
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    assert list(read_rows(tmp_path / name)) == [{"size": "64", "num": "21"}]
