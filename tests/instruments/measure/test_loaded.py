"""The inject-delay sweep, and the two figures that are taken from its curve."""

import pytest

from simslab.instruments.measure.loaded import DELAYS, knee, latency_at, loaded_curve, loaded_latency
from simslab.machine.library import load_machine

SPEC = load_machine("two-socket", ("layout.cores=4", "core.outstanding=100", "dram.conflict=36 ns"))
CURVE = [(10.0, 100.0), (50.0, 120.0), (90.0, 200.0)]


def test_latency_rises_with_load():
    full, some, none = (loaded_latency(SPEC, delay) for delay in (0, 200, 20_000))
    assert full.ns > 1.5 * none.ns
    assert full.ns > some.ns > none.ns
    assert full.gb_per_second > some.gb_per_second > none.gb_per_second


def test_a_chase_along_the_rows_is_faster_where_opening_one_costs():
    spec = load_machine("two-socket", ("layout.cores=2", "dram.row_miss=20 ns"))
    rows, random = (loaded_latency(spec, 20_000, sequential=way).ns for way in (True, False))
    assert random - rows == pytest.approx(20, rel=0.3)


def test_a_curve_has_a_point_for_each_delay_highest_load_first():
    points = loaded_curve(SPEC, (0, 5000))
    assert [point.delay for point in points] == [0, 5000]
    assert points[0].gb_per_second > points[1].gb_per_second
    assert list(DELAYS) == sorted(set(DELAYS))


def test_the_knee_is_where_latency_is_half_as_much_again():
    assert knee(CURVE) == knee(CURVE[::-1]) == pytest.approx(65)


def test_a_curve_that_never_rises_so_far_has_its_knee_at_its_end():
    assert knee(CURVE[:2]) == 50.0


def test_a_jump_has_its_knee_where_it_ends():
    assert knee([(10.0, 100.0), (20.0, 150.0), (30.0, 150.0)]) == 20.0


@pytest.mark.parametrize(("bandwidth", "ns"), [(30, 110), (70, 160), (5, 100), (500, 200)])
def test_latency_is_interpolated_and_beyond_the_ends_that_of_the_end(bandwidth, ns):
    assert latency_at(CURVE, bandwidth) == pytest.approx(ns)
