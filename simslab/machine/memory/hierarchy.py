"""The caches of the machine and the tables that track their lines: states, fills and evictions, no latency.

`coherence.py` drives the transactions; `paths.py` gives them their latency and takes what is written back. `row` is
always the line's row in its domain's snoop filter (`holders.py`), looked up once a transaction.

Not modelled: an L2 that does not include its L1.
"""

from __future__ import annotations

from typing import Final

from simslab.base import bits
from simslab.machine.memory import states
from simslab.machine.memory.cache_array import CacheArray
from simslab.machine.memory.holders import Holders
from simslab.machine.memory.memory_spec import CoherencePolicy, MemoryMap
from simslab.machine.memory.paths import Paths

LEAST_PAGES: Final = 64
PAGES_PER_PAIR: Final = 32


def pages_at_boot(nodes: int) -> int:
    """Room for what is known of the 4 KiB pages that a kernel's boot touches, most of which hold alien arrays.

    They are 9 a pair of nodes, and of each both the directory and a domain's snoop filter have a block.

    Speed: generic-64's tables do not grow ten times and copy what they have (benchmarks/boot.py).
    """
    return max(LEAST_PAGES, 1 << (PAGES_PER_PAIR * nodes * nodes - 1).bit_length())


class CacheHierarchy:
    """L1D and L2 of every core, one L3 per domain, snoop filters and directory; cores are numbered machine-wide."""

    def __init__(
        self, l1: CacheArray, l2: CacheArray, l3: CacheArray, places: MemoryMap, policy: CoherencePolicy, paths: Paths
    ) -> None:
        self.l1, self.l2, self.l3 = l1, l2, l3
        self.paths = paths
        self.inclusion: int = policy.inclusion
        self.protocol: int = policy.protocol
        self.fills_l1 = 1  # 0 while a prefetch fetches into the L2
        self.holders = Holders(places.core_domain, l3.instances, pages_at_boot(len(places.reach)))

    # -- states -------------------------------------------------------------------------------------------------------

    def private_state(self, core: int, line: int) -> int:
        """State of the line in a core: the L1's, which may be M where the L2 still says E, or the L2's."""
        upper = self.l1.state_of(core, line)
        return upper if upper != 0 else self.l2.state_of(core, line)

    def share_private(self, core: int, line: int) -> int:
        """Make the line S wherever the core holds it; its state in the core before."""
        upper = self.l1.share(core, line)
        below = self.l2.share(core, line)
        return upper if upper != 0 else below

    def set_l3_state(self, domain: int, row: int, line: int, state: int) -> int:
        """Set the state of a line that the L3 holds."""
        self.holders.set_l3_state(row, state)
        self.l3.mark(domain, line, state)
        return 0

    def use_l3(self, domain: int, row: int, line: int) -> int:
        """Count an L3 hit as a use; an exclusive L3 gives the line up unless it is dirty."""
        if self.inclusion == states.EXCLUSIVE_L3 and self.l3.state_of(domain, line) == states.SHARED:
            self.l3.remove(domain, line)
            self.holders.set_l3_state(row, 0)
            return 0
        self.l3.touch(domain, line)
        return 0

    def share_domain(self, domain: int, row: int, line: int, now: int) -> int:
        """Make every core's copy in a domain S; returns 1 if a copy (a core's or the L3's) was dirty.

        A dirty copy of a core moves to the L3 under MOESI, whose domain stays responsible for it; under MESIF the
        caller sends it home and the L3's copy, if there is one, becomes clean.
        """
        l3_dirty = (self.holders.rows[row] & states.L3_STATE) == states.MODIFIED
        dirty = self.share_cores(domain, row, line)
        if l3_dirty:
            dirty = 1
        if dirty and self.protocol == states.MOESI:
            self.fill_l3(domain, row, line, states.MODIFIED, now)
        elif dirty and self.holders.rows[row] & states.L3_STATE != 0:
            self.set_l3_state(domain, row, line, states.SHARED)
        return dirty

    def share_cores(self, domain: int, row: int, line: int) -> int:
        """Make every core's copy in a domain S; returns 1 if one was dirty."""
        dirty = 0
        for word in range(self.holders.core_words):
            cores = self.holders.cores_in(row, word)
            while cores != 0:
                core = self.holders.core_at(domain, word, cores)
                cores &= ~bits.bit(bits.lowest(cores))
                if self.share_private(core, line) == states.MODIFIED:
                    dirty = 1
        return dirty

    def invalidate_domain(self, domain: int, line: int) -> int:
        """Remove every copy below one L3."""
        row = self.holders.row_of(domain + 1, line)
        self.invalidate_cores(domain, row, line, states.NOBODY)
        if self.holders.rows[row] & states.L3_STATE:
            self.l3.remove(domain, line)
            self.holders.set_l3_state(row, 0)
        return 0

    def flush(self, line: int) -> None:
        """Let no cache hold a line (clflush), without time; for instruments, which have no use for its data."""
        entry = self.holders.entry(line)
        for domain in range(self.l3.instances):
            if self.holders.holds(entry, domain):
                self.invalidate_domain(domain, line)
                self.holders.leave(entry, domain)

    def invalidate_cores(self, domain: int, row: int, line: int, spared: int) -> int:
        """Remove the copies of a domain's cores, but that of core `spared` (NOBODY: all)."""
        for word in range(self.holders.core_words):
            cores = self.holders.others_in(row, word, spared)
            self.holders.drop_cores(row, word, cores)
            while cores != 0:
                core = self.holders.core_at(domain, word, cores)
                cores &= ~bits.bit(bits.lowest(cores))
                self.l1.remove(core, line)
                self.l2.remove(core, line)
        return 0

    # -- fills and evictions -----------------------------------------------------------------------------------------

    def fill_private(self, core: int, domain: int, row: int, line: int, state: int, now: int) -> int:
        """Put a line that the core does not hold into its L2 and L1, and into the L3 if that is inclusive."""
        self.holders.add_core(row, core)
        if self.inclusion == states.INCLUSIVE and (self.holders.rows[row] & states.L3_STATE) == 0:
            self.fill_l3(domain, row, line, states.SHARED, now)
        victim = self.l2.insert(core, line, state)
        if victim != 0:
            self.evict_l2(core, domain, victim, now)
        return self.insert_l1(core, line, state) if self.fills_l1 else 0

    def upgrade_private(self, core: int, domain: int, row: int, line: int, state: int, now: int) -> int:
        """Change the state of a line that the core's L2 holds; the L1 and an inclusive L3 get it if they lack it."""
        if self.inclusion == states.INCLUSIVE and (self.holders.rows[row] & states.L3_STATE) == 0:
            self.fill_l3(domain, row, line, states.SHARED, now)
        self.l2.use_as(core, line, state)
        return self.fill_l1(core, line, state)

    def fill_l1(self, core: int, line: int, state: int) -> int:
        """Put a line that the L2 holds into the L1, or change its state there."""
        return 0 if self.l1.use_as(core, line, state) else self.insert_l1(core, line, state)

    def insert_l1(self, core: int, line: int, state: int) -> int:
        """Put a line that the L2 holds and the L1 does not into the L1; a dirty victim's state goes down to the L2."""
        victim = self.l1.insert(core, line, state)
        if victim & states.STATE_MASK == states.MODIFIED:
            self.l2.mark(core, victim >> states.STATE_BITS, states.MODIFIED)
        return 0

    def evict_l2(self, core: int, domain: int, victim: int, now: int) -> int:
        """A line leaves the core: its L1 copy goes too; the L3 takes it unless it has it."""
        line = victim >> states.STATE_BITS
        upper = self.l1.remove(core, line)
        dirty = upper == states.MODIFIED or victim & states.STATE_MASK == states.MODIFIED
        row = self.holders.row_of(domain + 1, line)
        self.holders.drop_core(row, core)
        if dirty or ((self.holders.rows[row] & states.L3_STATE) == 0 and not self.holders.held(row)):
            self.fill_l3(domain, row, line, states.MODIFIED if dirty else states.SHARED, now)
        return 0

    def fill_l3(self, domain: int, row: int, line: int, state: int, now: int) -> int:
        """Put a line into the L3 (or make its copy dirty), evicting what must go."""
        if self.holders.rows[row] & states.L3_STATE:
            if state == states.MODIFIED:
                self.set_l3_state(domain, row, line, states.MODIFIED)
            return 0
        self.holders.set_l3_state(row, state)
        victim = self.l3.insert(domain, line, state)
        if victim != 0:
            self.evict_l3(domain, victim, now)
        return 0

    def evict_l3(self, domain: int, victim: int, now: int) -> int:
        """A line leaves the L3: an inclusive L3 takes it from the cores too; dirty data goes home."""
        line = victim >> states.STATE_BITS
        dirty = victim & states.STATE_MASK == states.MODIFIED
        row = self.holders.row_of(domain + 1, line)
        self.holders.set_l3_state(row, 0)
        if self.inclusion == states.INCLUSIVE:
            if not dirty:
                dirty = self.dirty_above(domain, row, line) != 0
            self.invalidate_cores(domain, row, line, states.NOBODY)
        if dirty:
            self.paths.write_back(domain, line, now)
        if not self.holders.held(row):
            self.holders.leave(self.holders.row_of(states.DIRECTORY, line), domain)
        return 0

    def dirty_above(self, domain: int, row: int, line: int) -> int:
        """Whether one of a domain's cores holds the line modified."""
        for word in range(self.holders.core_words):
            cores = self.holders.cores_in(row, word)
            while cores != 0:
                core = self.holders.core_at(domain, word, cores)
                cores &= ~bits.bit(bits.lowest(cores))
                if self.private_state(core, line) == states.MODIFIED:
                    return 1
        return 0
