# Written by tools/declarations.py from paths.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.machine.memory cimport states
from simslab.machine.memory.interconnect cimport Interconnect


@cython.final
cdef class Paths:
    cdef readonly Interconnect interconnect
    cdef readonly long long l2
    cdef readonly long long l3
    cdef readonly long long c2c_modified
    cdef readonly long long c2c_exclusive
    cdef readonly long long c2c_shared
    cdef readonly long long c2c_upgrade
    cdef readonly long long c2c_queued
    cdef readonly long long directory
    cdef readonly long long snoop
    cdef readonly long long home
    cdef readonly long long memory_bits
    cdef readonly long long one_filter
    cdef readonly long long ahead
    cdef readonly long long domains
    cdef object reach_owner
    cdef long long* reach
    cdef object core_node_owner
    cdef long long* core_node
    cdef readonly object section_owner
    cdef long long* section_node
    cdef object domain_node_owner
    cdef long long* domain_node
    cdef readonly long long requester_node
    cdef public long long nodes
    cdef long long* hop

    cpdef long long begin(self, long long core) noexcept
    cpdef inline long long way(self, long long source, long long target) noexcept
    cpdef long long home_of(self, long long line) noexcept
    cdef inline long long request(self, long long home) noexcept
    cdef inline long long begun(self, long long home) noexcept
    @cython.locals(place=cython.longlong, onward=cython.longlong)
    cdef inline long long probed(self, long long home, long long owner) noexcept
    cpdef inline long long acknowledged(self, long long home, long long other) noexcept
    cdef long long follow(self, long long owner, long long domain, long long owner_core, long long core) noexcept
    @cython.locals(left=cython.longlong, data=cython.longlong)
    cdef long long forward(self, long long home, long long owner, long long domain, long long now) noexcept
    @cython.locals(memory=cython.longlong)
    cdef long long forward_wins(self, long long home, long long owner) noexcept
    @cython.locals(device=cython.longlong, latency=cython.longlong)
    cdef long long from_dram(self, long long home, long long domain, long long line, long long now) noexcept
    @cython.locals(latest=cython.longlong, other=cython.longlong)
    cdef long long all_snooped(self, long long home, long long domain) noexcept
    cdef long long write_back(self, long long domain, long long line, long long now) noexcept
