import pytest

from simslab.machine.library import load_machine
from simslab.machine.timing.cycles import build_timing
from simslab.machine.timing.flat import BY_NODE, FLAT
from simslab.machine.topology.topology import build_topology


@pytest.fixture(scope="module")
def timing():
    spec = load_machine("two-socket")
    return build_timing(spec, build_topology(spec))


@pytest.mark.parametrize("name", [*FLAT, *BY_NODE])
def test_every_flat_name_answers(name, timing):
    assert isinstance(getattr(timing, name), int | tuple)


def test_a_flat_name_is_its_part(timing):
    assert timing.cli == timing.kernel.cli == 3
    assert timing.dram_channels == (6, 6)
    assert timing.l3_geometry.ways == 11


def test_another_name_is_none(timing):
    with pytest.raises(AttributeError, match="no timing 'tick'"):
        timing.tick  # noqa: B018
