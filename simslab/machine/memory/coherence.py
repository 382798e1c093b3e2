"""Who may hold a line: MESIF or MOESI over private L1/L2, one L3 per domain and a home agent per node.

An L2 miss looks up its own L3 domain's snoop filter first and only then goes to the line's home, whose directory knows
which domains hold the line (`hierarchy.py`).

The latency of a miss is composed from the path that it takes (`interconnect.py`):

    other core, same L3   l3 + c2c_local (held M), c2c_exclusive (E) or c2c_shared (S, and the L3 does not have it)
    memory                l3 + hop to home + directory + DRAM + hop back, less `ahead` if the memory is near
    other L3              l3 + hop to home + directory + hop to owner + snoop + hop owner to requester
      bits in memory      the home's DRAM and the owner's directory as well, where the home's filter does not reach the
                          owner and only bits kept with the line tell of it
      one filter          l3 + hop to home + hop to owner + c2c_local + hop owner to requester, where the home's filter
                          reaches both (clusters of a package that share one)
      source snoop        l3 + hop to owner + snoop + hop owner to requester, whatever the home; memory does not
                          wait for snoops, since bits kept with the line show that no other package has it
    invalidation          as far as the farthest sharer's acknowledgement, in parallel with the data

`transact` returns the full latency of one access; what of it the core exposes is the CPU's business (`cpu.py`).

Not modelled: races between transactions (each completes before the next begins).
"""

from __future__ import annotations

import numpy as np

from simslab.base import bits, buffers
from simslab.machine.accounting import causes
from simslab.machine.memory import states
from simslab.machine.memory.cache_array import CacheArray
from simslab.machine.memory.cache_ports import CachePorts
from simslab.machine.memory.hierarchy import CacheHierarchy
from simslab.machine.memory.interconnect import Interconnect


class CoherentMemory(CacheHierarchy):
    """The machine's memory as a core sees it: every access returns its latency in cycles."""

    def __init__(
        self,
        l1: CacheArray,
        l2: CacheArray,
        l3: CacheArray,
        interconnect: Interconnect,
        core_domain: list[int],
        section_node: list[int],
        inclusion: int,
        protocol: int,
        core_node: list[int],
        l2_latency: int,
        l3_latency: int,
        c2c_local: int,
        directory_latency: int,
        snoop_latency: int,
        home: int,
        c2c_exclusive: int = -1,
        c2c_shared: int = -1,
        memory_bits: int = 0,
        one_filter: int = 0,
        ahead: int = 0,
        reach: list[int] | None = None,
        ports: CachePorts | None = None,
    ) -> None:
        super().__init__(l1, l2, l3, interconnect, core_domain, section_node, inclusion, protocol, core_node)
        self.l2_latency, self.l3_latency = l2_latency, l3_latency
        self.c2c_local = c2c_local
        self.c2c_exclusive = c2c_exclusive if c2c_exclusive >= 0 else c2c_local
        self.c2c_shared = c2c_shared if c2c_shared >= 0 else self.c2c_exclusive
        self.directory_latency, self.snoop_latency = directory_latency, snoop_latency
        self.home = home  # who finds the holders of a line
        self.memory_bits = memory_bits  # holders beyond the filter's reach are known from bits in memory only
        self.one_filter = one_filter  # nodes share snoop filters
        self.ahead = ahead  # a read of near memory starts so long before L3 and directory have answered
        reached = range(interconnect.nodes) if reach is None else reach
        self.reach_owner = buffers.int64_of(np.array(reached, dtype=np.int64))
        self.reach = buffers.int64_pointer(self.reach_owner)  # number of the filter that each node belongs to
        self.core_node_owner = buffers.int64_of(np.array(core_node, dtype=np.int64))
        self.core_node = buffers.int64_pointer(self.core_node_owner)
        self.nodes = interconnect.nodes
        self.lines_owner = buffers.int64_zeros(self.nodes * causes.NR_CAUSES)
        self.lines = buffers.int64_pointer(self.lines_owner)  # lines fetched, by node of the core and cause
        self.cycles_owner = buffers.int64_zeros(self.nodes * causes.NR_CAUSES)
        self.cycles = buffers.int64_pointer(self.cycles_owner)  # their full latencies
        self.requester_node = 0
        self.grant = 0  # state that the read in progress earns inside its domain
        self.cause = 0  # of the last transaction, as are the queueing parts of its latency
        self.link_queue = 0
        self.dram_queue = 0
        self.ports = ports
        self.ported = 0 if ports is None else 1
        self.cache_queue = 0

    def state_in_core(self, core: int, line: int) -> int:
        """State in which a core's L1 or L2 holds the line, 0 if neither does; not an access."""
        return self.private_state(core, line)

    def access(self, core: int, line: int, write: int, now: int) -> int:
        """Like `transact`, for code that has not looked into the L1: a hit there returns 0."""
        state = self.l1.state_of(core, line)
        if state >= states.EXCLUSIVE or (state != 0 and not write):
            base = self.l1.base(core, line)
            way = self.l1.use(base, self.l1.find(base, line))
            if write:
                self.l1.set_state(way, states.MODIFIED)
            return 0
        return self.transact(core, line, write, now)

    # -- transactions -----------------------------------------------------------------------------------------------

    def transact(self, core: int, line: int, write: int, now: int) -> int:
        """Bring `line` into the core's L1 for reading or writing; returns the full latency in cycles.

        Called on an L1 miss, or on a write that finds the line not M or E. Leaves `cause`, `link_queue` and
        `dram_queue` for attribution.
        """
        self.interconnect.begin()
        self.requester_node = self.core_node[core]
        latency = self.private_hit(core, line, write)
        if latency < 0:
            latency = self.beyond_private(core, line, write, now)
        self.link_queue = self.interconnect.link_queue
        self.dram_queue = self.interconnect.dram_queue
        if self.ported:
            self.cache_queue = self.pass_ports(core, now)
            latency += self.cache_queue
        index = self.requester_node * causes.NR_CAUSES + self.cause
        self.lines[index] += 1
        self.cycles[index] += latency
        return latency

    def pass_ports(self, core: int, now: int) -> int:
        """Take the line through the caches on its way; returns the queueing for their bandwidth."""
        assert self.ports is not None  # as `ported` tells
        if self.cause == causes.L2:
            return self.ports.from_l2(core, now)
        return self.ports.from_l3(self.core_domain[core], core, now)

    def prefetch(self, core: int, line: int, now: int) -> int:
        """Bring a line that the core does not hold into its L2 in the background; returns its latency, else 0."""
        if self.private_state(core, line) != 0:
            return 0
        self.fills_l1 = 0
        latency = self.transact(core, line, 0, now)
        self.fills_l1 = 1
        return latency

    def private_hit(self, core: int, line: int, write: int) -> int:
        """Serve from L2 what needs nobody else; -1 otherwise."""
        base = self.l2.base(core, line)
        way = self.l2.find(base, line)
        if way < 0:
            return -1
        state = self.l2.tags[way] & states.STATE_MASK
        if write and state == states.SHARED:
            return -1
        way = self.l2.use(base, way)
        if write:
            state = states.MODIFIED
            self.l2.set_state(way, states.MODIFIED)
        self.fill_l1(core, line, state)
        self.cause = causes.L2
        return self.l2_latency

    def beyond_private(self, core: int, line: int, write: int, now: int) -> int:
        """L3 domain first, then the line's home."""
        domain = self.core_domain[core]
        if write:
            latency = self.read_for_ownership(core, domain, line, now)
            self.fill_private(core, domain, line, states.MODIFIED, now)
            return latency
        latency = self.read_in_domain(core, domain, line, now)
        state = self.grant
        if latency < 0:
            latency = self.read_from_home(domain, line, now)
            state = self.granted_state(domain, line)
        self.fill_private(core, domain, line, state, now)
        return latency

    def granted_state(self, domain: int, line: int) -> int:
        """E when nobody else holds the line after a read, S otherwise."""
        row = self.directory.row(line)
        mask = self.directory.rows[row + states.DOMAINS]
        if mask != bits.bit(domain):
            return states.SHARED
        self.directory.rows[row + states.OWNER] = domain + 1
        return states.EXCLUSIVE

    # -- reads --------------------------------------------------------------------------------------------------------

    def read_in_domain(self, core: int, domain: int, line: int, now: int) -> int:
        """Serve a read below the requester's own L3; -1 when the domain does not hold the line."""
        table = self.filter_of(domain)
        row = table.row(line)
        cores = table.rows[row + states.CORES] & ~self.core_bit[core]
        l3_state = table.rows[row + states.L3_STATE]
        self.grant = states.SHARED
        if cores != 0 and cores & (cores - 1) == 0:
            owner = self.core_of(domain, cores)
            state = self.private_state(owner, line)
            if state >= states.EXCLUSIVE:
                self.set_private_state(owner, line, states.SHARED)
                self.cause = causes.OTHER_CORE
                if state == states.EXCLUSIVE:
                    return self.l3_latency + self.c2c_exclusive
                self.fill_l3(domain, line, states.MODIFIED, now)
                return self.l3_latency + self.c2c_local
        if l3_state != 0:
            self.use_l3(domain, line)
            self.cause = causes.L3
            if cores == 0 and self.sole_owner(domain, line):
                self.grant = states.EXCLUSIVE
            return self.l3_latency
        if cores != 0:
            self.cause = causes.OTHER_CORE
            return self.l3_latency + self.c2c_shared
        return -1

    def sole_owner(self, domain: int, line: int) -> int:
        """Whether the directory knows of no other domain and lets this one hand out E."""
        row = self.directory.row(line)
        if self.directory.rows[row + states.OWNER] != domain + 1:
            return 0
        return 1 if self.directory.rows[row + states.DOMAINS] == bits.bit(domain) else 0

    def use_l3(self, domain: int, line: int) -> int:
        """Count an L3 hit as a use; an exclusive L3 gives the line up unless it is dirty."""
        base = self.l3.base(domain, line)
        way = self.l3.find(base, line)
        if way < 0:
            return 0
        if self.inclusion == states.EXCLUSIVE_L3 and self.l3.tags[way] & states.STATE_MASK == states.SHARED:
            self.l3.remove(base, line)
            table = self.filter_of(domain)
            table.rows[table.row(line) + states.L3_STATE] = 0
            return 0
        self.l3.use(base, way)
        return 0

    def read_from_home(self, domain: int, line: int, now: int) -> int:
        """Serve a read from another domain or from memory; the directory then lists the requester."""
        home = self.home_of(line)
        row = self.directory.row(line)
        owner = self.directory.rows[row + states.OWNER] - 1
        forwarder = self.directory.rows[row + states.FORWARDER] - 1
        if owner >= 0 and owner != domain:
            latency = self.forward(home, owner, domain, now)
            self.downgrade(owner, line, home, now)
        elif forwarder >= 0 and forwarder != domain and self.forward_wins(home, forwarder):
            latency = self.forward(home, forwarder, domain, now)
        else:
            latency = self.from_dram(home, domain, line, now)
        row = self.directory.row(line)
        self.directory.rows[row + states.DOMAINS] |= bits.bit(domain)
        self.directory.rows[row + states.FORWARDER] = domain + 1 if self.protocol == states.MESIF else 0
        return latency

    def request(self, home: int) -> int:
        """L3 miss, way to the home and look-up there."""
        return self.l3_latency + self.interconnect.way(self.requester_node, home) + self.directory_latency

    def begun(self, home: int) -> int:
        """How long a near memory has been reading already when L3 and directory have answered."""
        return self.ahead if self.reach[home] == self.reach[self.requester_node] else 0

    def probed(self, home: int, owner: int) -> int:
        """When another domain has been asked and has looked: by the home, or by the requester itself."""
        place = self.domain_node[owner]
        if self.home == states.SOURCE_SNOOP:
            return self.l3_latency + self.interconnect.way(self.requester_node, place) + self.snoop_latency
        onward = self.interconnect.way(home, place)
        if self.reach[home] != self.reach[place]:
            if self.memory_bits:
                onward += self.interconnect.dram[home] - self.begun(home) + self.directory_latency
        elif self.one_filter and self.reach[self.requester_node] == self.reach[home]:
            return self.l3_latency + self.interconnect.way(self.requester_node, home) + onward + self.c2c_local
        return self.request(home) + onward + self.snoop_latency

    def acknowledged(self, home: int, other: int) -> int:
        """Probe of another domain, answer to the requester; no data."""
        return self.probed(home, other) + self.interconnect.way(self.domain_node[other], self.requester_node)

    def forward(self, home: int, owner: int, domain: int, now: int) -> int:
        """Probe of the owner, data straight to the requester."""
        self.cause = causes.REMOTE_CACHE
        data = self.interconnect.data(self.domain_node[owner], self.requester_node, domain, now)
        return self.probed(home, owner) + data + self.interconnect.leave(owner, now)

    def forward_wins(self, home: int, owner: int) -> int:
        """Whether a clean copy in another domain answers before memory does (both are asked)."""
        memory = self.interconnect.dram[home] - self.begun(home) + self.interconnect.way(home, self.requester_node)
        return 1 if self.acknowledged(home, owner) < self.request(home) + memory else 0

    def from_dram(self, home: int, domain: int, line: int, now: int) -> int:
        """Memory to the requester; local means on the node of the requesting core."""
        self.cause = causes.LOCAL_DRAM if home == self.requester_node else causes.REMOTE_DRAM
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

    def downgrade(self, owner: int, line: int, home: int, now: int) -> int:
        """A read reached the owning domain: copies become shared; MESIF writes dirty data home, MOESI keeps it (O)."""
        dirty = self.share_domain(owner, line, now)
        if dirty and self.protocol == states.MOESI:
            return 0
        self.directory.rows[self.directory.row(line) + states.OWNER] = 0
        if dirty:
            self.interconnect.write_back(owner, self.domain_node[owner], home, line, now)
        return 0

    # -- writes -------------------------------------------------------------------------------------------------------

    def read_for_ownership(self, core: int, domain: int, line: int, now: int) -> int:
        """Get the only copy: data if the core has none, and every other copy invalidated, in parallel."""
        held = self.private_state(core, line)
        latency = self.local_ownership(core, domain, line, held)
        row = self.directory.row(line)
        others = self.directory.rows[row + states.DOMAINS] & ~bits.bit(domain)
        if latency < 0 or others != 0:
            beyond = self.home_ownership(domain, line, others, 1 if latency >= 0 else 0, now)
            latency = max(latency, beyond)
        row = self.directory.row(line)
        self.directory.rows[row + states.DOMAINS] = bits.bit(domain)
        self.directory.rows[row + states.OWNER] = domain + 1
        self.directory.rows[row + states.FORWARDER] = 0
        return latency

    def local_ownership(self, core: int, domain: int, line: int, held: int) -> int:
        """Invalidate the domain's other cores; the latency if the domain has the data, -1 if it does not."""
        table = self.filter_of(domain)
        row = table.row(line)
        cores = table.rows[row + states.CORES] & ~self.core_bit[core]
        l3_state = table.rows[row + states.L3_STATE]
        if held == 0 and l3_state == 0 and cores == 0:
            return -1
        self.cause = causes.L3
        latency = self.l3_latency
        if cores != 0:
            self.cause = causes.OTHER_CORE
            latency += self.c2c_local
            self.invalidate_cores(domain, line, cores)
        if l3_state != 0:
            self.use_l3(domain, line)
        return latency

    def home_ownership(self, domain: int, line: int, others: int, has_data: int, now: int) -> int:
        """Ask the home for ownership; data from the owner, from memory, or none when the requester has it."""
        home = self.home_of(line)
        owner = self.directory.rows[self.directory.row(line) + states.OWNER] - 1
        answer = 0
        if has_data == 0:
            if owner >= 0 and owner != domain:
                answer = self.forward(home, owner, domain, now)
            else:
                answer = self.from_dram(home, domain, line, now)
        else:
            self.cause = causes.REMOTE_CACHE
        while others != 0:
            sharer = bits.lowest(others)
            others &= ~bits.bit(sharer)
            self.invalidate_domain(sharer, line)
            acknowledged = self.acknowledged(home, sharer)
            if acknowledged > answer:
                answer = acknowledged
                self.cause = causes.REMOTE_CACHE
        return answer
