# Written by tools/declarations.py from interrupt_flag.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport bits, clock
from simslab.machine.accounting cimport callsites, causes
from simslab.machine.accounting.irq_stats cimport IrqStats
from simslab.machine.core.accesses cimport AccessingCore
from simslab.machine.core.interrupt_handler cimport InterruptHandler

cdef long long RUN_SLICE
cdef long long SITE_HANDLER
cdef long long SITE_ON


cdef class InterruptibleCore(AccessingCore):
    cdef readonly IrqStats irq_stats
    cdef public InterruptHandler handler
    cdef long long save_cost
    cdef long long restore_cost
    cdef long long cli_cost
    cdef long long sti_cost
    cdef long long entry_cost
    cdef long long exit_cost
    cdef public long long path
    cdef readonly long long irqs_off
    cdef long long off_since
    cdef long long waits_since
    cdef long long off_site
    cdef public long long in_interrupt
    cdef readonly long long next_irq
    cdef readonly list pending
    cdef long long posted

    @cython.locals(since=cython.longlong)
    cpdef long long irq_disable(self, long long site) except -1
    cpdef long long irq_enable(self) except -1
    @cython.final
    cdef inline long long mask(self, long long site, long long since) noexcept
    @cython.final
    cdef inline long long unmask(self) except -1
    cpdef post_irq(self, long long time, long long vector)
    cpdef forget_irq(self, long long vector)
    cpdef long long deliver_interrupts(self) except -1
    @cython.locals(
        handler_since=cython.longlong, arrival=cython.longlong, _=cython.longlong, vector=cython.longlong,
        delayed_by=cython.longlong
    )
    cdef long long deliver(self, long long site, long long since) except -1
    @cython.locals(
        start=cython.longlong, row=list, path=cython.longlong, bill=cython.longlong, outer=cython.longlong,
        charged=cython.longlong, cause=cython.longlong
    )
    cdef long long handle_interrupt(self, long long vector, long long delay, long long delayed_by) except -1
    @cython.locals(step=cython.longlong)
    cpdef long long run(self, long long cycles, long long cause) except -1
    @cython.locals(stop=cython.longlong)
    cpdef long long idle_until(self, long long time, long long cause) except -1
