# Written by tools/declarations.py from thread.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.machine.accounting cimport causes
from simslab.machine.core.cpu cimport Cpu
from simslab.workload.run.executor cimport Executor
from simslab.workload.run.meeting cimport Meeting
from simslab.workload.streams cimport operations

cdef long long FOR_NOTHING
cdef long long FOR_OBJECT
cdef long long FOR_ROOM
cdef long long FOR_BARRIER
cdef long long FOR_DEVICE
cdef long long FOR_TIME
cdef long long AHEAD
cdef long long WORDS_AHEAD
cdef long long LONG_WAIT


@cython.final
cdef class WorkloadThread:
    cdef readonly str name
    cdef readonly Cpu cpu
    cdef readonly Executor executor
    cdef readonly Meeting meeting
    cdef readonly object kernel
    cdef readonly long long length
    cdef public object pieces
    cdef public long long piece
    cdef object words_owner
    cdef long long* words
    cdef long long timed
    cdef object times_owner
    cdef long long* times
    cdef public long long position
    cdef readonly long long done_before
    cdef public long long started
    cdef public long long ended
    cdef public long long interrupts_left
    cdef readonly long long waits_for
    cdef long long waits_at
    cdef public object used_slots
    cdef public list phases

    cpdef long long run(self) except -1
    cdef long long next_piece(self) except? -1
    @cython.locals(ahead=cython.longlong, slot=cython.longlong)
    cdef inline long long look_ahead(self) noexcept
    cdef inline long long let_others_in(self) except -1
    @cython.locals(
        kind=cython.longlong, argument=cython.longlong, executor=Executor, opcode=cython.longlong, row=cython.longlong,
        slots="long long*", address=cython.longlong, since=cython.longlong
    )
    cdef inline long long step(self, long long word) except -1
    @cython.locals(executor=Executor, i=cython.longlong)
    cdef long long other_step(self, long long opcode, long long kind, long long argument) except -1
    @cython.locals(executor=Executor)
    cdef long long wait_for_object(self, long long slot) except -1
    @cython.locals(executor=Executor)
    cdef long long wait_for_room(self, long long slot) except -1
    cdef long long meet(self, long long barrier, long long opcode) except -1
    @cython.locals(before=cython.longlong, until=cython.longlong)
    cdef long long park(self, long long reason, long long place) except -1
    @cython.locals(cpu=Cpu)
    cdef long long catch_up(self, long long time) except -1
    cdef inline long long do_what_is_due(self) except -1
    @cython.locals(cpu=Cpu)
    cdef long long idle_until(self, long long time) except -1
    cdef long long sleep_until(self, long long time) except -1
    cdef long long deferred_work(self) except -1
