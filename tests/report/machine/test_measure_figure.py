import pytest

from simslab.base.errors import UserError
from simslab.instruments.measure.whole import measure_machine
from simslab.machine.library import load_machine
from simslab.report.machine.measure_figure import draw_measurement


def test_a_figure_of_some_parts_repeats_its_bytes(tmp_path):
    measurement = measure_machine(load_machine("two-socket"), ("latency",))
    for name in ("first.pdf", "second.pdf"):
        draw_measurement(measurement, tmp_path / name)
    assert (tmp_path / "first.pdf").read_bytes() == (tmp_path / "second.pdf").read_bytes()


def test_parts_that_have_no_panel_are_told(tmp_path):
    measurement = measure_machine(load_machine("two-socket"), ("atomic",))
    with pytest.raises(UserError, match="nothing to draw"):
        draw_measurement(measurement, tmp_path / "none.png")
