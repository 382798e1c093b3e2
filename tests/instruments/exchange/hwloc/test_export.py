import pytest
from exchange_machines import exchange_document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simslab.base.shipped import shipped_names
from simslab.instruments.exchange.hwloc.export import export_hwloc
from simslab.instruments.exchange.importer import import_hwloc
from simslab.machine.library import load_machine
from simslab.machine.spec import MachineSpec
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


def check_round_trip(chance, folder):
    """Import what was exported of a random machine: topology and timing must be equal, and so must the YAML of both."""
    spec = MachineSpec.model_validate(exchange_document(chance))
    source, target = folder / "m.xml", folder / "m.yaml"
    source.write_text(export_hwloc(spec), encoding="utf-8")
    target.write_text(import_hwloc(source), encoding="utf-8")
    back = load_machine(str(target))
    topology = build_topology(spec)
    assert (back.name, back.description, back.measured_as) == (spec.name, spec.description, spec.measured_as)
    assert build_topology(back) == topology
    assert build_timing(back, topology) == build_timing(spec, topology)
    for part in ("core", "l1d", "l2", "l3", "tlb", "coherence", "dram", "mesh", "routes", "idle_latency", "kernel"):
        assert getattr(back, part) == getattr(spec, part), part


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False))
def test_random_machines_import_as_they_were_exported(chance, tmp_path):
    check_round_trip(chance, tmp_path)


@pytest.mark.soak
@settings(max_examples=1000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False))
def test_a_thousand_random_machines_import_as_they_were_exported(chance, tmp_path):
    check_round_trip(chance, tmp_path)
