"""What a machine can be and silicon hardly is: an L2 slower than the L3, memory afar that answers before the own.

What-ifs may ask for such machines, so they are told, not refused; more often a unit or a digit has slipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise, permutations
from typing import TYPE_CHECKING

from simslab.machine.timing.cycles import build_timing
from simslab.machine.topology.topology import build_topology

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec
    from simslab.machine.timing.cycles import Timing
    from simslab.machine.topology.topology import Topology

Idle = Mapping[int, Mapping[int, int]]  # cycles by the reader's node and the memory's


def oddities(spec: MachineSpec) -> list[str]:
    """Return a sentence for each kind of oddity of a validated machine: the first of its kind."""
    topology = build_topology(spec)
    timing = build_timing(spec, topology)
    idle = _idle(topology, timing)
    kinds = (
        _levels(timing),
        _sizes(spec, topology),
        _before_l3(topology, timing, idle),
        _afar(topology, idle),
        _order(topology, idle),
        _two_ways(topology),
    )
    return [_first(told) for kind in kinds if (told := list(kind))]


def _first(told: list[str]) -> str:
    more = len(told) - 1
    return told[0] + (f"; {more} more such {'place' if more == 1 else 'places'}" if more else "")


def _idle(topology: Topology, timing: Timing) -> Idle:
    homes = [node.id for node in topology.nodes if node.memory]
    readers = {node.id: topology.cpus[node.cpus[0]].domain for node in topology.nodes if node.cpus}
    return {
        reader: {home: timing.dram_latency(domain, home, reader) for home in homes}
        for reader, domain in readers.items()
    }


def _levels(timing: Timing) -> Iterator[str]:
    """Yield which level of cache answers no sooner than the next."""
    caches = timing.caches
    levels = (("L1", caches.l1.latency), ("L2", caches.l2.latency), ("L3", caches.l3.latency))
    for (name, latency), (below, longer) in pairwise(levels):
        if latency >= longer:
            yield f"the {name} answers in {latency} cycles, no sooner than the {below} ({longer})"


def _sizes(spec: MachineSpec, topology: Topology) -> Iterator[str]:
    """Yield which cache cannot hold what is in those above that it includes."""
    if spec.l2.size < spec.l1d.size:
        yield f"the L2 has {spec.l2.size} bytes, less than the L1 that it includes ({spec.l1d.size})"
    cores = max(sum(core.domain == domain.id for core in topology.cores) for domain in topology.domains)
    if spec.l3.inclusion == "inclusive" and spec.l3.size < cores * spec.l2.size:
        yield f"the L3 has {spec.l3.size} bytes, less than the {cores} L2s that it includes ({spec.l2.size} each)"


def _before_l3(topology: Topology, timing: Timing, idle: Idle) -> Iterator[str]:
    """Yield whose own memory answers no later than an L3."""
    l3 = timing.caches.l3.latency
    for reader, cycles in idle.items():
        if cycles.get(reader, l3 + 1) <= l3:
            number = topology.nodes[reader].number
            yield f"node {number}'s memory answers in {cycles[reader]} cycles, no later than the L3 ({l3})"


def _afar(topology: Topology, idle: Idle) -> Iterator[str]:
    """Yield whose own memory answers later than another node's."""
    number = [node.number for node in topology.nodes]
    for reader, cycles in idle.items():
        own = cycles.get(reader, 0)
        for home, other in cycles.items():
            if other < own:
                yield (
                    f"node {number[home]}'s memory answers CPUs of node {number[reader]} in {other} cycles, "
                    f"sooner than their own ({own})"
                )


def _order(topology: Topology, idle: Idle) -> Iterator[str]:
    """Yield which of two nodes is nearer by distance, by which the kernel chooses, though its memory answers later."""
    number = [node.number for node in topology.nodes]
    for reader, cycles in idle.items():
        away = topology.distance[reader]
        for near, far in permutations([home for home in cycles if home != reader], 2):
            if away[near] < away[far] and cycles[near] > cycles[far]:
                yield (
                    f"node {number[near]} is nearer to node {number[reader]} by distance than node {number[far]} "
                    f"({away[near]}, {away[far]}), but its memory answers later ({cycles[near]} cycles, {cycles[far]})"
                )


def _two_ways(topology: Topology) -> Iterator[str]:
    """Yield whose distances differ by direction; firmware gives nodes without CPUs 255 for their ways out."""
    for a, b in combinations([node for node in topology.nodes if node.cpus], 2):
        there, back = topology.node_distance(a.id, b.id), topology.node_distance(b.id, a.id)
        if there != back:
            yield f"the distance from node {a.number} to node {b.number} is {there}, back {back}"
