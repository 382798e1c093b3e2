# Written by tools/declarations.py from store_buffer.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.machine.accounting cimport causes
from simslab.machine.core.core_clock cimport CoreClock
from simslab.machine.memory cimport states


cdef class StoringCore(CoreClock):
    cdef long long entries
    cdef readonly long long store_interval
    cdef object stores_owner
    cdef long long* stores
    cdef long long next_store
    cdef long long lookahead
    cdef object hits_owner
    cdef long long* hits
    cdef long long next_hit
    cdef long long others_from
    cdef readonly long long drained
    cdef readonly long long ahead
    cdef readonly long long ahead_until
    cdef readonly long long under_way
    cdef readonly object fills_owner
    cdef long long* fills
    cdef long long next_fill
    cdef public long long kept
    cdef public long long entered
    cdef public long long polled
    cdef public long long poller
    cdef public long long follows
    cdef public long long granted
    cdef long long entered_before
    cdef long long kept_until
    cdef public long long outer_polled
    cdef public long long outer_poller
    cdef public long long outer_follows
    cdef public long long outer_granted
    cdef public long long outer_entered
    cdef public long long outer_until

    cdef long long lend(self, long long line, long long poller, long long follows, long long since) noexcept
    cdef long long swap_polled(self) except? -1
    @cython.locals(retires=cython.longlong)
    cdef long long keeps(self) noexcept
    @cython.locals(answered=cython.longlong, start=cython.longlong)
    cdef long long take_back(self, long long latency) noexcept
    @cython.locals(slot=cython.longlong)
    cdef long long buffer_store(self, long long latency, long long held) noexcept
    @cython.final
    cdef inline long long hit_retires(self, long long when) noexcept
    @cython.final
    @cython.locals(
        count=cython.longlong, stores="long long*", retires=cython.longlong, now=cython.longlong, last=cython.longlong,
        slot=cython.longlong, _=cython.longlong
    )
    cdef inline long long buffer_others(self) noexcept
    @cython.locals(waiting=cython.longlong)
    cdef long long fill_ahead(self, long long line, long long latency) except? -1
    cdef long long fill_stored(self, long long latency) except? -1
    cdef long long others_come_first(self) except? -1
    cdef long long arrives(self, long long line) except? -1
    cdef long long store_hit(self, long long line) except? -1
    @cython.final
    @cython.locals(start=cython.longlong, arrival=cython.longlong, slot=cython.longlong)
    cdef inline long long fill(self, long long latency, long long after) noexcept
    @cython.final
    @cython.locals(slot=cython.longlong)
    cdef inline long long fill_buffer_free(self) noexcept
