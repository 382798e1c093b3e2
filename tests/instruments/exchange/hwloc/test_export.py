import pytest

from simslab.base.shipped import shipped_names
from simslab.instruments.exchange.hwloc.export import export_hwloc
from simslab.machine.library import load_machine
from simslab.machine.timing.cycles import build_timing
from simslab.machine.topology.topology import build_topology


@pytest.mark.parametrize("name", shipped_names("machines"))
def test_an_exported_machine_imports_as_an_equal_one(name, imported):
    spec = load_machine(name)
    back, _ = imported("hwloc", export_hwloc(spec))
    topology = build_topology(spec)
    assert (back.name, back.description) == (spec.name, spec.description)
    assert build_topology(back) == topology
    assert build_timing(back, topology) == build_timing(spec, topology)


def test_an_edited_export_counts(imported):
    text = export_hwloc(load_machine("two-socket"))
    assert imported("hwloc", text.replace("10 21 21 10", "10 31 31 10"))[0].distances == [[10, 31], [31, 10]]


def test_threads_listed_by_number_come_back(imported):
    spec = load_machine("one-node", ["layout.cpu_numbers=['7,0', '6,1', '5,2', '4,3']"])
    assert build_topology(imported("hwloc", export_hwloc(spec))[0]) == build_topology(spec)
