# Written by tools/declarations.py from buddy.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.kernel cimport layout
from simslab.kernel.mm.page cimport MemMap, PageLists
from simslab.machine.core.cpu cimport Cpu

cdef long long TOP_ORDER
cdef long long TOP_PAGES
cdef long long PG_BUDDY
cdef long long RMQUEUE_INSNS
cdef long long EXPAND_INSNS
cdef long long FREE_ONE_PAGE_INSNS
cdef long long MERGE_INSNS
cdef long long TAIL_INSNS


@cython.final
cdef class Buddy:
    cdef public MemMap mem_map
    cdef public long long start
    cdef public long long end
    cdef public long long addr
    cdef public PageLists lists
    cdef long long virgin
    cdef long long virgin_end
    cdef readonly object nr_free_owner
    cdef long long* nr_free
    cdef public long long free_pages

    cpdef long long rmqueue_smallest(self, Cpu cpu, long long order) except? -1
    @cython.locals(current=cython.longlong, pfn=cython.longlong)
    cdef long long rmqueue_next(self, Cpu cpu, long long order, long long batch) except? -1
    @cython.locals(pfn=cython.longlong)
    cdef long long first_of_top(self, Cpu cpu) noexcept
    @cython.locals(pfn=cython.longlong)
    cdef long long take_virgin(self, Cpu cpu) noexcept
    @cython.locals(upper=cython.longlong)
    cdef long long expand(self, Cpu cpu, long long pfn, long long low, long long high, long long batch) noexcept
    cpdef long long free_one_page(self, Cpu cpu, long long pfn, long long order) except -1
    @cython.locals(merges=cython.longlong, buddy=cython.longlong, size=cython.longlong)
    cdef long long free_next(self, Cpu cpu, long long pfn, long long order, long long batch) except? -1
    @cython.locals(buddy=cython.longlong)
    cdef long long prefetch_buddy(self, Cpu cpu, long long pfn) except? -1
    @cython.locals(combined=cython.longlong)
    cdef long long buddy_merge_likely(self, Cpu cpu, long long pfn, long long buddy, long long order) noexcept
    cdef long long page_is_buddy(self, Cpu cpu, long long pfn, long long order) noexcept
    cpdef long long charge(self, Cpu cpu, long long count, long long batch) except? -1
    cdef long long link(self, Cpu cpu, long long pfn, long long order, long long tail) noexcept
    cdef long long unlink(self, Cpu cpu, long long pfn, long long order) noexcept
    cdef long long count(self, Cpu cpu, long long order, long long blocks) noexcept
    @cython.locals(current=cython.longlong)
    cpdef long long watermark_blocks(self, Cpu cpu, long long order) noexcept
