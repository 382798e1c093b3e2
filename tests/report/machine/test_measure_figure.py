import pytest

from simslab.base.errors import UserError
from simslab.instruments.measure.whole import MachineMeasurement, measure_machine
from simslab.machine.library import load_machine
from simslab.report.machine.measure_figure import draw_measurement


def test_a_figure_of_some_parts_repeats_its_bytes(tmp_path):
    measurement = measure_machine(load_machine("two-socket"), ("latency",))
    for name in ("first.pdf", "second.pdf"):
        draw_measurement(measurement, tmp_path / name)
    assert (tmp_path / "first.pdf").read_bytes() == (tmp_path / "second.pdf").read_bytes()


@pytest.mark.parametrize("part", ["cache", "latency", "c2c", "atomic", "bandwidth"])
def test_every_part_has_a_panel(part, tmp_path):
    draw_measurement(measure_machine(load_machine("two-socket"), (part,)), tmp_path / "some.png")
    assert (tmp_path / "some.png").read_bytes().startswith(b"\x89PNG")


def test_nothing_measured_is_told(tmp_path):
    with pytest.raises(UserError, match="nothing to draw"):
        draw_measurement(MachineMeasurement("two-socket", (0, 1)), tmp_path / "none.png")
