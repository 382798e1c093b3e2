cimport cython
from simslab.base cimport buffers

cdef long long BUCKET_BITS
cdef long long BUCKETS
cdef long long Q10
cdef long long FULL_Q10
cdef long long SATURATED_Q10


@cython.final
cdef class ServerArray:
    cdef readonly long long count
    cdef public object service_owner
    cdef long long* service
    cdef public object served_owner
    cdef long long* served
    cdef public object stamp_owner
    cdef long long* stamp
    cdef public object usage_owner
    cdef long long* usage

    @cython.locals(service=cython.longlong, number=cython.longlong, slot=cython.longlong, earlier=cython.longlong, offset=cython.longlong, load=cython.longlong, backlog=cython.longlong, wait=cython.longlong)
    cpdef long long request(self, long long server, long long now) noexcept
    @cython.locals(slot=cython.longlong, carried=cython.longlong)
    cdef long long bucket(self, long long server, long long number) noexcept
    @cython.locals(slot=cython.longlong)
    cdef long long usage_before(self, long long server, long long number) noexcept
    @cython.locals(over=cython.longlong)
    cdef long long backlog(self, long long server, long long number, long long slot) noexcept
    cpdef long long lines(self, long long server) noexcept
