# Written by tools/declarations.py from hierarchy.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport bits
from simslab.machine.memory cimport states
from simslab.machine.memory.cache_array cimport CacheArray
from simslab.machine.memory.holders cimport Holders
from simslab.machine.memory.paths cimport Paths

cdef long long LEAST_PAGES
cdef long long PAGES_PER_PAIR


@cython.final
cdef class CacheHierarchy:
    cdef readonly CacheArray l1
    cdef readonly CacheArray l2
    cdef readonly CacheArray l3
    cdef readonly Paths paths
    cdef readonly long long inclusion
    cdef readonly long long protocol
    cdef readonly long long fills_l1
    cdef readonly Holders holders

    @cython.locals(upper=cython.longlong)
    cpdef long long private_state(self, long long core, long long line) noexcept
    @cython.locals(upper=cython.longlong, below=cython.longlong)
    cdef inline long long share_private(self, long long core, long long line) noexcept
    cdef long long set_l3_state(self, long long domain, long long row, long long line, long long state) noexcept
    cdef inline long long use_l3(self, long long domain, long long row, long long line) noexcept
    @cython.locals(l3_dirty=cython.bint, dirty=cython.longlong)
    cdef long long share_domain(self, long long domain, long long row, long long line, long long now) noexcept
    @cython.locals(dirty=cython.longlong, word=cython.longlong, cores=cython.longlong, core=cython.longlong)
    cdef long long share_cores(self, long long domain, long long row, long long line) noexcept
    @cython.locals(row=cython.longlong)
    cdef long long invalidate_domain(self, long long domain, long long line) noexcept
    @cython.locals(word=cython.longlong, cores=cython.longlong, core=cython.longlong)
    cdef inline long long invalidate_cores(
        self, long long domain, long long row, long long line, long long spared
    ) noexcept
    @cython.locals(victim=cython.longlong)
    cdef long long fill_private(
        self, long long core, long long domain, long long row, long long line, long long state, long long now
    ) noexcept
    cdef long long upgrade_private(
        self, long long core, long long domain, long long row, long long line, long long state, long long now
    ) noexcept
    cdef inline long long fill_l1(self, long long core, long long line, long long state) noexcept
    @cython.locals(victim=cython.longlong)
    cdef inline long long insert_l1(self, long long core, long long line, long long state) noexcept
    @cython.locals(line=cython.longlong, upper=cython.longlong, dirty=cython.bint, row=cython.longlong)
    cdef long long evict_l2(self, long long core, long long domain, long long victim, long long now) noexcept
    @cython.locals(victim=cython.longlong)
    cdef inline long long fill_l3(
        self, long long domain, long long row, long long line, long long state, long long now
    ) noexcept
    @cython.locals(line=cython.longlong, dirty=cython.bint, row=cython.longlong)
    cdef long long evict_l3(self, long long domain, long long victim, long long now) noexcept
    @cython.locals(word=cython.longlong, cores=cython.longlong, core=cython.longlong)
    cdef long long dirty_above(self, long long domain, long long row, long long line) noexcept
