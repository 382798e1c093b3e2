# Written by tools/declarations.py from server.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers

cdef long long BUCKET_BITS
cdef long long BUCKETS
cdef long long Q10_BITS
cdef long long Q10
cdef long long BUCKET_MASK
cdef long long SETTLED
cdef long long AVERAGE_BITS
cdef long long FULL_Q10
cdef long long SATURATED_Q10


@cython.final
cdef class ServerArray:
    cdef readonly long long count
    cdef long long exact
    cdef readonly long long utilization
    cdef public long long backlog
    cdef object free_owner
    cdef long long* free
    cdef object service_owner
    cdef long long* service
    cdef object served_owner
    cdef long long* served
    cdef object stamp_owner
    cdef long long* stamp
    cdef object usage_owner
    cdef long long* usage
    cdef object steady_owner
    cdef long long* steady
    cdef object newest_owner
    cdef long long* newest
    cdef object latest_owner
    cdef long long* latest
    cdef object fraction_owner
    cdef long long* fraction

    cpdef long long request(self, long long server, long long now) noexcept
    @cython.locals(
        number=cython.longlong, slot=cython.longlong, load=cython.longlong, over=cython.longlong, wait=cython.longlong
    )
    cpdef inline long long serve(self, long long server, long long now, long long service) noexcept
    @cython.locals(number=cython.longlong, slot=cython.longlong, load=cython.longlong, over=cython.longlong)
    cpdef inline long long ask(self, long long server, long long now, long long service) noexcept
    @cython.locals(free=cython.longlong, wait=cython.longlong)
    cdef inline long long busy_until(self, long long server, long long now_q10, long long service) noexcept
    @cython.locals(present=cython.longlong, earlier=cython.longlong, near=cython.longlong, steady=cython.longlong)
    cdef inline long long load(self, long long server, long long number, long long slot, long long offset) noexcept
    @cython.locals(slot=cython.longlong, carried=cython.longlong)
    cdef inline long long bucket(self, long long server, long long number) noexcept
    @cython.locals(settled=cython.longlong, newest=cython.longlong, usage=cython.longlong)
    cdef long long average(self, long long server, long long number) noexcept
    @cython.locals(slot=cython.longlong)
    cdef inline long long usage_before(self, long long server, long long number) noexcept
    cpdef long long lines(self, long long server) noexcept
