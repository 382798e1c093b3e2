# Written by tools/declarations.py from turns.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers


@cython.final
cdef class Places:
    cdef object full_owner
    cdef long long* full

    @cython.locals(place="long long*", filled="long long*", i=cython.longlong)
    cpdef long long take(self, object places, object fills, long long count) except -1


@cython.final
cdef class Merger:
    @cython.locals(
        born="long long*", died="long long*", end="long long*", line="long long*", turns=cython.longlong,
        dead=cython.longlong, place=cython.longlong, death=cython.longlong, turn=cython.longlong
    )
    cpdef long long merge(self, object births, object deaths, object ends, long long start, object merged) except -1
