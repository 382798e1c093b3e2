"""Which parts of a measurement are made, and by whom."""

from dataclasses import fields

import pytest

from simslab.instruments.measure import whole
from simslab.instruments.measure.whole import DEFAULT_PARTS, LONG, PARTS, MachineMeasurement, measure_machine
from simslab.machine.library import load_machine

SPEC = load_machine("two-socket", ("layout.cores=2",))


@pytest.fixture
def traced(monkeypatch):
    """Measurements that only say what they are."""
    calls = {part: {name: lambda *given, name=name: name for name in PARTS[part]} for part in PARTS}
    monkeypatch.setattr(whole, "PARTS", calls)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_fills_its_own_fields_and_no_other(traced, part):
    measured = measure_machine(SPEC, (part,))
    filled = {field.name for field in fields(measured) if getattr(measured, field.name) is not None}
    assert filled == {"machine", "nodes", *PARTS[part]}
    assert all(getattr(measured, name) == name for name in PARTS[part])


def test_matrices_over_many_are_made_only_when_asked_for():
    assert set(DEFAULT_PARTS) | set(LONG) == set(PARTS)
    assert not set(DEFAULT_PARTS) & set(LONG)


def test_everything_measured_can_be_asked_for():
    names = {field.name for field in fields(MachineMeasurement)} - {"machine", "nodes"}
    assert names == {name for part in PARTS.values() for name in part}


def test_the_nodes_have_their_own_numbers():
    nodes = "nodes=[{package: 0, id: 3, memory: 1 GiB}, {package: 1, id: 7, memory: 1 GiB}]"
    spec = load_machine("two-socket", ("layout.cores=2", nodes, "links.upi.between=[3, 7]"))
    measured = measure_machine(spec, ("latency",))
    assert measured.nodes == (3, 7)
    (near, far), (_, own) = measured.idle_random
    assert near == pytest.approx(own)
    assert near < far
