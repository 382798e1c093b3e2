import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from simslab.report.comparison.comparison import comparison_csv, comparison_document, comparison_text
from simslab.result.result_file import json_text

GOLDEN = Path(__file__).with_name("comparison.txt")


def test_the_table_equals_the_stored_text(comparison):
    assert comparison_text(comparison) == GOLDEN.read_text(encoding="utf-8")


def test_the_file_holds_verdict_and_percent(comparison):
    first = json.loads(json_text(comparison_document(comparison)))["differences"][0]
    assert first["verdict"] == "higher"
    assert first["percent"]["mean"] == pytest.approx(100 * first["difference"]["mean"] / 81, abs=1e-6)


def test_a_base_of_zero_has_no_percent(comparison):
    contended = comparison_document(comparison)["differences"][3]
    assert contended["percent"] == {"mean": None, "low": None, "high": None}


def test_the_file_holds_latencies_by_operation_and_cycles(comparison):
    arm = json.loads(json_text(comparison_document(comparison)))["arms"][0]
    assert set(arm["by_operation"]) == {"alloc", "free"}
    assert sum(sum(each["counts"]) for each in arm["by_operation"].values()) == sum(arm["counts"])
    assert arm["latency_cycles"]["p50"] * 1000 == pytest.approx(arm["latency_ns"]["p50"] * 2300, rel=1e-3)


def test_arms_and_metrics_come_out_of_the_table_as_text(comparison):
    odd = replace(comparison.differences[0], arm="=1+1", metric='p99:@a"b')
    rows = list(csv.reader(comparison_csv(replace(comparison, differences=(odd,))).splitlines()))
    assert {row[0] for row in rows[1:]} == {comparison.arms[0].name, "'=1+1"}
    assert {row[2] for row in rows[1:]} == {'p99:@a"b'}
