# Written by tools/declarations.py from spinlock.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.machine.accounting cimport causes
from simslab.machine.core.cpu cimport Cpu

cdef long long SITE
cdef long long ACQUISITIONS
cdef long long CONTENDED
cdef long long WAIT_TOTAL
cdef long long WAIT_MIN
cdef long long WAIT_MAX
cdef long long HOLD_TOTAL
cdef long long HOLD_MIN
cdef long long HOLD_MAX
cdef long long ROW_FIELDS
cdef long long FIRST_ROWS
cdef long long RAW_SPIN_LOCK_INSNS
cdef long long NOBODY
cdef long long MAX_CPUS
cdef long long LET_IN


@cython.final
cdef class LockStats:
    cdef dict names
    cdef object held_owner
    cdef long long* held
    cdef public object witness
    cdef public long long numa_threshold

    cpdef LockClass lock_class(self, str name)
    cpdef long long held_by(self, long long cpu_id) except? -1
    cpdef long long check_none_held(self, Cpu cpu) except -1


@cython.final
cdef class LockClass:
    cdef public str name
    cdef public LockStats stats
    cdef long long nr_rows
    cdef public long long room
    cdef readonly object rows_owner
    cdef long long* rows

    @cython.locals(i=cython.longlong)
    cdef long long row_of(self, long long site) except -1
    cdef grow(self)
    @cython.locals(base=cython.longlong)
    cdef long long note_wait(self, long long row, long long cycles) except -1
    @cython.locals(base=cython.longlong)
    cdef long long note_hold(self, long long row, long long cycles) except -1


@cython.final
cdef class SpinLock:
    cdef public long long addr
    cdef readonly LockClass lock_class
    cdef public long long owner
    cdef public long long last
    cdef public long long free_at
    cdef long long acquired_at
    cdef readonly long long letting_in
    cdef long long looked_at
    cdef long long told_at
    cdef public long long first_pending
    cdef long long second_pending
    cdef public long long row
    cdef public Cpu holder
    cdef public list queue
    cdef public object numa

    @cython.locals(row=cython.longlong)
    cpdef long long lock(self, Cpu cpu, long long site) except -1
    @cython.locals(row=cython.longlong)
    cpdef long long trylock(self, Cpu cpu, long long site) except -1
    cdef long long busy(self, Cpu cpu) noexcept
    cdef long long in_order(self, Cpu cpu) except? -1
    cpdef long long unlock(self, Cpu cpu) except -1
    cpdef long long assert_held(self, Cpu cpu) except -1
    cpdef long long let_in(self, Cpu cpu) except? -1
    @cython.locals(arrived=cython.longlong, pending=cython.longlong)
    cdef long long slowpath(self, Cpu cpu, long long row) except? -1
    @cython.locals(taking_over=cython.longlong)
    cdef long long waits_pending(self, Cpu cpu) except? -1
    @cython.locals(bill=cython.longlong)
    cpdef long long join(self, Cpu cpu) except? -1
    @cython.locals(arrived=cython.longlong, waited=cython.longlong)
    cdef long long wait_until_seen(self, Cpu cpu) except? -1
    cdef long long wait_to(self, Cpu cpu, long long time) except? -1
    cdef long long looks_at(self, Cpu first) except? -1
    cdef long long followed_by(self, Cpu first) except? -1
    @cython.locals(fetched=cython.longlong, followed=cython.longlong)
    cdef long long fetched_by(self, Cpu first) except? -1
    @cython.locals(bill=cython.longlong, core=cython.longlong, following=cython.longlong, told=cython.longlong)
    cdef long long take_over(self, Cpu cpu, long long pending) except -1
    @cython.locals(first=Cpu)
    cdef long long wake_first(self) except? -1
    cdef long long acquired(self, Cpu cpu, long long row) except -1
