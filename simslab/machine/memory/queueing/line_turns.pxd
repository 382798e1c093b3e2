# Written by tools/declarations.py from line_turns.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport bits, buffers, hashing
from simslab.machine.memory cimport states
from simslab.machine.memory.queueing.server cimport ServerArray

cdef long long PLACES
cdef long long PLACE_SHIFT
cdef long long SPELL_BITS
cdef long long LATELY
cdef long long Q10_BITS
cdef long long AVERAGE_BITS
cdef long long LINE
cdef long long LATEST
cdef long long AGAIN
cdef long long SERVICE
cdef long long SPELL
cdef long long NOW
cdef long long BEFORE
cdef long long CORES
cdef long long FIELDS
cdef long long FIELD_BITS
cdef long long MOST
cdef long long ALL
cdef long long LOAD_BITS


@cython.final
cdef class LineTurns:
    cdef public ServerArray servers
    cdef public object place_owner
    cdef long long* places
    cdef public object share_owner
    cdef long long* share
    cdef public object mean_owner
    cdef long long* mean

    @cython.locals(place=cython.longlong, places="long long*", since=cython.longlong)
    cpdef long long wait(self, long long core, long long line, long long now, long long latency, bint moved) noexcept
    @cython.locals(
        places="long long*", usual=cython.longlong, share=cython.longlong, load=cython.longlong, wait=cython.longlong,
        backlog=cython.longlong
    )
    cdef inline long long queue(self, long long place, long long core, long long now, long long service) noexcept
    @cython.locals(places="long long*", bit=cython.longlong)
    cdef inline long long customers(self, long long place, long long core, long long spell) noexcept
