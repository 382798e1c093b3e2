# Written by tools/declarations.py from object_table.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.workload.trace cimport trace_events
from simslab.workload.trace.int_table cimport IntTable

cdef long long NO_SLOT


@cython.final
cdef class ObjectTable:
    cdef readonly IntTable objects
    cdef readonly long long nr_slots
    cdef readonly long long failed_allocations
    cdef readonly long long frees_of_null
    cdef readonly long long frees_of_nothing
    cdef readonly long long frees_before
    cdef readonly long long freed_twice
    cdef readonly long long reused
    cdef readonly long long live
    cdef readonly object frees_owner
    cdef unsigned char* frees
    cdef readonly object ptr_owner
    cdef long long* ptr
    cdef readonly object slot_owner
    cdef long long* slot

    @cython.locals(i=cython.longlong)
    cpdef long long pair(self, long long count) except -1
    @cython.locals(slot=cython.longlong, before=cython.longlong)
    cdef long long allocated(self, long long ptr) except -2
    @cython.locals(before=cython.longlong)
    cdef long long freed(self, long long ptr) except -2
