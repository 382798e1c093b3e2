"""What must hold between measurements of one machine, and between them and what `describe` says of it."""

from functools import cache

import pytest

from simslab.instruments.measure.atomic_inc import atomic_curve
from simslab.instruments.measure.chase import chase_curve
from simslab.instruments.measure.idle import idle_latency
from simslab.instruments.measure.pingpong import ping_pong_by_relation
from simslab.instruments.measure.prober import Prober
from simslab.instruments.measure.transfer import RELATIONS
from simslab.machine.library import load_machine, machine_names
from simslab.report.machine.described import described

SOME = ("one-node", "two-socket", "four-socket", "epyc-rome-nps4", "opteron-6276", "knights-landing", "i7-4790k")
SMALL = ("l2.size=64 KiB", "l2.ways=8", "l3.size=256 KiB", "l3.ways=8")  # quickly chased through
HOMES = ("directory", "snoop", "source-snoop")
SPANNING = ("l3.scope=package", "coherence.memory_ahead=10 ns")  # an L3 that several nodes share
MATRIX = "idle_latency={impl: matrix, dram: [[80 ns, 130 ns], [135 ns, 85 ns]]}"
CHANGED = [
    *(("four-socket", (f"coherence.home={home}",)) for home in HOMES),
    *(("sapphire-rapids-snc4", (f"coherence.home={home}", *SPANNING)) for home in HOMES),
    *(("epyc-rome-nps4", (f"coherence.home={home}", "coherence.snoop=200 ns")) for home in HOMES),
    *(("memory-only-node", (f"coherence.home={home}", "coherence.snoop=200 ns")) for home in HOMES),
    *(("memoryless-node", (f"coherence.home={home}", "coherence.snoop=200 ns")) for home in HOMES),
    *(("two-socket", (f"coherence.home={home}", "coherence.memory_bits=true")) for home in HOMES),
    *(("two-socket", (f"coherence.home={home}", MATRIX)) for home in HOMES),
]


@cache
def machine(name, changes=()):
    return load_machine(name, changes)


def ends(items, most=4):
    """All of them, or the first and the last of many."""
    return items if len(items) <= most else [*items[: most // 2], *items[-(most // 2) :]]


def measured_beside_described(spec):
    """Latencies in ns by reader and memory, of the nodes at the ends of the machine."""
    prober = Prober(spec)
    topology, timing = prober.topology, prober.machine.timing
    told = described(spec, topology, timing)["idle_dram_latency_ns"]
    readers = ends([node for node in topology.nodes if node.cpus])
    homes = ends([node for node in topology.nodes if node.memory])
    return [
        (prober.ns(idle_latency(prober, reader.cpus[0], home.id)), told[str(reader.number)][str(home.number)])
        for reader in readers
        for home in homes
    ]


@pytest.mark.parametrize("name", machine_names())
def test_a_shipped_machine_is_as_far_from_its_memory_as_described(name):
    for measured, told in measured_beside_described(machine(name)):
        assert measured == pytest.approx(told, abs=0.001)  # as many digits are told


@pytest.mark.parametrize(("name", "changes"), CHANGED, ids=str)
def test_memory_is_as_far_as_described_whoever_finds_the_holders(name, changes):
    for measured, told in measured_beside_described(machine(name, changes)):
        assert measured == pytest.approx(told, abs=0.001)  # as many digits are told


@pytest.mark.parametrize("name", SOME)
def test_no_number_of_cpus_increments_faster_than_one(name):
    alone, *together = atomic_curve(machine(name))
    assert all(point.ns_each >= alone.ns_each * 0.999 for point in together)


@pytest.mark.parametrize("name", SOME)
def test_a_ping_pong_takes_longer_the_farther_the_cpus_are_apart(name):
    by_relation = ping_pong_by_relation(machine(name))
    times = [by_relation[relation] for relation in RELATIONS if relation in by_relation]
    assert times == sorted(times)


@pytest.mark.parametrize("name", SOME)
def test_a_chase_through_more_memory_is_never_faster(name):
    small = machine(name, SMALL if machine(name).l3.size > machine(name).l2.size else SMALL[:2])
    curve = [point.cycles for point in chase_curve(small, largest=1 << 20)]
    assert curve == sorted(curve)
