import pytest

from simslab.base.errors import UserError
from simslab.conform.topologies import TOPOLOGIES, machine_document, new_system, options_of, topology_of
from simslab.machine.spec import MachineSpec
from simslab.machine.topology.topology import build_topology
from simslab.slab.creation.options import SlabOptions


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_a_machine_has_the_recorded_cpus_nodes_and_distances(name):
    cpus, distances = TOPOLOGIES[name]
    topology = build_topology(MachineSpec.model_validate(machine_document(name)))
    assert [sum(cpu.node == nid for cpu in topology.cpus) for nid in range(len(cpus))] == list(cpus)
    assert [list(row) for row in topology.distance] == [list(row) for row in distances]


def test_a_file_names_its_topology_the_longest_name_first():
    assert topology_of("trace-2n4c1m-s64.jsonl.gz") == "2n4c1m"
    assert topology_of("instruction_counts-2n4c.csv") == "2n4c"


def test_a_file_that_names_none_is_refused_with_those_known():
    with pytest.raises(UserError, match=r"no known topology in 'caches\.csv'; expected one of 1n1c, 1n4c"):
        topology_of("caches.csv")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("trace-2n8c-s64.jsonl", SlabOptions()),
        ("trace-2n8c-noaliencache-s64.jsonl", SlabOptions(noaliencache=True)),
        ("slabinfo-1n4c-slab_max_order0.txt", SlabOptions(slab_max_order=0)),
        ("slabinfo-2n8c-debug.txt", SlabOptions(debug_slab=True)),
    ],
)
def test_a_file_names_its_boot_options(name, options):
    assert options_of(name, slab_nomerge=False) == options


def test_a_system_is_booted_with_and_without_its_standing_caches():
    counts = [len(new_system("trace-1n1c", SlabOptions(), standing).caches) for standing in (False, True)]
    assert counts == [61, 123]
