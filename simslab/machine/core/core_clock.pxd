# Written by tools/declarations.py from core_clock.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport bits, buffers
from simslab.base.engine cimport Clocked, Engine
from simslab.machine.accounting cimport causes

cdef long long Q10


cdef class CoreClock(Clocked):
    cdef readonly long long id
    cdef public Engine engine
    cdef readonly object costs
    cdef readonly object cause_owner
    cdef long long* cause
    cdef public long long charged
    cdef public long long bill
    cdef long long cpi_q16
    cdef long long cpi_cold_q16
    cdef long long alone_q16
    cdef long long alone_cold_q16
    cdef readonly long long smt_q10
    cdef long long instruction_fraction
    cdef public long long instructions
    cdef public CoreClock sibling
    cdef public long long busy
    cdef long long busy_threads
    cdef long long idle_from
    cdef long long idle_to
    cdef long long fill_buffers
    cdef readonly long long fill_share

    @cython.final
    @cython.locals(billed=cython.longlong)
    cdef inline long long pay(self, long long cause, long long cycles) noexcept
    cpdef long long settle(self) except -1
    @cython.locals(busy=cython.longlong, other=CoreClock, idle=cython.bint)
    cdef long long share_core(self) noexcept
    cdef long long shared(self, long long cpi_q16) noexcept
