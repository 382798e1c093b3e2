import io
from pathlib import Path

import pytest
from rich.console import Console

from simslab.report.run.summary import print_summary, summary_parts, summary_text
from simslab.report.tables import Table
from simslab.result.measurement import AttributionRow, Measurement

GOLDEN = Path(__file__).with_name("summary.txt")


def test_the_summary_equals_the_stored_text(measurement):
    assert summary_text(measurement) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [20, 40, 80, 100, 120, 200])
def test_no_figure_and_no_name_is_cut_at_any_width(measurement, width):
    shown = io.StringIO()
    print_summary(measurement, Console(file=shown, width=width, force_terminal=True, color_system=None))
    words = {part for word in shown.getvalue().split() for part in (word, word.removesuffix(":"))}
    for part in summary_parts(measurement):
        if isinstance(part, Table):
            missing = {word for row in (part.columns, *part.rows) for cell in row for word in cell.split()} - words
            assert missing == set()


def test_stored_text_is_complete_whatever_the_width(measurement):
    rules = {"-" * length for length in range(200)}
    assert set(summary_text(measurement, 20).split()) - rules == set(summary_text(measurement).split()) - rules


def test_a_pipe_gets_the_plain_text(measurement, tmp_path):
    with open(tmp_path / "out", "w+", encoding="utf-8") as file:
        print_summary(measurement, Console(file=file))
        file.seek(0)
        assert file.read() == summary_text(measurement)


def test_causes_that_do_not_add_up_are_denounced(measurement):
    measurement.attribution.append(AttributionRow("free", "hit", 1, 100, {"l1": 60}))
    assert "NOT EXACT: 1 paths, first free hit, 40 cycles unaccounted." in summary_text(measurement)


def test_objects_that_are_lost_are_denounced(measurement):
    measurement.conservation["live"] += 7
    assert "BROKEN by -7" in summary_text(measurement)


def test_a_run_without_operations_says_so():
    assert "No operation ran" in summary_text(Measurement("m", "w", 1, 10**9, 0))


def test_merged_caches_are_told_with_what_their_tunables_did():
    measurement = Measurement("m", "w", 1, 10**9, 0, merged={"mine": "pool_workqueue"}, tuned_merged=["mine"])
    text = summary_text(measurement)
    assert "mine was merged into pool_workqueue (slab_nomerge: true keeps it apart)" in text
    assert "tunables: mine were applied to pool_workqueue" in text
