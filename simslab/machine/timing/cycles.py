"""Every latency and bandwidth of the machine as whole cycles.

Units of single parameters are rounded in `integers.py`, those of links and mesh steps when the network is built
(`network.py`), of a measured matrix in `idle_matrix.py`, of derived distances in `distance.py`; every sum is of whole
cycles.

Idle latencies are sums along the path that a miss takes; `Timing`'s methods give them for display and tests, in the
same order in which the coherence model charges them:

    L1, L2, L3 hit                  l1, l2, l3
    held below the same L3          l3 + other_core, other_core_exclusive or other_core_shared by its state
    DRAM                            l3 + hop to home + directory + dram + port + hop back, less `memory_ahead` if near
      where the home snoops         no sooner than the last of all other L3s has answered, as a cache below it would
    cache below another L3          l3 + hop to home + directory + hop to owner + snoop + hop from owner
      beyond the home's filter      the home's dram and another directory as well, if bits in memory tell of it
      all below one filter          l3 + hop to home + hop to owner + other_core + hop from owner
      where the requester snoops    l3 + hop to owner + snoop + hop from owner
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simslab.machine.memory import states
from simslab.machine.timing.caches import Caches, build_caches
from simslab.machine.timing.idle_matrix import matrix_times
from simslab.machine.timing.integers import Integers, integers
from simslab.machine.timing.memory import NodeMemory, build_memory
from simslab.machine.timing.paths import Paths, build_paths
from simslab.machine.timing.tlb import TlbTiming, tlb_timing

if TYPE_CHECKING:
    from simslab.machine.description.whole import MachineDescription
    from simslab.machine.topology.topology import Topology


@dataclass(frozen=True)
class Timing:
    """Times in cycles of `frequency_hz`; names that end in `_q10` are in 1/1024, in `_q16` in 1/65536 cycle.

    `core`, `kernel`, `coherence` and the levels of `caches` have the integers of the parameters that `CoreSpec`,
    `KernelCostsSpec`, `CoherenceSpec`, `CacheSpec` and `L3Spec` declare.
    """

    frequency_hz: int
    core: Integers  # `store_buffer`: entries of one thread
    kernel: Integers
    caches: Caches
    coherence: Integers
    memory: NodeMemory
    paths: Paths
    tlb: TlbTiming | None

    def dram_latency(self, domain: int, node: int, start: int | None = None) -> int:
        """Return the idle latency of a read from `node`'s DRAM, its row not open, by a CPU of `domain`.

        `start` is the CPU's node where an L3 spans several; default: where the domain's misses enter.
        """
        start = self.paths.domain_node[domain] if start is None else start
        memory, hop = self.memory.nodes[node], self.paths.hops.nn
        device = memory.latency + memory.row_miss + memory.port - self._begun(start, node)
        asked = self.caches.l3.latency + hop[start][node] + self.coherence.directory
        latency = asked + device + hop[node][start]
        if self.coherence.home != states.HOME_SNOOP:
            return latency
        others = (owner for owner in range(len(self.paths.domain_node)) if owner != domain)
        return max([latency, *(self._beyond(start, node, owner) for owner in others)])

    def cache_latency(self, domain: int, node: int, owner: int) -> int:
        """Return the idle latency of a line of home `node` that a core of domain `owner` holds modified."""
        if owner == domain:
            return self.caches.l3.latency + self.caches.l3.other_core
        return self._beyond(self.paths.domain_node[domain], node, owner)

    def _beyond(self, start: int, node: int, owner: int) -> int:
        """Return when another domain has answered a core of node `start` that asked for a line of home `node`."""
        l3, coherence, hop = self.caches.l3, self.coherence, self.paths.hops.nn
        place = self.paths.domain_node[owner]
        if coherence.home == states.SOURCE_SNOOP:
            return l3.latency + hop[start][place] + coherence.snoop + hop[place][start]
        way = hop[start][node] + hop[node][place] + hop[place][start]
        reach, owner_reach = self.paths.reach[node], self.paths.reach[place]
        if coherence.one_filter and self.paths.reach[start] == reach == owner_reach:
            return l3.latency + way + l3.other_core
        if coherence.memory_bits and reach != owner_reach:
            memory = self.memory.nodes[node]
            way += memory.latency + memory.port - self._begun(start, node) + coherence.directory
        return l3.latency + way + coherence.directory + coherence.snoop

    def _begun(self, start: int, node: int) -> int:
        """Return how long `node`'s memory has been reading when L3 and directory have answered a core of `start`."""
        near = self.paths.reach[node] == self.paths.reach[start]
        return self.coherence.memory_ahead if near else 0


def build_timing(spec: MachineDescription, topology: Topology) -> Timing:
    """Return the parameters of a validated `spec` in cycles."""
    hz = spec.core.frequency
    timing = Timing(
        frequency_hz=hz,
        core=_core(spec),
        kernel=integers(spec.kernel, hz),
        caches=build_caches(spec),
        coherence=integers(spec.coherence, hz),
        memory=build_memory(spec, topology),
        paths=build_paths(spec, topology),
        tlb=tlb_timing(spec, spec.tlb.direct_map) if spec.tlb is not None else None,
    )
    return timing if spec.idle_latency is None else _measured(spec, topology, timing)


def _core(spec: MachineDescription) -> Integers:
    """Return the core's parameters, its store buffer shared out among the threads."""
    core = integers(spec.core, spec.core.frequency)
    buffer = core.store_buffer
    return core.replaced(store_buffer=max(1, buffer // spec.layout.threads) if buffer else 0)


def _measured(spec: MachineDescription, topology: Topology, timing: Timing) -> Timing:
    """Return `timing` with the latencies of the spec's matrix."""
    assert spec.idle_latency is not None
    fixed = timing.caches.l3.latency + timing.coherence.directory
    times = matrix_times(spec.idle_latency, topology, timing.frequency_hz, fixed)
    return replace(
        timing,
        coherence=timing.coherence.replaced(memory_ahead=0),
        memory=timing.memory.measured(times.latency),
        paths=replace(timing.paths, hops=times.hops),
    )
