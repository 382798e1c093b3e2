# Written by tools/declarations.py from coherence.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport bits, buffers
from simslab.machine.accounting cimport causes
from simslab.machine.memory cimport states
from simslab.machine.memory.cache_ports cimport CachePorts
from simslab.machine.memory.hierarchy cimport CacheHierarchy
from simslab.machine.memory.line_table cimport LineTable


@cython.final
cdef class CoherentMemory(CacheHierarchy):
    cdef readonly long long l2_latency
    cdef readonly long long l3_latency
    cdef readonly long long c2c_local
    cdef readonly long long c2c_exclusive
    cdef readonly long long c2c_shared
    cdef readonly long long directory_latency
    cdef readonly long long snoop_latency
    cdef readonly long long home
    cdef readonly long long memory_bits
    cdef readonly long long one_filter
    cdef readonly long long ahead
    cdef public object reach_owner
    cdef long long* reach
    cdef public object core_node_owner
    cdef long long* core_node
    cdef readonly long long nodes
    cdef public object lines_owner
    cdef long long* lines
    cdef public object cycles_owner
    cdef long long* cycles
    cdef long long requester_node
    cdef long long grant
    cdef readonly long long cause
    cdef readonly long long link_queue
    cdef readonly long long dram_queue
    cdef readonly CachePorts ports
    cdef long long ported
    cdef readonly long long cache_queue

    cpdef long long state_in_core(self, long long core, long long line) noexcept
    @cython.locals(state=cython.longlong, base=cython.longlong, way=cython.longlong)
    cpdef long long access(self, long long core, long long line, long long write, long long now) noexcept
    @cython.locals(latency=cython.longlong, index=cython.longlong)
    cpdef long long transact(self, long long core, long long line, long long write, long long now) noexcept
    cdef long long pass_ports(self, long long core, long long now) noexcept
    @cython.locals(latency=cython.longlong)
    cpdef long long prefetch(self, long long core, long long line, long long now) noexcept
    @cython.locals(base=cython.longlong, way=cython.longlong, state=cython.longlong)
    cdef long long private_hit(self, long long core, long long line, long long write) noexcept
    @cython.locals(domain=cython.longlong, latency=cython.longlong, state=cython.longlong)
    cdef long long beyond_private(self, long long core, long long line, long long write, long long now) noexcept
    @cython.locals(row=cython.longlong, mask=cython.longlong)
    cdef long long granted_state(self, long long domain, long long line) noexcept
    @cython.locals(
        table=LineTable, row=cython.longlong, cores=cython.longlong, l3_state=cython.longlong, owner=cython.longlong,
        state=cython.longlong
    )
    cdef long long read_in_domain(self, long long core, long long domain, long long line, long long now) noexcept
    @cython.locals(row=cython.longlong)
    cdef long long sole_owner(self, long long domain, long long line) noexcept
    @cython.locals(base=cython.longlong, way=cython.longlong, table=LineTable)
    cdef long long use_l3(self, long long domain, long long line) noexcept
    @cython.locals(
        home=cython.longlong, row=cython.longlong, owner=cython.longlong, forwarder=cython.longlong,
        latency=cython.longlong
    )
    cdef long long read_from_home(self, long long domain, long long line, long long now) noexcept
    cdef long long request(self, long long home) noexcept
    cdef long long begun(self, long long home) noexcept
    @cython.locals(place=cython.longlong, onward=cython.longlong)
    cdef long long probed(self, long long home, long long owner) noexcept
    cdef long long acknowledged(self, long long home, long long other) noexcept
    @cython.locals(data=cython.longlong)
    cdef long long forward(self, long long home, long long owner, long long domain, long long now) noexcept
    @cython.locals(memory=cython.longlong)
    cdef long long forward_wins(self, long long home, long long owner) noexcept
    @cython.locals(device=cython.longlong, latency=cython.longlong)
    cdef long long from_dram(self, long long home, long long domain, long long line, long long now) noexcept
    @cython.locals(latest=cython.longlong, other=cython.longlong)
    cdef long long all_snooped(self, long long home, long long domain) noexcept
    @cython.locals(dirty=cython.longlong)
    cdef long long downgrade(self, long long owner, long long line, long long home, long long now) noexcept
    @cython.locals(
        held=cython.longlong, latency=cython.longlong, row=cython.longlong, others=cython.longlong,
        beyond=cython.longlong
    )
    cdef long long read_for_ownership(self, long long core, long long domain, long long line, long long now) noexcept
    @cython.locals(
        table=LineTable, row=cython.longlong, cores=cython.longlong, l3_state=cython.longlong, latency=cython.longlong
    )
    cdef long long local_ownership(self, long long core, long long domain, long long line, long long held) noexcept
    @cython.locals(
        home=cython.longlong, owner=cython.longlong, answer=cython.longlong, sharer=cython.longlong,
        acknowledged=cython.longlong
    )
    cdef long long home_ownership(
        self, long long domain, long long line, long long others, long long has_data, long long now
    ) noexcept
