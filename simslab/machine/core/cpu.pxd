# Written by tools/declarations.py from cpu.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport clock
from simslab.machine.core.interrupt_flag cimport InterruptibleCore

cdef long long RUN_SLICE


@cython.final
cdef class Cpu(InterruptibleCore):
    cdef readonly long long package
    cdef readonly long long domain
    cdef readonly long long node
    cdef public long long numa_mem
    cdef readonly long long pause
    cdef public long long next_work

    @cython.locals(step=cython.longlong)
    cpdef long long run(self, long long cycles, long long cause) except -1
    @cython.locals(stop=cython.longlong)
    cpdef long long idle_until(self, long long time, long long cause) except -1
    @cython.locals(pause=cython.longlong)
    cpdef long long spin(self, long long cycles, long long cause) noexcept
