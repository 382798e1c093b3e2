# Written by tools/declarations.py from histogram.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers

cdef long long FLAT


@cython.final
cdef class Histogram:
    cdef public object owner
    cdef long long* flat
    cdef public dict above
    cdef readonly long long total
    cdef readonly long long count
    cdef readonly long long max

    cpdef long long add(self, long long value) except -1
    cdef long long add_above(self, long long value) except -1
