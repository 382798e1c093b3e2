# Written by tools/declarations.py from accesses.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.machine.accounting cimport causes
from simslab.machine.core.page_prefetcher cimport PagePrefetcher
from simslab.machine.core.store_buffer cimport StoringCore
from simslab.machine.core.tlb cimport Tlb
from simslab.machine.memory cimport recency, states
from simslab.machine.memory.cache_array cimport CacheArray
from simslab.machine.memory.coherence cimport CoherentMemory
from simslab.machine.memory.replacement cimport Replacement

cdef long long ONE_PAGE
cdef long long STRIDES
cdef long long PAGE_LINES


cdef class AccessingCore(StoringCore):
    cdef readonly long long core
    cdef readonly CoherentMemory memory
    cdef readonly long long hidden
    cdef readonly long long forward
    cdef long long prefetching
    cdef public PagePrefetcher prefetcher
    cdef readonly long long store_divisor
    cdef long long atomic_cost
    cdef readonly long long cmpxchg16b_cost
    cdef readonly long long cmpxchg_double_cost
    cdef readonly long long clear_q10
    cdef CacheArray l1
    cdef Replacement l1_policy
    cdef long long l1_lru
    cdef long long* l1_tags
    cdef long long l1_base
    cdef long long l1_mask
    cdef long long l1_ways
    cdef public long long watched
    cdef long long prefetched
    cdef long long prefetch_ready
    cdef readonly Tlb tlb
    cdef long long page_shift
    cdef long long last_page
    cdef long long* tlb_tags
    cdef long long tlb_base
    cdef long long tlb_mask
    cdef long long tlb_ways
    cdef Replacement tlb_policy
    cdef long long tlb_lru
    cdef long long tlb_swaps

    @cython.locals(line=cython.longlong, base=cython.longlong)
    cdef long long read_elsewhere(self, long long addr) noexcept
    @cython.locals(line=cython.longlong)
    cdef long long write_elsewhere(self, long long addr) noexcept
    @cython.final
    @cython.locals(tags="long long*", last=cython.longlong, way=cython.longlong, latency=cython.longlong)
    cdef inline long long read_further(self, long long line, long long base) noexcept
    @cython.final
    @cython.locals(key=cython.longlong, base=cython.longlong)
    cdef inline long long translate(self, long long addr) noexcept
    @cython.locals(tags="long long*", way=cython.longlong, cycles=cython.longlong)
    cdef long long translate_further(self, long long key, long long base) noexcept
    @cython.final
    @cython.locals(left=cython.longlong)
    cdef inline long long on_its_way(self, long long line, long long latency) noexcept
    @cython.locals(following=cython.longlong, latency=cython.longlong)
    cdef long long prefetch_after(self, long long line) noexcept
    @cython.final
    @cython.locals(latency=cython.longlong, cause=cython.longlong)
    cdef inline long long store_missed(self, long long line) noexcept
    @cython.locals(latency=cython.longlong, granted=cython.longlong)
    cdef long long store_to_polled(self, long long line) noexcept
    @cython.final
    cdef inline long long use_way(self, long long base, long long way) noexcept
    @cython.final
    cdef inline long long write_further(self, long long line, long long base) noexcept
    cdef long long prefetchw_further(self, long long line, long long base) noexcept
    @cython.final
    @cython.locals(tags="long long*", way=cython.longlong, last=cython.longlong)
    cdef inline long long own_in_l1(self, long long line, long long base) noexcept
    cdef long long tell_hit(self, long long line, long long write) noexcept
    @cython.locals(line=cython.longlong, latency=cython.longlong, free=cython.longlong)
    cdef long long clear_line(self, long long addr) noexcept
    @cython.final
    @cython.locals(link=cython.longlong, dram=cython.longlong, cache=cython.longlong, source=cython.longlong)
    cdef inline long long expose(self, long long latency, long long hidden, long long divisor) noexcept
