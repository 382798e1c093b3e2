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
cdef long long DEVIATIONS_SQUARED
cdef long long SATURATED_Q10
cdef long long SERVICE
cdef long long SERVED
cdef long long FRACTION
cdef long long FREE
cdef long long STEADY
cdef long long NEWEST
cdef long long SERVER_BITS
cdef long long STAMP
cdef long long USAGE
cdef long long LATEST
cdef long long SLOT_BITS


@cython.final
cdef class ServerArray:
    cdef readonly long long count
    cdef long long exact
    cdef readonly long long utilization
    cdef public long long backlog
    cdef object server_owner
    cdef long long* servers
    cdef object bucket_owner
    cdef long long* buckets

    cpdef long long request(self, long long server, long long now) noexcept
    cpdef inline long long request_after(self, long long server, long long now, long long waited) noexcept
    @cython.locals(
        servers="long long*", row=cython.longlong, slot=cython.longlong, load=cython.longlong, over=cython.longlong,
        wait=cython.longlong
    )
    cpdef inline long long serve(self, long long server, long long now, long long waited, long long service) noexcept
    @cython.locals(slot=cython.longlong, load=cython.longlong, over=cython.longlong)
    cpdef inline long long ask(self, long long server, long long now, long long service) noexcept
    @cython.locals(servers="long long*", free=cython.longlong, wait=cython.longlong)
    cdef inline long long busy_until(
        self, long long row, long long now_q10, long long waited_q10, long long service
    ) noexcept
    @cython.locals(
        buckets="long long*", offset=cython.longlong, present=cython.longlong, latest=cython.longlong,
        earlier=cython.longlong, near=cython.longlong, row=cython.longlong, steady=cython.longlong,
        more=cython.longlong, service=cython.longlong
    )
    cdef inline long long load(self, long long server, long long now, long long slot) noexcept
    @cython.locals(slot=cython.longlong)
    cdef inline long long bucket(self, long long server, long long number) noexcept
    @cython.locals(newest=cython.longlong, carried=cython.longlong)
    cdef long long renew(self, long long server, long long number, long long slot) noexcept
    cdef long long work_off(self, long long server, long long newest, long long number) noexcept
    @cython.locals(excess=cython.longlong)
    cdef inline long long enter(self, long long server, long long slot, long long service) noexcept
    @cython.locals(
        buckets="long long*", number=cython.longlong, newest=cython.longlong, following=cython.longlong,
        over=cython.longlong
    )
    cdef long long carry(self, long long server, long long slot, long long excess) noexcept
    @cython.locals(
        row=cython.longlong, newest=cython.longlong, steady=cython.longlong, settled=cython.longlong,
        usage=cython.longlong
    )
    cdef long long average(self, long long server, long long number) noexcept
    @cython.locals(slot=cython.longlong)
    cdef inline long long usage_of(self, long long server, long long number) noexcept
    @cython.locals(usage=cython.longlong)
    cdef inline long long served_in(self, long long server, long long number) noexcept
    cpdef long long lines(self, long long server) noexcept
