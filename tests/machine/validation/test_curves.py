import pytest

from simslab.machine.validation.curves import curve_faults

AT = ("dram", "queue", "points")
FAULTS = {
    "[[0, 80 ns], [1 GB/s, 81 ns]]": ((*AT, 0, 0), "a point without bandwidth"),
    "[[2 GB/s, 80 ns], [2 GB/s, 81 ns]]": ((*AT, 1, 0), "2 GB/s after 2 GB/s"),
    "[[1, 80 ns], [2, 81 ns]]": ((*AT, 1, 0), "a node that gives at most 2 bytes/s"),
    "[[1 GB/s, 80 ns], [2 GB/s, 79 ns]]": ((*AT, 1, 1), "79 ns after 80 ns"),
}


@pytest.mark.parametrize("points", FAULTS)
def test_an_impossible_curve_is_told_at_its_point(points, described, told):
    assert told(curve_faults(described(f"dram.queue={{impl: curve, points: {points}}}"))) == [FAULTS[points]]


def test_a_flat_curve_is_sound(described):
    assert curve_faults(described("dram.queue={impl: curve, points: [[1 GB/s, 80 ns], [2 GB/s, 80 ns]]}")) == []


@pytest.mark.parametrize("name", ["conflict", "row_miss"])
def test_what_a_curve_has_in_it_cannot_stand_beside_it(name, described, told):
    spec = described("dram.queue={impl: curve, points: [[1 GB/s, 80 ns], [2 GB/s, 81 ns]]}", f"dram.{name}=5 ns")
    assert told(curve_faults(spec)) == [(("dram", name), f"'{name}' beside a curve, which has it in it")]


def test_a_nodes_own_curve_is_looked_at_too(described, told):
    dram = "{latency: 1 ns, bandwidth: 1 GB/s, queue: {impl: curve, points: [[1 GB/s, 80 ns], [2 GB/s, 79 ns]]}}"
    spec = described(f"nodes=[{{each: package, memory: 1 GiB, dram: {dram}}}]")
    assert told(curve_faults(spec)) == [(("nodes", 0, "dram", "queue", "points", 1, 1), "79 ns after 80 ns")]
