# Written by tools/declarations.py from turns.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers


@cython.final
cdef class Places:
    cdef object full_owner
    cdef long long* full

    @cython.locals(place="long long*", filled="long long*", i=cython.longlong)
    cpdef long long take(self, object places, object fills, long long count) except -1
