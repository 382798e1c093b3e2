"""The benchmarks: what they count, and how two of their results are compared. No times."""

import importlib
import json
import math
import sys
from pathlib import Path

import pytest
from scipy import stats

from simslab.instruments.validate import questions
from simslab.instruments.validate.rows import read_file

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
CASE = "8 CPUs"


@pytest.fixture
def benchmark(monkeypatch):
    """Return a function that loads a script of benchmarks/ as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    loaded = []

    def load(name):
        loaded.extend((name, "yardsticks"))
        return importlib.import_module(name)

    yield load
    for name in loaded:
        sys.modules.pop(name, None)


@pytest.fixture
def compared(benchmark, capsys):
    """Return a function that compares two result documents: (status, what was printed, what was complained)."""
    script = benchmark("compare")

    def run(tmp_path, before, after):
        files = []
        for name, document in (("before", before), ("after", after)):
            files.append(tmp_path / f"{name}.json")
            files[-1].write_text(document if isinstance(document, str) else json.dumps(document))
        try:
            status = script.main([str(file) for file in files])
        except SystemExit as end:
            status = end.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def result(rates, yardsticks=None, switches=7):
    """A result document of one case."""
    samples = [
        {"rate": rate, "c_loop": yardstick}
        for rate, yardstick in zip(rates, yardsticks or [1000.0] * len(rates), strict=True)
    ]
    return {"cases": {CASE: samples}, "counts": {CASE: {"switches": switches}}}


@pytest.mark.parametrize("file", ["desktop-contended.csv", "slub-silicon.csv"])
def test_measured_rows_can_be_asked_of_the_model(file):
    rows = read_file(BENCHMARKS / file)
    assert rows
    for row in rows:
        questions.check(row)


def test_operations_switches_settles_and_cycles_are_those_on_record(benchmark, tmp_path):
    recorded = json.loads((BENCHMARKS / "counts.json").read_text(encoding="utf-8"))
    found = benchmark("allocator").one_round(recorded["scale"], tmp_path)
    assert {name: counts for name, (_, counts) in found.items()} == recorded["counts"]


def test_a_clear_gain_is_called_faster_and_its_interval_leaves_out_1(compared, tmp_path):
    status, out, _ = compared(tmp_path, result([100.0, 101.0, 99.0]), result([200.0, 202.0, 198.0]))
    assert status == 0
    assert "  2.00 [1.96, 2.05]" in out
    assert out.splitlines()[1].endswith("faster")


def test_scatter_is_no_change(compared, tmp_path):
    _, out, _ = compared(tmp_path, result([100.0, 140.0, 90.0]), result([110.0, 150.0, 95.0]))
    assert "faster" not in out
    assert "slower" not in out


def test_a_machine_that_was_slower_as_a_whole_drops_out(compared, tmp_path):
    before, after = result([100.0, 104.0]), result([50.0, 52.0], [500.0, 500.0])
    _, out, _ = compared(tmp_path, before, after)
    assert "  1.00 [" in out
    assert "(0.50 as it was)" in out


def test_the_interval_is_welchs(benchmark):
    before, after = [0.0, 0.1, 0.3], [0.5, 0.4, 0.9, 0.7]
    low, high = stats.ttest_ind(after, before, equal_var=False).confidence_interval(0.95)
    _, found_low, found_high = benchmark("compare").change(before, after)
    assert (math.log(found_low), math.log(found_high)) == pytest.approx((low, high))


def test_a_count_that_differs_is_told_and_fails(compared, tmp_path):
    status, out, _ = compared(tmp_path, result([1.0, 2.0]), result([1.0, 2.0], switches=8))
    assert status == 1
    assert f"{CASE}: switches was 7, is 8" in out


@pytest.mark.parametrize("bad", ["", "[]", "{}", '{"cases": {"a": [{"rate": 1}]}, "counts": {}}'])
def test_what_is_no_result_file_is_one_line_and_status_2(compared, tmp_path, bad):
    status, out, err = compared(tmp_path, bad, result([1.0, 2.0]))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "before.json: no result file" in err


def test_a_single_sample_has_no_interval_and_is_refused(compared, tmp_path):
    status, _, err = compared(tmp_path, result([1.0]), result([1.0, 2.0]))
    assert status == 2
    assert "two samples or more" in err
