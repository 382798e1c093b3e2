# Written by tools/declarations.py from meeting.py; its docstring tells what is decided here.
cimport cython
from simslab.base.engine cimport Engine
from simslab.machine.core.cpu cimport Cpu


@cython.final
cdef class Meeting:
    cdef readonly Engine engine
    cdef readonly list parties
    cdef readonly list waiting
    cdef readonly list open
    cdef public long long region_start
    cdef public object at_region
    cdef public object at_release

    cpdef long long arrive(self, long long barrier, Cpu cpu) except -1
    cpdef long long release(self, long long barrier, long long time) except -1
    cpdef long long begin_region(self, long long time) except -1
