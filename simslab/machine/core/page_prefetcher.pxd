# Written by tools/declarations.py from page_prefetcher.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.machine.memory.coherence cimport CoherentMemory

cdef long long PAGES
cdef long long PAGE_SHIFT
cdef long long LAST_OF_PAGE
cdef long long LARGE_SHIFT
cdef long long FARTHEST
cdef long long ARRIVALS
cdef long long PAGE
cdef long long LAST
cdef long long STEP
cdef long long AHEAD
cdef long long FIELDS


@cython.final
cdef class PagePrefetcher:
    cdef readonly CoherentMemory memory
    cdef public long long core
    cdef public object page_owner
    cdef long long* pages
    cdef public object arrival_owner
    cdef long long* arrivals

    @cython.locals(slot=cython.longlong)
    cpdef long long left(self, long long line, long long now) noexcept
    @cython.locals(page=cython.longlong, followed=cython.longlong, pages="long long*", step=cython.longlong)
    cpdef long long missed(self, long long line, long long now) except -1
    @cython.locals(following=cython.longlong)
    cdef long long run_ahead(self, long long followed, long long line, long long step, long long now) except? -1
    @cython.locals(page=cython.longlong, entered=cython.longlong, pages="long long*", inside=cython.longlong)
    cpdef long long enter(self, long long line, long long step) except? -1
    @cython.locals(latency=cython.longlong, slot=cython.longlong)
    cdef long long fetch(self, long long line, long long now) except? -1
