# Written by tools/declarations.py from coherence.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport bits, buffers, hashing
from simslab.machine.accounting cimport causes
from simslab.machine.memory cimport states
from simslab.machine.memory.cache_array cimport CacheArray
from simslab.machine.memory.hierarchy cimport CacheHierarchy
from simslab.machine.memory.holders cimport Holders
from simslab.machine.memory.paths cimport Paths
from simslab.machine.memory.queueing.cache_ports cimport CachePorts
from simslab.machine.memory.queueing.line_turns cimport LineTurns

cdef long long WORDS
cdef long long WORD_PLACE


@cython.final
cdef class CoherentMemory:
    cdef readonly CacheHierarchy caches
    cdef readonly Paths paths
    cdef readonly CacheArray l1
    cdef readonly CacheArray l2
    cdef readonly Holders holders
    cdef object domain_owner
    cdef long long* core_domain
    cdef readonly long long l2_latency
    cdef object row_owner
    cdef long long* core_row
    cdef readonly object lines_owner
    cdef long long* lines
    cdef readonly object cycles_owner
    cdef long long* cycles
    cdef readonly long long grant
    cdef readonly long long held
    cdef readonly long long cause
    cdef readonly long long link_queue
    cdef readonly long long dram_queue
    cdef object word_owner
    cdef long long* word
    cdef readonly CachePorts ports
    cdef long long ported
    cdef public LineTurns turns
    cdef readonly long long cache_queue
    cdef public object witness

    cpdef long long state_in_core(self, long long core, long long line) noexcept
    @cython.locals(state=cython.longlong)
    cpdef long long access(self, long long core, long long line, long long write, long long now) noexcept
    @cython.locals(domain=cython.longlong, row=cython.longlong, latency=cython.longlong, index=cython.longlong)
    cpdef long long transact(self, long long core, long long line, long long write, long long now) noexcept
    cdef long long tell_fetching(self, long long core, long long line) except? -1
    cdef long long tell_fetched(self, long long core, long long line, long long write) except? -1
    cdef long long tell_hit(self, long long core, long long line, long long write) except? -1
    cpdef inline long long follow(self, long long owner, long long core) noexcept
    @cython.locals(domain=cython.longlong)
    cpdef long long transfer(self, long long owner, long long core) noexcept
    cpdef long long upgrade(self, long long poller, long long core) noexcept
    @cython.locals(latency=cython.longlong, slot=cython.longlong, waited=cython.longlong)
    cpdef long long transact_in_turn(self, long long core, long long line, long long now) noexcept
    @cython.locals(slot=cython.longlong)
    cpdef long long held_by_sibling(self, long long core, long long line, long long now) except? -1
    @cython.locals(slot=cython.longlong)
    cpdef long long locked_until(self, long long core, long long line, long long time) noexcept
    @cython.locals(latency=cython.longlong, moved=cython.bint, wait=cython.longlong)
    cdef long long fetch(self, long long core, long long line, long long write, long long now) except? -1
    cdef long long pass_ports(self, long long core, long long now) noexcept
    @cython.locals(domain=cython.longlong, latency=cython.longlong)
    cpdef long long prefetch(self, long long core, long long line, long long now) noexcept
    @cython.locals(holders=Holders, state=cython.longlong)
    cdef inline long long private_hit(self, long long core, long long row, long long line, long long write) noexcept
    @cython.locals(latency=cython.longlong)
    cdef inline long long beyond_private(
        self, long long core, long long domain, long long row, long long line, long long write, long long now
    ) noexcept
    @cython.locals(other=cython.longlong, state=cython.longlong)
    cdef inline long long read_in_domain(
        self, long long core, long long domain, long long row, long long line, long long now
    ) noexcept
    cdef inline long long read_from_owner(
        self, long long state, long long domain, long long row, long long line, long long now
    ) noexcept
    @cython.locals(row=cython.longlong)
    cdef inline long long sole_owner(self, long long domain, long long line) noexcept
    @cython.locals(home=cython.longlong, row=cython.longlong, latency=cython.longlong)
    cdef inline long long read_from_home(self, long long domain, long long line, long long now) noexcept
    @cython.locals(owner=cython.longlong, forwarder=cython.longlong, latency=cython.longlong)
    cdef inline long long answer(
        self, long long home, long long domain, long long row, long long line, long long now
    ) noexcept
    cdef inline long long forward(self, long long home, long long owner, long long domain, long long now) noexcept
    cdef inline long long from_dram(self, long long home, long long domain, long long line, long long now) noexcept
    @cython.locals(dirty=cython.longlong)
    cdef long long downgrade(self, long long owner, long long row, long long line, long long now) noexcept
    @cython.locals(held=cython.longlong, latency=cython.longlong)
    cdef inline long long take_ownership(
        self, long long core, long long domain, long long row, long long line, long long now
    ) noexcept
    @cython.locals(latency=cython.longlong, entry=cython.longlong, beyond=cython.longlong)
    cdef inline long long read_for_ownership(
        self, long long core, long long domain, long long row, long long line, long long held, long long now
    ) noexcept
    @cython.locals(other=cython.longlong, l3_state=cython.longlong, latency=cython.longlong)
    cdef inline long long local_ownership(
        self, long long core, long long domain, long long row, long long line, long long held
    ) noexcept
    @cython.locals(
        home=cython.longlong, owner=cython.longlong, answer=cython.longlong, word=cython.longlong,
        others=cython.longlong, sharer=cython.longlong, acknowledged=cython.longlong
    )
    cdef inline long long home_ownership(
        self, long long domain, long long entry, long long line, long long has_data, long long now
    ) noexcept
    cdef inline long long invalidate_sharer(self, long long home, long long sharer, long long line) noexcept
