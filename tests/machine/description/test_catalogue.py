import pytest

from simslab.base.units import Bandwidth, Duration
from simslab.machine.description.caches import CacheSpec, L3Spec
from simslab.machine.description.catalogue import all_declared, all_stated, declared_in, field_at, value_of
from simslab.machine.description.interconnect import LinkSpec
from simslab.machine.description.whole import MachineDescription
from simslab.machine.library import load_machine


def test_parameters_are_found_at_every_depth():
    places = all_declared(MachineDescription)
    assert {"core.ipc", "tlb.l1.page_4k.ways", "nodes[*].root_port.latency", "links[*].bandwidth"} <= places.keys()


def test_parts_and_names_are_no_parameters():
    assert all_declared(MachineDescription).keys().isdisjoint({"core", "name", "links", "links[*].name", "nodes[*].id"})


def test_a_part_has_the_parameters_of_what_it_extends():
    names = [declared.name for declared in declared_in(L3Spec)]
    assert names[:4] == [declared.name for declared in declared_in(CacheSpec)]
    assert "other_core" in names


def test_the_type_is_known_where_the_parameter_may_be_absent():
    declared = {declared.name: declared for declared in declared_in(LinkSpec)}
    assert declared["bandwidth"].is_a(Bandwidth)
    assert declared["back_bandwidth"].is_a(Bandwidth)
    assert not declared["back_latency"].is_a(Bandwidth)
    assert declared["back_latency"].is_a(Duration)


def test_another_parameter_stands_for_an_absent_one():
    link = LinkSpec.model_validate({"between": [0, 1], "latency": "20 ns", "bandwidth": "30 GB/s"})
    assert value_of(link, "back_latency") == link.latency
    l3 = load_machine("two-socket").l3
    assert value_of(l3, "other_core_shared") == l3.other_core  # over other_core_exclusive


def test_a_stated_parameter_stands_for_itself():
    link = {"between": [0, 1], "latency": "20 ns", "bandwidth": "30 GB/s", "back_latency": "0 ns"}
    assert str(value_of(LinkSpec.model_validate(link), "back_latency")) == "0 ns"


def test_the_parameters_of_a_machine_are_named_by_their_paths():
    spec = load_machine("four-socket")
    stated = {entry.at: entry for entry in all_stated(spec)}
    assert stated["links", 3, "latency"].value == spec.links[3].latency
    assert stated["kernel", "hz"].value == 250
    assert stated["l1d", "bandwidth"].value is None
    assert ("mesh", "hop") not in stated


def test_a_field_is_found_by_its_place():
    assert field_at(MachineDescription, "nodes[*].dram.latency").is_required()
    assert field_at(MachineDescription, "tlb.l2_hit").default.value == 7
    for place in ("tlb.l3_hit", "core.ipc.x", "name.x"):
        with pytest.raises(KeyError):
            field_at(MachineDescription, place)
