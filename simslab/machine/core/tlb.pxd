# Written by tools/declarations.py from tlb.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.machine.memory cimport states
from simslab.machine.memory.cache_array cimport CacheArray
from simslab.machine.memory.coherence cimport CoherentMemory

cdef long long HELD
cdef long long ENTRIES_SHIFT
cdef long long LEVEL_SHIFT
cdef long long TABLE_SHIFT


@cython.final
cdef class Tlb:
    cdef CoherentMemory caches
    cdef readonly long long page_shift
    cdef readonly CacheArray l1
    cdef long long two_levels
    cdef readonly CacheArray l2
    cdef readonly long long l2_hit
    cdef long long walk_start
    cdef readonly long long references
    cdef readonly long long l1_latency
    cdef readonly long long walks
    cdef object first_owner
    cdef long long* first_page
    cdef object table_owner
    cdef long long* table
    cdef object stride_owner
    cdef long long* stride

    @cython.locals(key=cython.longlong, cycles=cython.longlong)
    cpdef long long translate(self, long long core, long long page, long long now) noexcept
    @cython.locals(key=cython.longlong, cycles=cython.longlong)
    cdef long long second_level(self, long long core, long long page, long long now) noexcept
    @cython.locals(
        node=cython.longlong, cycles=cython.longlong, level=cython.longlong, shift=cython.longlong,
        before=cython.longlong, line=cython.longlong, latency=cython.longlong
    )
    cdef long long walk(self, long long core, long long page, long long now) noexcept
