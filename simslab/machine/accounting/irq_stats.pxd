# Written by tools/declarations.py from irq_stats.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.base.histogram cimport Histogram
from simslab.machine.accounting cimport callsites, vectors

cdef long long DELIVERED
cdef long long DELAYED
cdef long long DELAY_TOTAL
cdef long long DELAY_MAX
cdef long long HANDLER_TOTAL
cdef long long ROW


@cython.final
cdef class IrqStats:
    cdef public object witness
    cdef readonly long long since
    cdef public list off
    cdef public dict delays
    cdef object vector_owner
    cdef long long* vectors

    @cython.locals(histogram=Histogram)
    cpdef long long masked(self, long long site, long long cycles, long long now, long long cpu) except -1
    @cython.locals(row=cython.longlong, key=cython.longlong, histogram=Histogram)
    cpdef long long delivered(
        self, long long vector, long long delay, long long handler, long long now, long long site
    ) except -1
