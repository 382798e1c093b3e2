"""When does it arrive: the idle latency of a miss, composed from the path that it takes, and the queueing on it.

    other core, same L3   l3 + c2c_modified (held M), c2c_exclusive (E) or c2c_shared (S, and the L3 does not have it)
    memory                l3 + hop to home + directory + DRAM + hop back, less `ahead` if the memory is near
    other L3              l3 + hop to home + directory + hop to owner + snoop + hop owner to requester
      bits in memory      the home's DRAM and the owner's directory as well, where the home's filter does not reach the
                          owner and only bits kept with the line tell of it
      one filter          l3 + hop to home + hop to owner + c2c_modified + hop owner to requester, where the home's
                          filter reaches both (clusters of a package that share one)
      source snoop        l3 + hop to owner + snoop + hop owner to requester, whatever the home; memory does not
                          wait for snoops, since bits kept with the line show that no other package has it
    invalidation          as far as the farthest sharer's acknowledgement, in parallel with the data
    upgrade, same L3      l3 + c2c_upgrade: the requester has the data, the other cores give up their copies
    queued request        owner to owner alone: c2c_queued, or snoop + hop, once the one before has done (`follow`)

It knows neither tags nor holders: `coherence.py` says who asks whom. `Timing.cache_latency` and `dram_latency` state
the same sums for display; tests/machine/test_machine.py compares them.
"""

from __future__ import annotations

import numpy as np

from simslab.base import buffers
from simslab.machine.memory import states
from simslab.machine.memory.interconnect import Interconnect
from simslab.machine.memory.memory_spec import CacheLatencies, CoherencePolicy, MemoryMap


class Paths:
    """Latencies of one machine, for the transaction that `begin` began; `domains`: number of L3s."""

    def __init__(
        self,
        latencies: CacheLatencies,
        policy: CoherencePolicy,
        places: MemoryMap,
        domains: int,
        interconnect: Interconnect,
    ) -> None:
        self.interconnect = interconnect
        self.l2: int = latencies.l2
        self.l3: int = latencies.l3
        self.c2c_modified: int = latencies.c2c_modified
        self.c2c_exclusive: int = latencies.c2c_exclusive
        self.c2c_shared: int = latencies.c2c_shared
        self.c2c_upgrade: int = latencies.c2c_upgrade
        self.c2c_queued: int = latencies.c2c_queued
        self.directory: int = latencies.directory
        self.snoop: int = latencies.snoop
        self.home: int = policy.home
        self.memory_bits: int = policy.memory_bits
        self.one_filter: int = policy.one_filter
        self.ahead: int = policy.ahead
        self.domains = domains
        self.reach_owner = buffers.int64_of(np.array(places.reach, dtype=np.int64))
        self.reach = buffers.int64_pointer(self.reach_owner)
        self.core_node_owner = buffers.int64_of(np.array(places.core_node, dtype=np.int64))
        self.core_node = buffers.int64_pointer(self.core_node_owner)
        self.section_owner = buffers.int64_of(np.array(places.section_node, dtype=np.int64))
        self.section_node = buffers.int64_pointer(self.section_owner)
        self.domain_node_owner = buffers.int64_zeros(domains)
        self.domain_node = buffers.int64_pointer(self.domain_node_owner)
        for core in reversed(range(len(places.core_domain))):
            self.domain_node[places.core_domain[core]] = places.core_node[core]
        self.requester_node = 0
        self.nodes = self.interconnect.nodes
        self.hop = buffers.int64_pointer(self.interconnect.hop_owner)

    def begin(self, core: int) -> int:
        """Begin a transaction of a core; queueing is counted anew."""
        self.requester_node = self.core_node[core]
        self.interconnect.link_queue = 0
        self.interconnect.dram_queue = 0
        return 0

    def way(self, source: int, target: int) -> int:
        """`Interconnect.way`. Speed: without a call (benchmarks/allocator.py: producer and consumer)."""
        return self.hop[source * self.nodes + target]

    def home_of(self, line: int) -> int:
        """The node whose memory holds `line`."""
        return self.section_node[line >> states.SECTION_SHIFT]

    def request(self, home: int) -> int:
        """L3 miss, way to the home and look-up there."""
        return self.l3 + self.way(self.requester_node, home) + self.directory

    def begun(self, home: int) -> int:
        """How long a near memory has been reading already when L3 and directory have answered."""
        return self.ahead if self.reach[home] == self.reach[self.requester_node] else 0

    def probed(self, home: int, owner: int) -> int:
        """When another domain has been asked and has looked: by the home, or by the requester itself."""
        place = self.domain_node[owner]
        if self.home == states.SOURCE_SNOOP:
            return self.l3 + self.way(self.requester_node, place) + self.snoop
        onward = self.way(home, place)
        if self.reach[home] != self.reach[place]:
            if self.memory_bits:
                onward += self.interconnect.dram[home] - self.begun(home) + self.directory
        elif self.one_filter and self.reach[self.requester_node] == self.reach[home]:
            return self.l3 + self.way(self.requester_node, home) + onward + self.c2c_modified
        return self.request(home) + onward + self.snoop

    def acknowledged(self, home: int, other: int) -> int:
        """Probe of another domain, answer to the requester; no data."""
        return self.probed(home, other) + self.way(self.domain_node[other], self.requester_node)

    def follow(self, owner: int, domain: int, owner_core: int, core: int) -> int:
        """Data of an owner for a request that has waited: from core to core, or probe and way between domains."""
        if owner == domain:
            return self.c2c_queued
        return self.snoop + self.way(self.core_node[owner_core], self.core_node[core])

    def forward(self, home: int, owner: int, domain: int, now: int) -> int:
        """Probe of the owner, data straight to the requester."""
        left = self.interconnect.leave(owner, now)
        data = self.interconnect.data(self.domain_node[owner], self.requester_node, domain, now)
        return self.probed(home, owner) + left + data

    def forward_wins(self, home: int, owner: int) -> int:
        """Whether a clean copy in another domain answers before memory does (both are asked)."""
        memory = self.interconnect.dram[home] - self.begun(home) + self.way(home, self.requester_node)
        return 1 if self.acknowledged(home, owner) < self.request(home) + memory else 0

    def from_dram(self, home: int, domain: int, line: int, now: int) -> int:
        """Memory to the requester."""
        device = self.interconnect.dram_read(home, line, now) - self.begun(home)
        latency = self.request(home) + device + self.interconnect.data(home, self.requester_node, domain, now)
        return max(latency, self.all_snooped(home, domain)) if self.home == states.HOME_SNOOP else latency

    def all_snooped(self, home: int, domain: int) -> int:
        """When the last of all other domains has answered a snoop that found nothing."""
        latest = 0
        for other in range(self.domains):
            if other != domain:
                latest = max(latest, self.acknowledged(home, other))
        return latest

    def write_back(self, domain: int, line: int, now: int) -> int:
        """Send a dirty line home from an L3 domain, in the background."""
        return self.interconnect.write_back(domain, self.domain_node[domain], self.home_of(line), line, now)
