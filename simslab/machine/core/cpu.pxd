# Written by tools/declarations.py from cpu.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers, clock
from simslab.base.engine cimport Clocked, Engine
from simslab.machine.accounting cimport callsites, causes
from simslab.machine.accounting.irq_stats cimport IrqStats
from simslab.machine.core.interrupt_handler cimport InterruptHandler
from simslab.machine.core.tlb cimport Tlb
from simslab.machine.memory cimport states
from simslab.machine.memory.cache_array cimport CacheArray
from simslab.machine.memory.coherence cimport CoherentMemory

cdef long long RUN_SLICE
cdef long long ONE_PAGE
cdef long long Q10
cdef long long PAGE_LINES
cdef long long SITE_HANDLER
cdef long long SITE_ON


@cython.final
cdef class CoreCosts:
    cdef readonly long long cpi_q16
    cdef readonly long long cpi_cold_q16
    cdef readonly long long hidden
    cdef readonly long long store_divisor
    cdef readonly long long atomic
    cdef readonly long long irq_save
    cdef readonly long long irq_restore
    cdef readonly long long cli
    cdef readonly long long sti
    cdef readonly long long irq_entry
    cdef readonly long long irq_exit
    cdef readonly long long ipi
    cdef readonly long long clear_q10
    cdef readonly long long store_buffer
    cdef readonly long long fill_buffers
    cdef readonly long long smt_q10
    cdef readonly long long prefetch
    cdef readonly long long pause
    cdef readonly long long store_interval
    cdef readonly long long forward


@cython.final
cdef class Cpu(Clocked):
    cdef readonly long long id
    cdef readonly long long core
    cdef readonly long long package
    cdef readonly long long domain
    cdef readonly long long node
    cdef public long long numa_mem
    cdef readonly CoherentMemory memory
    cdef public Engine engine
    cdef readonly CoreCosts costs
    cdef readonly IrqStats irq_stats
    cdef public InterruptHandler handler
    cdef public object cause_owner
    cdef long long* cause
    cdef public long long bill
    cdef public long long path
    cdef long long cpi_q16
    cdef long long cpi_cold_q16
    cdef public Cpu sibling
    cdef public long long busy
    cdef readonly long long busy_threads
    cdef long long idle_from
    cdef long long idle_to
    cdef long long instruction_fraction
    cdef public long long instructions
    cdef CacheArray l1
    cdef long long* l1_tags
    cdef long long l1_base
    cdef long long l1_mask
    cdef long long l1_ways
    cdef public long long l1_hits
    cdef readonly Tlb tlb
    cdef long long page_shift
    cdef long long last_page
    cdef long long* tlb_tags
    cdef long long tlb_base
    cdef long long tlb_mask
    cdef long long tlb_ways
    cdef public object stores_owner
    cdef long long* stores
    cdef long long next_store
    cdef long long others_from
    cdef readonly long long drained
    cdef public object fills_owner
    cdef long long* fills
    cdef long long next_fill
    cdef readonly long long fill_share
    cdef long long prefetched
    cdef long long prefetch_ready
    cdef readonly long long irqs_off
    cdef long long off_since
    cdef long long off_site
    cdef public long long in_interrupt
    cdef readonly long long next_irq
    cdef readonly list pending
    cdef long long posted
    cdef public long long next_work

    cpdef long long charge(self, long long cause, long long cycles) noexcept
    cpdef long long insn(self, long long count) noexcept
    cpdef long long insn_cold(self, long long count) noexcept
    @cython.locals(total=cython.longlong, cycles=cython.longlong)
    cdef long long execute(self, long long count, long long cpi_q16) noexcept
    cpdef long long settle(self) except -1
    @cython.locals(busy=cython.longlong, other=Cpu, idle=cython.bint)
    cdef long long share_core(self) noexcept
    @cython.locals(throughput=cython.longlong)
    cdef long long shared(self, long long cpi_q16) noexcept
    @cython.locals(step=cython.longlong)
    cpdef long long run(self, long long cycles, long long cause) except -1
    @cython.locals(stop=cython.longlong)
    cpdef long long idle_until(self, long long time, long long cause) except -1
    @cython.locals(pause=cython.longlong)
    cpdef long long spin(self, long long cycles, long long cause) noexcept
    @cython.locals(line=cython.longlong, base=cython.longlong)
    cpdef long long read(self, long long addr) noexcept
    @cython.locals(way=cython.longlong, latency=cython.longlong)
    cdef long long read_further(self, long long line, long long base) noexcept
    @cython.locals(key=cython.longlong, cycles=cython.longlong)
    cdef long long translate(self, long long addr) noexcept
    @cython.locals(left=cython.longlong)
    cdef long long on_its_way(self, long long line, long long latency) noexcept
    @cython.locals(following=cython.longlong, latency=cython.longlong)
    cdef long long prefetch_after(self, long long line) noexcept
    @cython.locals(line=cython.longlong, base=cython.longlong)
    cpdef long long write(self, long long addr) noexcept
    @cython.locals(line=cython.longlong)
    cpdef long long update(self, long long addr) noexcept
    @cython.locals(latency=cython.longlong)
    cdef long long store_missed(self, long long line) noexcept
    @cython.locals(slot=cython.longlong)
    cdef long long buffer_store(self, long long latency) noexcept
    @cython.locals(count=cython.longlong, retires=cython.longlong, slot=cython.longlong)
    cdef long long buffer_others(self) noexcept
    @cython.locals(start=cython.longlong, arrival=cython.longlong, slot=cython.longlong)
    cdef long long fill(self, long long latency) noexcept
    @cython.locals(slot=cython.longlong)
    cdef long long fill_buffer_free(self) noexcept
    cpdef long long drain(self) noexcept
    cpdef long long retired(self) noexcept
    @cython.locals(line=cython.longlong)
    cpdef long long look(self, long long addr) noexcept
    cpdef long long chain(self, long long links) noexcept
    @cython.locals(way=cython.longlong)
    cdef long long own_in_l1(self, long long line, long long base) noexcept
    @cython.locals(line=cython.longlong, base=cython.longlong)
    cpdef long long prefetchw(self, long long addr) noexcept
    @cython.locals(line=cython.longlong, base=cython.longlong, latency=cython.longlong)
    cpdef long long atomic(self, long long addr) noexcept
    @cython.locals(line=cython.longlong, last=cython.longlong)
    cpdef long long read_span(self, long long addr, long long size) noexcept
    @cython.locals(line=cython.longlong, last=cython.longlong)
    cpdef long long write_span(self, long long addr, long long size) noexcept
    @cython.locals(lines=cython.longlong, done=cython.longlong, i=cython.longlong, cycles=cython.longlong)
    cpdef long long clear(self, long long addr, long long size) noexcept
    @cython.locals(line=cython.longlong, latency=cython.longlong, free=cython.longlong)
    cdef long long clear_line(self, long long addr) noexcept
    @cython.locals(link=cython.longlong, dram=cython.longlong, cache=cython.longlong, source=cython.longlong)
    cdef long long expose(self, long long latency, long long hidden, long long divisor) noexcept
    cpdef long long irq_save(self, long long site) except -1
    cpdef long long irq_restore(self, long long flags) except -1
    cpdef long long irq_disable(self, long long site) except -1
    cpdef long long irq_enable(self) except -1
    cdef long long mask(self, long long site) noexcept
    cdef long long unmask(self) except -1
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
        cause=cython.longlong
    )
    cdef long long handle_interrupt(self, long long vector, long long delay, long long delayed_by) except -1
