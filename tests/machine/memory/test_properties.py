"""What any machine's latencies obey: shortest ways, alike in both directions, of parts that add up, without a past."""

import copy
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_machines import random_document, random_machine

from simslab.base.build import running_build
from simslab.machine.machine import build_machine
from simslab.machine.spec import MachineSpec

COMPILED = running_build().kind == "compiled"
FAR_APART = 1_000_000  # cycles between accesses: nothing queues


def build(document):
    return build_machine(MachineSpec.model_validate(document))


def fresh_line(machine, nid, number=0):
    """A line of a node's memory that nothing has touched."""
    return (machine.topology.node_base[nid] >> 6) + 4096 + 257 * number


def idle(machine, core, nid, number=0, now=0):
    return machine.memory.access(core, fresh_line(machine, nid, number), 0, now)


# -- ways ---------------------------------------------------------------------------------------------------------


@st.composite
def networks(draw):
    """Nodes and the latencies (ns) of links that connect all of them, some directly, some not."""
    count = draw(st.integers(2, 6))
    latency = st.integers(5, 90)
    links = {(draw(st.integers(0, node - 1)), node): draw(latency) for node in range(1, count)}
    pairs = list(itertools.combinations(range(count), 2))
    for pair in draw(st.lists(st.sampled_from(pairs), max_size=6)):
        links.setdefault(pair, draw(latency))
    return count, links


def network_document(count, links):
    document = random_document(random.Random(0))
    document |= {
        "layout": {"packages": count, "cores": 1},
        "nodes": [{"package": nid, "memory": "128 MiB"} for nid in range(count)],
        "links": [{"between": list(pair), "latency": f"{ns} ns", "bandwidth": "10 GB/s"} for pair, ns in links.items()],
        "distances": None,
    }
    document["coherence"] |= {"home": "directory"}
    return document


def shortest_ways(count, links):
    """Floyd's algorithm, in cycles of 2 GHz."""
    way = [[0 if a == b else 1 << 30 for b in range(count)] for a in range(count)]
    for (a, b), ns in links.items():
        way[a][b] = way[b][a] = 2 * ns
    for via, a, b in itertools.product(range(count), repeat=3):
        way[a][b] = min(way[a][b], way[a][via] + way[via][b])
    return way


@settings(max_examples=60 if COMPILED else 25)
@given(networks())
def test_idle_latency_is_symmetric_obeys_the_triangle_and_takes_the_shortest_way(network):
    count, links = network
    machine = build(network_document(count, links))
    nodes = range(count)
    latency = [[idle(machine, a, b, a, FAR_APART * (a * count + b)) for b in nodes] for a in nodes]
    beyond = [[latency[a][b] - latency[a][a] for b in nodes] for a in nodes]
    assert beyond == [list(map(list, zip(*beyond, strict=True)))[a] for a in nodes]
    assert all(beyond[a][c] <= beyond[a][b] + beyond[b][c] for a in nodes for b in nodes for c in nodes)
    assert beyond == [[2 * way for way in row] for row in shortest_ways(count, links)]


# -- parts --------------------------------------------------------------------------------------------------------

BASE = {
    "name": "parts",
    "layout": {"packages": 2, "dies": 2, "cores": 2},
    "core": {"frequency": "2 GHz", "ipc": 2},
    "l1d": {"size": "4 KiB", "ways": 2, "latency": "4 cycles"},
    "l2": {"size": "16 KiB", "ways": 4, "latency": "14 cycles"},
    "l3": {
        "size": "64 KiB",
        "ways": 4,
        "latency": "40 cycles",
        "other_core": "20 cycles",
        "other_core_exclusive": "15 cycles",
        "other_core_shared": "10 cycles",
        "scope": "die",
        "inclusion": "non-inclusive",
        "port_read": "40 GB/s",
        "port_write": "40 GB/s",
    },
    "coherence": {"directory": "10 ns", "snoop": "20 ns", "protocol": "MESIF", "home": "directory"},
    "dram": {"latency": "60 ns", "bandwidth": "10 GB/s", "row_miss": "5 ns", "conflict": "10 ns"},
    "mesh": {"hop": "3 ns", "bandwidth": "60 GB/s"},
    "nodes": [
        {"each": "die", "memory": "256 MiB", "positions": [[0, 0], [1, 2]]},
        {"memory": "256 MiB", "root_port": {"package": 0, "latency": "100 ns"}},
    ],
    "links": [{"between": [[0, 1], [2, 3]], "latency": "30 ns", "back_latency": "35 ns", "bandwidth": "20 GB/s"}],
    "kernel": {
        **dict.fromkeys(("atomic", "irq_save", "irq_restore", "cli", "sti"), "10 cycles"),
        **dict.fromkeys(("irq_entry", "irq_exit", "ipi"), "100 cycles"),
        "clear_bytes_per_cycle": 32,
    },
}
# Parts of a way, and whether an idle machine shows them. What overlaps with the way (core.hidden, coherence.
# memory_ahead) makes it shorter and is no part of it.
PARTS = {
    ("l2", "latency"): True,
    ("l3", "latency"): True,
    ("l3", "other_core"): True,
    ("l3", "other_core_exclusive"): True,
    ("l3", "other_core_shared"): True,
    ("coherence", "directory"): True,
    ("coherence", "snoop"): True,
    ("dram", "latency"): True,
    ("dram", "row_miss"): True,
    ("dram", "conflict"): False,
    ("mesh", "hop"): True,
    ("nodes", 1, "root_port", "latency"): True,
    ("links", 0, "latency"): True,
    ("links", 0, "back_latency"): True,
}
BANDWIDTHS = [
    ("dram", "bandwidth"),
    ("mesh", "bandwidth"),
    ("links", 0, "bandwidth"),
    ("l3", "port_read"),
    ("l3", "port_write"),
]
ACCESS = st.tuples(st.integers(0, 7), st.integers(0, 4), st.integers(0, 3), st.integers(0, 1))
POLICIES = st.fixed_dictionaries(
    {
        "protocol": st.sampled_from(["MESIF", "MOESI"]),
        "home": st.sampled_from(["directory", "snoop", "source-snoop"]),
    }
)


def changed(part, value, policies=None):
    document = copy.deepcopy(BASE)
    document["coherence"] |= policies or {}
    place = document
    for key in part[:-1]:
        place = place[key]
    place[part[-1]] = value
    return document


def latencies(document, accesses, apart=FAR_APART):
    """Latency of each access (core, node, line, write), in order."""
    machine = build(document)
    return [
        machine.memory.access(core, fresh_line(machine, node, number), write, apart * step)
        for step, (core, node, number, write) in enumerate(accesses)
    ]


@settings(max_examples=120 if COMPILED else 40)
@given(
    part=st.sampled_from(sorted(PARTS, key=str)),
    low=st.integers(0, 80),
    more=st.integers(1, 200),
    accesses=st.lists(ACCESS, min_size=1, max_size=40),
    policies=POLICIES,
)
def test_no_access_gets_faster_when_a_part_of_its_way_gets_slower(part, low, more, accesses, policies):
    faster = latencies(changed(part, f"{low} ns", policies), accesses)
    slower = latencies(changed(part, f"{low + more} ns", policies), accesses)
    assert all(a <= b for a, b in zip(faster, slower, strict=True))


@settings(max_examples=60 if COMPILED else 20)
@given(
    part=st.sampled_from(BANDWIDTHS),
    low=st.integers(1, 40),
    more=st.integers(1, 40),
    accesses=st.lists(ACCESS, min_size=1, max_size=40),
)
def test_no_access_gets_faster_when_a_bandwidth_falls(part, low, more, accesses):
    faster = latencies(changed(part, f"{low + more} GB/s"), accesses, apart=20)
    slower = latencies(changed(part, f"{low} GB/s"), accesses, apart=20)
    assert all(a <= b for a, b in zip(faster, slower, strict=True))


EVERY_WAY = [
    *((core, node, 0, write) for write in (0, 1) for core in range(8) for node in range(5)),
    *((core, node, 1, write) for write in (1, 0) for core in (0, 1, 2, 3, 7, 4) for node in range(5)),
    *((0, node, number, 0) for number in range(2, 3) for node in range(5)),
    (0, 0, 9, 0),
    (1, 0, 9, 0),
    (0, 0, 73, 0),  # the same set as line 9 in L1 and L2
    (0, 0, 137, 0),
    (0, 0, 9, 0),
]


@pytest.mark.parametrize("part", [part for part, shown in PARTS.items() if shown], ids=str)
def test_every_part_is_on_some_way(part):
    assert sum(latencies(changed(part, "9 ns"), EVERY_WAY)) > sum(latencies(changed(part, "4 ns"), EVERY_WAY))


@pytest.mark.parametrize("part", BANDWIDTHS, ids=str)
def test_every_bandwidth_is_on_some_way(part):
    slow, fast = (latencies(changed(part, f"{value} GB/s"), EVERY_WAY, apart=5) for value in (1, 50))
    assert sum(slow) > sum(fast)


# -- the past -----------------------------------------------------------------------------------------------------


@settings(max_examples=40 if COMPILED else 15)
@given(chance=st.randoms(use_true_random=False), length=st.integers(0, 200))
def test_idle_latency_does_not_depend_on_what_was_done_before(chance, length):
    seed = chance.getrandbits(32)
    used, untouched = random_machine(random.Random(seed)), random_machine(random.Random(seed))
    homes = [node.id for node in used.topology.nodes if node.memory]
    cores = [core.id for core in used.topology.cores]
    for step in range(length):
        line = fresh_line(used, chance.choice(homes), chance.randrange(30))
        used.memory.access(chance.choice(cores), line, chance.randrange(2), 50 * step)
    for place, (core, nid) in enumerate(itertools.product(cores, homes)):
        now = FAR_APART * (place + 1)
        assert idle(used, core, nid, 100 + place, now) == idle(untouched, core, nid, 100 + place, now)
