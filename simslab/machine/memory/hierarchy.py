"""The caches of the machine and the two tables that track their lines: state, fills and evictions, no timing.

A line's row in its L3 domain's *snoop filter* is [line, mask of the domain's cores that hold it, L3 state, -]; its
row in the *directory* is [line, mask of domains that hold it, owning domain + 1, forwarding domain + 1]. Both are
exact.
`coherence.py` drives the transactions and composes their latency.

Not modelled: an L2 that does not include its L1; directory entries gone stale after silent evictions; back-invalidation
by a full snoop filter.
"""

from __future__ import annotations

from simslab.base import bits, buffers
from simslab.machine.memory import states
from simslab.machine.memory.cache_array import CacheArray
from simslab.machine.memory.interconnect import Interconnect
from simslab.machine.memory.line_table import LineTable


class CacheHierarchy:
    """L1D and L2 of every core, one L3 per domain, snoop filters and directory.

    Cores are numbered machine-wide; `core_domain[c]` is the L3 domain of core c and a core's bit in its domain's mask
    is its position there, so a domain has at most 63 cores and a machine at most 64 domains. `section_node` maps each
    128 MiB of physical memory to its node.
    """

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
    ) -> None:
        self.l1, self.l2, self.l3 = l1, l2, l3
        self.interconnect = interconnect
        self.domains = l3.instances
        self.inclusion, self.protocol = inclusion, protocol
        self.fills_l1 = 1  # 0 while a prefetch fetches into the L2
        self.directory = LineTable()
        self.filters = [LineTable() for _ in range(self.domains)]
        self._place_cores(core_domain, core_node)
        self.section_owner = buffers.int64_zeros(len(section_node))
        self.section_node = buffers.int64_pointer(self.section_owner)
        for section, node in enumerate(section_node):
            self.section_node[section] = node

    def _place_cores(self, core_domain: list[int], core_node: list[int]) -> None:
        """Number the cores inside their domains; a domain's own traffic enters at the node of its first core."""
        count = len(core_domain)
        self.core_domain_owner = buffers.int64_zeros(count)
        self.core_domain = buffers.int64_pointer(self.core_domain_owner)
        self.core_bit_owner = buffers.int64_zeros(count)
        self.core_bit = buffers.int64_pointer(self.core_bit_owner)
        self.domain_node_owner = buffers.int64_zeros(self.domains)
        self.domain_node = buffers.int64_pointer(self.domain_node_owner)
        self.domain_core_owner = buffers.int64_zeros(self.domains * 64)
        self.domain_core = buffers.int64_pointer(self.domain_core_owner)
        filled = [0] * self.domains
        for core, domain in enumerate(core_domain):
            self.core_domain[core] = domain
            if filled[domain] == 0:
                self.domain_node[domain] = core_node[core]
            self.core_bit[core] = bits.bit(filled[domain])
            self.domain_core[domain * 64 + filled[domain]] = core
            filled[domain] += 1
        if max(filled) > 63 or self.domains > 64:
            raise ValueError("at most 63 cores in an L3 domain and 64 L3 domains")

    def filter_of(self, domain: int) -> LineTable:
        """The snoop filter of an L3 domain."""
        table: LineTable = self.filters[domain]
        return table

    def home_of(self, line: int) -> int:
        """The node whose memory holds `line`."""
        return self.section_node[line >> states.SECTION_SHIFT]

    # -- states -------------------------------------------------------------------------------------------------------

    def private_state(self, core: int, line: int) -> int:
        """State of the line in a core: the L1's, which may be M where the L2 still says E, or the L2's."""
        upper = self.l1.state_of(core, line)
        return upper if upper != 0 else self.l2.state_of(core, line)

    def set_private_state(self, core: int, line: int, state: int) -> int:
        """Set the state wherever the core holds the line."""
        way = self.l1.find(self.l1.base(core, line), line)
        if way >= 0:
            self.l1.set_state(way, state)
        way = self.l2.find(self.l2.base(core, line), line)
        if way >= 0:
            self.l2.set_state(way, state)
        return 0

    def set_l3_state(self, domain: int, line: int, state: int) -> int:
        """Set the state of a line that the L3 holds."""
        table = self.filter_of(domain)
        table.rows[table.row(line) + states.L3_STATE] = state
        way = self.l3.find(self.l3.base(domain, line), line)
        if way >= 0:
            self.l3.set_state(way, state)
        return 0

    def core_of(self, domain: int, cores: int) -> int:
        """The first core in a mask of a domain's cores."""
        return self.domain_core[domain * 64 + bits.lowest(cores)]

    def share_domain(self, domain: int, line: int, now: int) -> int:
        """Make every core's copy in a domain S; returns 1 if a copy (a core's or the L3's) was dirty.

        A dirty copy of a core moves to the L3 under MOESI, whose domain stays responsible for it; under MESIF the
        caller sends it home and the L3's copy, if there is one, becomes clean.
        """
        table = self.filter_of(domain)
        row = table.row(line)
        dirty = 1 if table.rows[row + states.L3_STATE] == states.MODIFIED else 0
        cores = table.rows[row + states.CORES]
        while cores != 0:
            core = self.core_of(domain, cores)
            cores &= cores - 1
            if self.private_state(core, line) == states.MODIFIED:
                dirty = 1
            self.set_private_state(core, line, states.SHARED)
        if dirty and self.protocol == states.MOESI:
            self.fill_l3(domain, line, states.MODIFIED, now)
        elif dirty and table.rows[row + states.L3_STATE] != 0:
            self.set_l3_state(domain, line, states.SHARED)
        return dirty

    def invalidate_domain(self, domain: int, line: int) -> int:
        """Remove every copy below one L3."""
        table = self.filter_of(domain)
        row = table.row(line)
        self.invalidate_cores(domain, line, table.rows[row + states.CORES])
        if table.rows[row + states.L3_STATE] != 0:
            self.l3.remove(self.l3.base(domain, line), line)
            table.rows[row + states.L3_STATE] = 0
        return 0

    def invalidate_cores(self, domain: int, line: int, cores: int) -> int:
        """Remove the copies of some cores of a domain."""
        table = self.filter_of(domain)
        row = table.row(line)
        table.rows[row + states.CORES] &= ~cores
        while cores != 0:
            core = self.core_of(domain, cores)
            cores &= cores - 1
            self.l1.remove(self.l1.base(core, line), line)
            self.l2.remove(self.l2.base(core, line), line)
        return 0

    # -- fills and evictions -----------------------------------------------------------------------------------------

    def fill_private(self, core: int, domain: int, line: int, state: int, now: int) -> int:
        """Put the line into L2 and L1 of the core (and the L3 if it is inclusive), evicting what must go."""
        table = self.filter_of(domain)
        row = table.row(line)
        table.rows[row + states.CORES] |= self.core_bit[core]
        if self.inclusion == states.INCLUSIVE and table.rows[row + states.L3_STATE] == 0:
            self.fill_l3(domain, line, states.SHARED, now)
        base = self.l2.base(core, line)
        way = self.l2.find(base, line)
        if way >= 0:
            self.l2.set_state(self.l2.use(base, way), state)
        else:
            victim = self.l2.insert(base, line, state)
            if victim != 0:
                self.evict_l2(core, domain, victim, now)
        return self.fill_l1(core, line, state) if self.fills_l1 else 0

    def fill_l1(self, core: int, line: int, state: int) -> int:
        """Put a line that the L2 holds into the L1; a dirty victim's state goes down to the L2."""
        base = self.l1.base(core, line)
        way = self.l1.find(base, line)
        if way >= 0:
            self.l1.set_state(self.l1.use(base, way), state)
            return 0
        victim = self.l1.insert(base, line, state)
        if victim & states.STATE_MASK == states.MODIFIED:
            below = self.l2.find(self.l2.base(core, victim >> states.STATE_BITS), victim >> states.STATE_BITS)
            if below >= 0:
                self.l2.set_state(below, states.MODIFIED)
        return 0

    def evict_l2(self, core: int, domain: int, victim: int, now: int) -> int:
        """A line leaves the core: its L1 copy goes too; the L3 takes it unless it has it."""
        line = victim >> states.STATE_BITS
        upper = self.l1.remove(self.l1.base(core, line), line)
        dirty = 1 if upper == states.MODIFIED or victim & states.STATE_MASK == states.MODIFIED else 0
        table = self.filter_of(domain)
        row = table.row(line)
        table.rows[row + states.CORES] &= ~self.core_bit[core]
        if dirty or (table.rows[row + states.L3_STATE] == 0 and table.rows[row + states.CORES] == 0):
            self.fill_l3(domain, line, states.MODIFIED if dirty else states.SHARED, now)
        return 0

    def fill_l3(self, domain: int, line: int, state: int, now: int) -> int:
        """Put a line into the L3 (or make its copy dirty), evicting what must go."""
        table = self.filter_of(domain)
        row = table.row(line)
        base = self.l3.base(domain, line)
        way = self.l3.find(base, line)
        if way >= 0:
            if state == states.MODIFIED:
                self.l3.set_state(way, states.MODIFIED)
                table.rows[row + states.L3_STATE] = states.MODIFIED
            return 0
        table.rows[row + states.L3_STATE] = state
        victim = self.l3.insert(base, line, state)
        if victim != 0:
            self.evict_l3(domain, victim, now)
        return 0

    def evict_l3(self, domain: int, victim: int, now: int) -> int:
        """A line leaves the L3: an inclusive L3 takes it from the cores too; dirty data goes home."""
        line = victim >> states.STATE_BITS
        dirty = 1 if victim & states.STATE_MASK == states.MODIFIED else 0
        table = self.filter_of(domain)
        row = table.row(line)
        table.rows[row + states.L3_STATE] = 0
        if self.inclusion == states.INCLUSIVE:
            dirty |= self.dirty_above(domain, line, table.rows[row + states.CORES])
            self.invalidate_cores(domain, line, table.rows[row + states.CORES])
        if dirty:
            self.interconnect.write_back(domain, self.domain_node[domain], self.home_of(line), line, now)
        if table.rows[table.row(line) + states.CORES] == 0:
            self.leave_directory(domain, line)
        return 0

    def dirty_above(self, domain: int, line: int, cores: int) -> int:
        """Whether one of the cores holds the line modified."""
        while cores != 0:
            core = self.core_of(domain, cores)
            cores &= cores - 1
            if self.private_state(core, line) == states.MODIFIED:
                return 1
        return 0

    def leave_directory(self, domain: int, line: int) -> int:
        """The domain holds the line no longer."""
        row = self.directory.row(line)
        self.directory.rows[row + states.DOMAINS] &= ~bits.bit(domain)
        if self.directory.rows[row + states.OWNER] == domain + 1:
            self.directory.rows[row + states.OWNER] = 0
        if self.directory.rows[row + states.FORWARDER] == domain + 1:
            self.directory.rows[row + states.FORWARDER] = 0
        return 0
