"""Loads, stores and translation: what a hardware thread charges for its accesses to memory.

An access that hits L1 costs nothing beyond its instruction; one outside the pages of the first-level TLB adds the
translation (`tlb.py`). Of any other latency, out-of-order execution hides the first `hidden` cycles of a load. A store
retires in the background (`store_buffer.py`). A locked operation waits until the buffer has drained, then for its line.
Where a machine states no store buffer, a missing store costs 1/`store_divisor` of its latency beyond `hidden` instead.

Not modelled: the order of loads inside the window; loads and stores of a line whose earlier store is still on its way
(it counts as there).
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers
from simslab.base.engine import Engine
from simslab.machine.accounting import causes
from simslab.machine.core.core_spec import CoreCosts, CpuPlace
from simslab.machine.core.page_prefetcher import PagePrefetcher
from simslab.machine.core.store_buffer import StoringCore
from simslab.machine.core.tlb import Tlb
from simslab.machine.memory import recency, states
from simslab.machine.memory.coherence import CoherentMemory

ONE_PAGE: Final = 62  # shift by which all addresses are on page 0
STRIDES: Final = 2  # code of `core.prefetch` (timing/codes.py)
PAGE_LINES: Final = 63  # mask of a line's number in its 4 KiB page, which the next line does not leave


class AccessingCore(StoringCore):
    """A thread that loads and stores through its core's caches and TLB; addresses are physical, in bytes."""

    def __init__(
        self, place: CpuPlace, costs: CoreCosts, memory: CoherentMemory, scheduler: Engine | None, tlb: Tlb | None
    ) -> None:
        super().__init__(place, costs, scheduler)
        self.core: int = place.core
        self.memory = memory
        self.hidden: int = costs.core.hidden
        self.forward: int = costs.core.forward
        self.prefetching: int = costs.core.prefetch
        self.prefetcher = PagePrefetcher(memory, self.core) if self.prefetching == STRIDES else None
        self.store_divisor: int = costs.core.store_divisor
        self.atomic_cost: int = costs.kernel.atomic
        self.cmpxchg16b_cost: int = costs.kernel.cmpxchg16b
        self.cmpxchg_double_cost: int = costs.kernel.cmpxchg_double
        self.clear_q10: int = costs.kernel.clear_q10
        self.l1 = memory.l1
        self.l1_policy = memory.l1.replacement
        self.l1_lru: int = memory.l1.lru
        self.l1_tags = buffers.int64_pointer(memory.l1.owner)
        self.l1_base = self.core * memory.l1.sets * memory.l1.ways
        self.l1_mask = memory.l1.sets - 1
        self.l1_ways = memory.l1.ways
        if memory.l1.sets & (memory.l1.sets - 1):
            raise ValueError("the number of L1 sets must be a power of two")
        self.watched = 0  # whether the memory's witness is told of hits in the L1, too
        self.prefetched = 0  # line last prefetched, and when it arrives
        self.prefetch_ready = 0
        self.tlb = tlb
        self._translate_with(tlb)

    def _translate_with(self, tlb: Tlb | None) -> None:
        """Find this core's first-level entries; without a TLB all addresses are on one page and none is looked at."""
        self.page_shift = ONE_PAGE if tlb is None else tlb.page_shift
        self.last_page = 0 if tlb is None else -1
        entries = self.memory.l1 if tlb is None else tlb.l1
        self.tlb_tags = buffers.int64_pointer(entries.owner)
        self.tlb_base = self.core * entries.sets * entries.ways
        self.tlb_mask = entries.sets - 1 if entries.sets & (entries.sets - 1) == 0 else 0
        self.tlb_ways = entries.ways
        self.tlb_policy = entries.replacement
        self.tlb_lru: int = entries.lru
        self.tlb_swaps = 1 if entries.lru and entries.ways > 1 else 0  # the second of a set comes first by a swap

    def flush_tlb(self, cycles: int) -> int:
        """Drop all translations of the core, its siblings' included, at `cycles` cycles."""
        self.pay(causes.TLB, cycles)
        if self.tlb is not None:
            self.tlb.flush(self.core)
            self.last_page = -1
        return 0

    def read_elsewhere(self, addr: int) -> int:
        """Load from another page than that of the access before."""
        self.translate(addr)
        line = addr >> states.LINE_SHIFT
        base = self.l1_base + (line & self.l1_mask) * self.l1_ways
        if self.l1_tags[base] >> states.STATE_BITS == line:
            return self.tell_hit(line, 0) if self.watched else 0
        return self.read_further(line, base)

    def write_elsewhere(self, addr: int) -> int:
        """Store to another page than that of the access before."""
        self.translate(addr)
        line = addr >> states.LINE_SHIFT
        return self.write_further(line, self.l1_base + (line & self.l1_mask) * self.l1_ways)

    def read_further(self, line: int, base: int) -> int:
        """The load was not answered by the most recent way of its set."""
        # Speed: the search of `CacheArray.find` without a call; benchmarks/accesses.py, "L1 hit, any way"
        tags = self.l1_tags
        last = base + self.l1_ways
        way = base + 1
        while way < last:
            if tags[way] >> states.STATE_BITS == line:
                self.use_way(base, way)
                return self.tell_hit(line, 0) if self.watched else 0
            way += 1
        latency = self.memory.fetch(self.core, line, 0, self.now)
        if self.prefetching == 0:
            return self.expose(latency, self.hidden, 1)
        self.expose(self.on_its_way(line, latency), self.hidden, 1)
        return self.prefetch_after(line)

    def translate(self, addr: int) -> int:
        """Charge the translation of an address that is not on the page of the access before."""
        # Speed: the two pages used last need no call; benchmarks/allocator.py, warm pairs; benchmarks/boot.py
        self.last_page = addr >> self.page_shift
        key = self.last_page + 1
        base = self.tlb_base + (key & self.tlb_mask) * self.tlb_ways
        if self.tlb_tags[base] >> states.STATE_BITS == key:
            return 0
        if self.tlb_swaps and self.tlb_tags[base + 1] >> states.STATE_BITS == key:
            recency.to_front(self.tlb_tags, base, base + 1)
            return 0
        return self.translate_further(key, base)

    def translate_further(self, key: int, base: int) -> int:
        """The translation is not that of the most recent way of its set."""
        tags = self.tlb_tags
        for way in range(base + 1, base + self.tlb_ways):
            if tags[way] >> states.STATE_BITS == key:
                if self.tlb_lru:
                    recency.to_front(tags, base, way)
                else:
                    self.tlb_policy.use(tags, base, way)
                return 0
        assert self.tlb is not None  # else all addresses are on one page
        cycles = self.tlb.translate(self.core, self.last_page, self.now)
        return self.pay(causes.TLB, cycles) if cycles > 0 else 0

    def on_its_way(self, line: int, latency: int) -> int:
        """Latency of a line found in the L2, or what is left of the way if a prefetch has not brought it yet.

        Not modelled: with `next-line`, more than one prefetch under way that can be late.
        """
        if self.prefetcher is not None:
            left = self.prefetcher.left(line, self.now)
        else:
            left = self.prefetch_ready - self.now if line == self.prefetched else 0
        return left if left > latency else latency

    def prefetch_after(self, line: int) -> int:
        """Bring what may come after a line that missed in the L1 into the L2 (next-line: inside its page)."""
        if self.prefetcher is not None:
            return self.prefetcher.missed(line, self.now)
        following = line + 1
        if following & PAGE_LINES == 0:
            return 0
        latency = self.memory.prefetch(self.core, following, self.now)
        if latency > 0:
            self.prefetched = following
            self.prefetch_ready = self.now + latency
        return 0

    def store_missed(self, line: int) -> int:
        """A store to a line that the L1 does not own: its ownership is asked for at once, the core goes on."""
        if (line == self.polled or line == self.outer_polled) and self.entries:
            return self.store_to_polled(line)
        latency = self.memory.fetch(self.core, line, 1, self.now)
        if self.prefetching:
            latency = self.on_its_way(line, latency)
        if self.entries == 0:
            self.expose(latency, self.hidden, self.store_divisor)
        else:
            cause = self.memory.cause
            self.buffer_store(latency, 1 if cause == causes.OTHER_CORE or cause == causes.REMOTE_CACHE else 0)
        return self.prefetch_after(line) if self.prefetching else 0

    def store_to_polled(self, line: int) -> int:
        """A store to a line that another CPU polls: taken back from it, unless it has not gone there yet."""
        if line != self.polled:
            self.swap_polled()
        if self.keeps():
            return self.buffer_store(0, 0)
        latency = self.memory.transact(self.core, line, 1, self.now)
        granted = self.take_back(latency)
        self.memory.transact(self.poller, line, 0, granted)
        return 0

    def use_way(self, base: int, way: int) -> int:
        """Count a use of a way of the L1; returns its new index."""
        if self.l1_lru:
            return recency.to_front(self.l1_tags, base, way)
        return self.l1_policy.use(self.l1_tags, base, way)

    def write_further(self, line: int, base: int) -> int:
        """The store was not answered by the most recent way of its set."""
        if not self.own_in_l1(line, base):
            return self.store_missed(line)
        return self.store_hit(line) if self.under_way > self.now else 0

    def prefetchw_further(self, line: int, base: int) -> int:
        """The prefetch for writing was not answered by the most recent way of its set."""
        if not self.own_in_l1(line, base):
            self.fill_ahead(line, self.memory.transact(self.core, line, 1, self.now))
        return 0

    def own_in_l1(self, line: int, base: int) -> int:
        """Whether the L1 has the line in E or M; E becomes M."""
        # Speed: `CacheArray.find`, `use` and `set_state` without calls; benchmarks/boot.py
        tags = self.l1_tags
        way = base
        last = base + self.l1_ways
        while tags[way] >> states.STATE_BITS != line:
            way += 1
            if way == last:
                return 0
        if tags[way] & states.STATE_MASK < states.EXCLUSIVE:
            return 0
        if way != base:
            way = self.use_way(base, way)
        tags[way] = (line << states.STATE_BITS) | states.MODIFIED
        if self.watched:
            self.tell_hit(line, 1)
        return 1

    def tell_hit(self, line: int, write: int) -> int:
        """Tell the memory's witness of an access that the L1 answered."""
        self.memory.tell_hit(self.core, line, write)
        return 0

    def clear_line(self, addr: int) -> int:
        """Take a line for clearing: wait for a fill buffer, not for the line."""
        if addr >> self.page_shift != self.last_page:
            self.translate(addr)
        line = addr >> states.LINE_SHIFT
        if self.own_in_l1(line, self.l1_base + (line & self.l1_mask) * self.l1_ways):
            return self.arrives(line) if self.under_way > self.now else 0
        latency = self.memory.transact(self.core, line, 1, self.now)
        free = self.fill_buffer_free()
        if free > self.now:
            self.pay(self.memory.cause, free - self.now)
        self.fill_stored(latency)
        return 0

    def expose(self, latency: int, hidden: int, divisor: int) -> int:
        """Charge what the core feels of a transaction's latency, split into its source and the queueing on the way."""
        link = self.memory.link_queue
        dram = self.memory.dram_queue
        cache = self.memory.cache_queue
        source = latency - link - dram - cache - hidden
        if source > 0:
            # Speed: no division by 1, which every load would make; benchmarks/accesses.py, "L2 hit"
            self.pay(self.memory.cause, source if divisor == 1 else source // divisor)
        if link > 0:
            self.pay(causes.LINK_QUEUE, link // divisor)
        if dram > 0:
            self.pay(causes.DRAM_QUEUE, dram // divisor)
        if cache > 0:
            self.pay(causes.CACHE_QUEUE, cache // divisor)
        return 0
