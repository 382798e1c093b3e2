# Written by tools/declarations.py from interconnect.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers, hashing
from simslab.machine.memory.queueing.server cimport ServerArray

cdef long long BANKS
cdef long long ROW_SHIFT
cdef long long HALF
cdef long long TWICE_Q10


@cython.final
cdef class Interconnect:
    cdef readonly long long domains
    cdef readonly long long nodes
    cdef readonly ServerArray links
    cdef readonly ServerArray ports
    cdef long long ported
    cdef object conflict_owner
    cdef object row_miss_owner
    cdef long long* conflict
    cdef long long* row_miss
    cdef object hop_owner
    cdef long long* hop
    cdef object dram_owner
    cdef long long* dram
    cdef long long max_route
    cdef object route_owner
    cdef long long* route
    cdef readonly long long link_queue
    cdef readonly long long dram_queue
    cdef readonly ServerArray channels
    cdef object write_owner
    cdef object stream_owner
    cdef long long* write_q10
    cdef long long* stream_q10
    cdef object first_owner
    cdef object count_owner
    cdef long long* first_channel
    cdef long long* channel_count
    cdef readonly object rows_owner
    cdef long long* open_rows
    cdef object curve_owner
    cdef object curve_start_owner
    cdef long long* curve
    cdef long long* curve_start

    cpdef long long way(self, long long source, long long target) noexcept
    @cython.locals(count=cython.longlong)
    cdef inline long long channel_of(self, long long node, long long line) noexcept
    @cython.locals(channel=cython.longlong, queue=cython.longlong, used=cython.longlong)
    cdef long long dram_read(self, long long node, long long line, long long now) noexcept
    @cython.locals(row=cython.longlong, bank=cython.longlong)
    cdef long long open_row(self, long long node, long long channel, long long line) noexcept
    cpdef long long write_back(
        self, long long domain, long long source, long long node, long long line, long long now
    ) noexcept
    cpdef long long stream_write(
        self, long long domain, long long source, long long node, long long line, long long now
    ) noexcept
    @cython.locals(queue=cython.longlong)
    cdef long long send(
        self, long long domain, long long source, long long node, long long line, long long service, long long now
    ) noexcept
    @cython.locals(waited=cython.longlong, queue=cython.longlong)
    cdef long long data(self, long long source, long long target, long long domain, long long now) noexcept
    @cython.locals(queue=cython.longlong)
    cdef long long leave(self, long long domain, long long now) noexcept
    @cython.locals(total=cython.longlong, start=cython.longlong)
    cdef inline long long cross(self, long long source, long long target, long long now, long long waited) noexcept
