import pytest

from simslab.machine.library import load_machine, machine_names
from simslab.machine.machine import build_machine


def idle_latency(machine, cpu, node, owner=None, line=4096):
    """Latency in cycles of one cold line of `node`, last written by CPU `owner` if given."""
    line += machine.topology.node_base[node] >> 6
    if owner is not None:
        machine.memory.transact(machine.cpus[owner].core, line, 1, 0)
    return machine.memory.transact(machine.cpus[cpu].core, line, 0, line << 10)  # a time of its own: idle


@pytest.mark.parametrize("name", machine_names())
def test_a_shipped_machine_measures_the_idle_latencies_its_timing_states(name):
    machine = build_machine(load_machine(name))
    pairs = [(d, n) for d in machine.topology.domains[-3:] for n in machine.topology.nodes[:9] if n.memory]
    for number, (domain, node) in enumerate(pairs):
        measured = idle_latency(machine, domain.cpus[0], node.id, line=4096 + 1000 * number)
        assert measured == machine.timing.dram_latency(domain.id, node.id)


def corners(items, most=6):
    """All of them, or the first and the last ones of many."""
    return items if len(items) <= most else [*items[: most // 2], *items[-(most // 2) :]]


@pytest.mark.parametrize("name", machine_names())
def test_a_modified_line_of_every_domain_and_home_takes_the_path_that_the_timing_states(name):
    """The sum stands twice: `Timing.cache_latency` for display, `Paths` for what is charged."""
    machine = build_machine(load_machine(name))
    domains, homes = corners(machine.topology.domains), corners([n for n in machine.topology.nodes if n.memory])
    ways = [(d, n, owner) for d in domains for n in homes for owner in domains if owner is not d]
    for number, (domain, node, owner) in enumerate(ways):
        measured = idle_latency(machine, domain.cpus[0], node.id, owner.cpus[0], 4096 + 1000 * number)
        assert measured == machine.timing.cache_latency(domain.id, node.id, owner.id), (domain.id, node.id, owner.id)


def test_cpus_are_numbered_by_their_place_in_the_list():
    machine = build_machine(load_machine("one-node"))
    assert [cpu.id for cpu in machine.cpus] == list(range(8))
    assert machine.cpus[0].core == machine.cpus[4].core
