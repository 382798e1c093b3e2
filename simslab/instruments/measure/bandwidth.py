"""Memory bandwidth: by pair of nodes, by number of cores, and of the whole machine by mix of reads and writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simslab.instruments.measure.chase import nearest_memory
from simslab.instruments.measure.prober import Prober
from simslab.instruments.measure.streams import Stream, run_streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simslab.machine.spec import MachineSpec
    from simslab.machine.topology.topology import Topology

WARM_NS: Final = 2000
TIMED_NS: Final = 4000
WHOLE: Final = 16  # nodes up to which every pair is measured


@dataclass(frozen=True, slots=True)
class Mix:
    """Loads and stores in turn. A store reads its line and writes one back, unless it is non-temporal."""

    loads: int
    stores: int
    temporal: bool = True


READS: Final = Mix(1, 0)
MIXES: Final = {  # as Intel MLC makes them
    "ALL Reads": READS,
    "3:1 Reads-Writes": Mix(2, 1),
    "2:1 Reads-Writes": Mix(1, 1),
    "1:1 Reads-Writes": Mix(0, 1),
    "Stream-triad like": Mix(2, 1, temporal=False),
}


def first_threads(topology: Topology, cpus: Sequence[int]) -> list[int]:
    """Return one CPU of each core among `cpus`."""
    seen: dict[int, int] = {}
    for cpu in cpus:
        seen.setdefault(topology.cpus[cpu].core, cpu)
    return list(seen.values())


def spread(topology: Topology, cpus: Sequence[int], count: int) -> list[int]:
    """Return `count` CPUs, one a core and filling one L3 after the other; further ones are second threads."""
    firsts = first_threads(topology, cpus)
    return [*firsts, *(cpu for cpu in cpus if cpu not in firsts)][:count]


def bandwidth(prober: Prober, pairs: Sequence[tuple[int, int]], mix: Mix = READS) -> float:
    """Return the bytes/s that streams of (CPU, node) pairs move together."""
    places = prober.machine.timing.core.outstanding
    streams = [Stream(cpu, node, places, mix.loads, mix.stores, mix.temporal) for cpu, node in pairs]
    return run_streams(prober, streams, prober.cycles(WARM_NS), prober.cycles(TIMED_NS)).bytes_per_second


def node_bandwidth(prober: Prober, source: int, target: int, cores: int | None = None) -> float:
    """Return the bytes/s that the cores of node `source` read from node `target`; `cores`: only so many."""
    topology = prober.topology
    cpus = topology.nodes[source].cpus
    chosen = first_threads(topology, cpus) if cores is None else spread(topology, cpus, cores)
    return bandwidth(prober, [(cpu, target) for cpu in chosen])


def bandwidth_matrix(spec: MachineSpec, whole: bool = False) -> list[list[float | None]]:
    """Return read bandwidth in GB/s by node of the cores and node of the memory.

    A machine of many nodes has its first row measured only, unless `whole` is asked for: the others are None.
    """
    prober = Prober(spec)
    nodes = prober.topology.nodes
    rows = nodes if whole or len(nodes) <= WHOLE else [node for node in nodes if node.cpus][:1]
    return [
        [node_bandwidth(prober, a.id, b.id) / 1e9 if a in rows and a.cpus and b.memory else None for b in nodes]
        for a in nodes
    ]


def core_bandwidth(prober: Prober) -> float:
    """Return the bytes/s that one core reads from its own node."""
    return bandwidth(prober, [(0, nearest_memory(prober, 0))])


def peak_bandwidth(prober: Prober, mix: Mix, nodes: Sequence[int] | None = None) -> float:
    """Return the bytes/s that all cores (or those of `nodes`) move to and from their nearest memory."""
    topology = prober.topology
    cpus = [cpu.id for cpu in topology.cpus if nodes is None or cpu.node in nodes]
    chosen = first_threads(topology, cpus)
    return bandwidth(prober, [(cpu, nearest_memory(prober, cpu)) for cpu in chosen], mix)


def peak_bandwidths(spec: MachineSpec) -> dict[str, float]:
    """Return GB/s by mix."""
    prober = Prober(spec)
    return {name: peak_bandwidth(prober, mix) / 1e9 for name, mix in MIXES.items()}
