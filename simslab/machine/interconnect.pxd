cimport cython
from simslab.base cimport buffers
from simslab.machine.server cimport ServerArray


@cython.final
cdef class Interconnect:
    cdef readonly long long domains
    cdef readonly long long nodes
    cdef readonly ServerArray links
    cdef readonly ServerArray channels
    cdef public object hop_dn_owner
    cdef long long* hop_dn
    cdef public object hop_dd_owner
    cdef long long* hop_dd
    cdef public object dram_owner
    cdef long long* dram
    cdef long long max_route
    cdef public object route_dn_owner
    cdef long long* route_dn
    cdef public object route_dd_owner
    cdef long long* route_dd
    cdef readonly long long link_queue
    cdef readonly long long dram_queue

    cdef long long begin(self) noexcept
    cpdef long long to_home(self, long long domain, long long node) noexcept
    cpdef long long between(self, long long domain, long long other) noexcept
    @cython.locals(queue=cython.longlong)
    cdef long long dram_read(self, long long node, long long now) noexcept
    cdef long long dram_write(self, long long node, long long now) noexcept
    @cython.locals(queue=cython.longlong)
    cdef long long data_from_home(self, long long node, long long domain, long long now) noexcept
    @cython.locals(queue=cython.longlong)
    cdef long long data_between(self, long long owner, long long domain, long long now) noexcept
    @cython.locals(total=cython.longlong)
    cdef long long cross(self, long long* routes, long long start, long long now) noexcept
