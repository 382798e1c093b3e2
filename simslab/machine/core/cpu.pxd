# Written by tools/declarations.py from cpu.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport bits, clock
from simslab.machine.accounting cimport causes
from simslab.machine.core.interrupt_flag cimport InterruptibleCore
from simslab.machine.memory cimport states


@cython.final
cdef class Cpu(InterruptibleCore):
    cdef readonly long long package
    cdef readonly long long domain
    cdef readonly long long node
    cdef public long long numa_mem
    cdef readonly long long pause
    cdef readonly long long commit
    cdef readonly long long mispredict
    cdef public long long next_work

    @cython.locals(billed=cython.longlong)
    cpdef long long charge(self, long long cause, long long cycles) noexcept
    cpdef long long insn(self, long long count) noexcept
    cpdef long long insn_loop(self, long long count) noexcept
    cpdef long long insn_cold(self, long long count) noexcept
    cpdef long long insn_cold_loop(self, long long count) noexcept
    @cython.locals(total=cython.longlong, cycles=cython.longlong, billed=cython.longlong)
    cdef long long execute(self, long long count, long long cpi_q16) noexcept
    @cython.locals(pause=cython.longlong)
    cpdef long long spin(self, long long cycles, long long cause) noexcept
    @cython.locals(since=cython.longlong)
    cpdef long long irq_save(self, long long site) except -1
    cpdef long long irq_restore(self, long long flags) except -1
    @cython.locals(line=cython.longlong, base=cython.longlong)
    cpdef long long read(self, long long addr) noexcept
    @cython.locals(line=cython.longlong, base=cython.longlong)
    cpdef long long write(self, long long addr) noexcept
    @cython.locals(line=cython.longlong)
    cpdef long long update(self, long long addr) noexcept
    @cython.locals(line=cython.longlong)
    cpdef long long look(self, long long addr) noexcept
    cpdef long long chain(self, long long links) noexcept
    cpdef long long mispredicted(self, long long branches) noexcept
    @cython.locals(line=cython.longlong, base=cython.longlong)
    cpdef long long prefetchw(self, long long addr) noexcept
    cpdef long long atomic(self, long long addr) noexcept
    cpdef long long cmpxchg16b(self, long long addr) noexcept
    @cython.locals(line=cython.longlong, base=cython.longlong, latency=cython.longlong)
    cdef long long locked(self, long long addr, long long cost) noexcept
    @cython.locals(line=cython.longlong)
    cpdef long long atomic_in_turn(self, long long addr) noexcept
    cpdef long long locked_hit(self) noexcept
    @cython.locals(line=cython.longlong)
    cpdef long long write_in_turn(self, long long addr) noexcept
    cpdef long long commit_stores(self) noexcept
    @cython.locals(line=cython.longlong)
    cpdef long long polled_by(self, Cpu poller, long long addr, long long since) noexcept
    @cython.locals(line=cython.longlong)
    cpdef long long not_polled(self, long long addr) noexcept
    cpdef long long drain(self) noexcept
    cpdef long long retired(self) noexcept
    @cython.locals(line=cython.longlong, last=cython.longlong)
    cpdef long long read_span(self, long long addr, long long size) noexcept
    @cython.locals(line=cython.longlong, last=cython.longlong)
    cpdef long long write_span(self, long long addr, long long size) noexcept
    @cython.locals(lines=cython.longlong, done=cython.longlong, i=cython.longlong, cycles=cython.longlong)
    cpdef long long clear(self, long long addr, long long size) noexcept
