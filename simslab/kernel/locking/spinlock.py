"""Spinlocks in exact order of simulated time, and the statistics of lock_stat (kernel/locking/qspinlock.c, lockdep.c).

A CPU settles before it takes a lock, so acquisitions happen in order of simulated time. A section that does not itself
settle is over, in host time, before another CPU runs: the lock then only remembers when it becomes free (`free_at`) and
the next CPU is charged the difference, without any event. Only when the holder was suspended inside its section do
others queue and park; the unlock hands ownership to the first in the queue.

What a hand-over costs follows from the lines that move (`take_over`). A release is a store: others see it when every
store before it has retired. A waiter looks at the lock once in every round of its loop, whose length is PAUSE: it
leaves the wait up to one round late.

Where the cycles go: waiting is LOCK_WAIT, the lock line's arrival after a wait is LOCK_HANDOVER, an uncontended
acquisition is whatever the line's access costs. When `cpu.bill` is set (page allocator, interrupt handlers) that bill
takes everything; the wait still shows in the lock's own row.

Not modelled: instructions of the slow path (they run while the CPU waits); the holder's own clock is not delayed by
what waiters do to its line, only the time at which they see it release.
"""

from __future__ import annotations

from typing import Any, Final

from simslab.base import buffers
from simslab.kernel.bug import KernelBugError
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site_name
from simslab.machine.core.cpu import Cpu

SITE: Final = 0  # fields of a statistics row
ACQUISITIONS: Final = 1
CONTENDED: Final = 2
WAIT_TOTAL: Final = 3
WAIT_MIN: Final = 4
WAIT_MAX: Final = 5
HOLD_TOTAL: Final = 6
HOLD_MIN: Final = 7
HOLD_MAX: Final = 8
ROW_FIELDS: Final = 9
FIRST_ROWS: Final = 4

RAW_SPIN_LOCK_INSNS: Final = 5  # golden/instruction_counts.csv: _raw_spin_lock; unlocking is one inlined store
NOBODY: Final = -1
MAX_CPUS: Final = 4096

LockRow = dict[str, str | int]


class LockStats:
    """All lock classes of a kernel, and how many spinlocks each CPU holds.

    `witness`, when set, is told `acquired(cpu, lock)` and `released(cpu, lock)` of every spinlock.
    """

    def __init__(self, nr_cpus: int = MAX_CPUS) -> None:
        self.classes: list[LockClass] = []
        self.names: dict[str, LockClass] = {}
        self.held_owner = buffers.int64_zeros(nr_cpus)
        self.held = buffers.int64_pointer(self.held_owner)
        self.witness: Any = None

    def lock_class(self, name: str) -> LockClass:
        """Return the class called `name`, made on first use."""
        if name not in self.names:
            self.names[name] = LockClass(name, self)
            self.classes.append(self.names[name])
        return self.names[name]

    def held_by(self, cpu_id: int) -> int:
        """How many spinlocks CPU `cpu_id` holds."""
        return self.held[cpu_id]

    def check_none_held(self, cpu: Cpu) -> int:
        """KernelBugError if `cpu` holds a spinlock: what follows may take long, or take any of them."""
        if self.held[cpu.id]:
            raise KernelBugError(f"CPU {cpu.id} holds {self.held[cpu.id]} spinlocks where it may hold none")
        return 0

    def table(self) -> list[LockRow]:
        """Rows of all classes that were ever taken, by class name and call site; times in cycles."""
        rows = [row for lock_class in self.classes for row in lock_class.table()]
        return sorted(rows, key=lambda row: (str(row["name"]), str(row["site"])))

    def reset(self) -> None:
        """Forget all statistics (end of warm-up); locks held stay held."""
        for lock_class in self.classes:
            lock_class.reset()


class LockClass:
    """Statistics of all locks of one kind, a row per call site that took them; cycles.

    Waits count contended acquisitions only, as lock_stat does.
    """

    def __init__(self, name: str, stats: LockStats) -> None:
        self.name = name
        self.stats = stats
        self.nr_rows = 0
        self.room = FIRST_ROWS
        self.rows_owner = buffers.int64_zeros(FIRST_ROWS * ROW_FIELDS)
        self.rows = buffers.int64_pointer(self.rows_owner)

    def row_of(self, site: int) -> int:
        """Row number of a call site; a class has few, so they are searched in order."""
        for i in range(self.nr_rows):
            if self.rows[i * ROW_FIELDS] == site:
                return i
        if self.nr_rows == self.room:
            self.grow()
        self.rows[self.nr_rows * ROW_FIELDS] = site
        self.nr_rows += 1
        return self.nr_rows - 1

    def grow(self) -> None:
        """Double the room for rows."""
        owner = buffers.int64_zeros(2 * self.room * ROW_FIELDS)
        owner[: self.room * ROW_FIELDS] = self.rows_owner
        self.room *= 2
        self.rows_owner = owner
        self.rows = buffers.int64_pointer(self.rows_owner)

    def note_wait(self, row: int, cycles: int) -> int:
        """Count a contended acquisition that waited `cycles`."""
        base = row * ROW_FIELDS
        if self.rows[base + CONTENDED] == 0 or cycles < self.rows[base + WAIT_MIN]:
            self.rows[base + WAIT_MIN] = cycles
        if cycles > self.rows[base + WAIT_MAX]:
            self.rows[base + WAIT_MAX] = cycles
        self.rows[base + CONTENDED] += 1
        self.rows[base + WAIT_TOTAL] += cycles
        return 0

    def note_hold(self, row: int, cycles: int) -> int:
        """Count an acquisition, at its end, that held the lock for `cycles`."""
        base = row * ROW_FIELDS
        if self.rows[base + ACQUISITIONS] == 0 or cycles < self.rows[base + HOLD_MIN]:
            self.rows[base + HOLD_MIN] = cycles
        if cycles > self.rows[base + HOLD_MAX]:
            self.rows[base + HOLD_MAX] = cycles
        self.rows[base + ACQUISITIONS] += 1
        self.rows[base + HOLD_TOTAL] += cycles
        return 0

    def table(self) -> list[LockRow]:
        """One dictionary per call site."""
        return [self._row(self.rows_owner[i * ROW_FIELDS : (i + 1) * ROW_FIELDS]) for i in range(self.nr_rows)]

    def _row(self, fields: memoryview) -> LockRow:
        return {
            "name": self.name,
            "site": site_name(fields[SITE]),
            "acquisitions": fields[ACQUISITIONS],
            "contended": fields[CONTENDED],
            "wait_total": fields[WAIT_TOTAL],
            "wait_min": fields[WAIT_MIN],
            "wait_max": fields[WAIT_MAX],
            "hold_total": fields[HOLD_TOTAL],
            "hold_min": fields[HOLD_MIN],
            "hold_max": fields[HOLD_MAX],
        }

    def reset(self) -> None:
        """Zero the counters; rows keep their place, since a held lock remembers its row."""
        for i in range(self.nr_rows):
            for field in range(ACQUISITIONS, ROW_FIELDS):
                self.rows[i * ROW_FIELDS + field] = 0


class SpinLock:
    """A spinlock whose word is at simulated address `addr` (include/linux/spinlock_types.h: spinlock_t).

    `owner` is the id of the CPU that holds it, -1 for none; `free_at` (cycles) is when others see the last section end.
    `data_in_line`: what the lock protects lies in the lock's own line, as in struct kmem_cache_node and alien_cache.
    """

    def __init__(self, addr: int, lock_class: LockClass, data_in_line: int = 0) -> None:
        self.addr = addr
        self.data_in_line = data_in_line
        self.lock_class = lock_class
        self.owner = NOBODY
        self.last = NOBODY  # who held it last
        self.free_at = 0
        self.let_in_at = 0  # the release before the last acquisition
        self.acquired_at = 0
        self.row = 0
        self.queue: list[Cpu] = []

    def lock(self, cpu: Cpu, site: int) -> int:
        """Take the lock (kernel/locking/spinlock.c: _raw_spin_lock); other CPUs may run before it returns.

        Charges the 5 instructions of _raw_spin_lock, the wait and the lock line. Interrupt flags are the caller's.
        """
        cpu.settle()
        row = self.lock_class.row_of(site)
        cpu.insn(RAW_SPIN_LOCK_INSNS)
        if self.owner != NOBODY or self.busy(cpu):
            self.take_over(cpu, row)
        else:
            self.take_line(cpu)
        return self.acquired(cpu, row)

    def trylock(self, cpu: Cpu, site: int) -> int:
        """Take the lock if it is free now and return 1, else 0 (_raw_spin_trylock); other CPUs may run before."""
        cpu.settle()
        row = self.lock_class.row_of(site)
        cpu.insn(RAW_SPIN_LOCK_INSNS)
        if self.owner != NOBODY or (self.busy(cpu) and cpu.engine is not None and cpu.engine.running):
            cpu.read(self.addr)  # without a running engine CPUs take turns, so a lock of the past is free
            return 0
        self.take_line(cpu)
        self.acquired(cpu, row)
        return 1

    def busy(self, cpu: Cpu) -> int:
        """Whether another CPU's section, over in host time, still lasts in simulated time."""
        return 1 if self.free_at > cpu.now and self.last != cpu.id else 0

    def unlock(self, cpu: Cpu) -> int:
        """Release the lock (_raw_spin_unlock, inlined); hands it to the first CPU in the queue, if there is one."""
        self.assert_held(cpu)
        cpu.write(self.addr)
        self.lock_class.note_hold(self.row, cpu.now - self.acquired_at)
        self.lock_class.stats.held[cpu.id] -= 1
        if self.lock_class.stats.witness is not None:
            self.lock_class.stats.witness.released(cpu, self)
        self.free_at = cpu.retired()
        self.last = cpu.id
        self.owner = NOBODY
        if self.queue:
            self.hand_over(cpu)
        return 0

    def assert_held(self, cpu: Cpu) -> int:
        """KernelBugError unless `cpu` holds the lock (lockdep_assert_held)."""
        if self.owner != cpu.id:
            raise KernelBugError(f"CPU {cpu.id} does not hold {self.lock_class.name}: owner is {self.owner}")
        return 0

    def wait_in_queue(self, cpu: Cpu) -> int:
        """Queue behind a suspended holder until the lock is handed over; returns the cycles waited, charged."""
        if self.owner == cpu.id:
            raise KernelBugError(f"CPU {cpu.id} takes {self.lock_class.name} twice")
        if cpu.engine is None:
            raise KernelBugError(f"CPU {cpu.id} waits for {self.lock_class.name} without an engine to run its holder")
        arrived = cpu.now
        self.queue.append(cpu)
        cpu.engine.queue(cpu)
        waited = cpu.now - arrived
        cpu.now = arrived  # the engine moved the clock; the same cycles are charged instead
        return cpu.spin(waited, causes.LOCK_WAIT)

    def hand_over(self, cpu: Cpu) -> int:
        """Make the first waiter the owner and wake it at the time of the unlock."""
        first = self.queue.pop(0)
        self.owner = first.id
        assert first.engine is not None  # it parked there
        first.engine.grant(first, cpu.now)
        return 0

    def take_over(self, cpu: Cpu, row: int) -> int:
        """Wait for the lock and take it from its last holder (kernel/locking/qspinlock.c: queued_spin_lock_slowpath).

        The line moves three times: the holder's release must take it back from the waiter, who has been looking at the
        lock; the waiter's next look fetches it; its locked operation makes it the only owner. Who came before the
        release that let the holder in was second in the queue then and not looking at the lock: the holder first tells
        it, by a store to its queue node, that it is the next. Who comes while the section lasts tries the lock first,
        which takes the line from a holder that works in it (`data_in_line`) and has to fetch it again.
        """
        arrived = cpu.now
        if self.owner != NOBODY:
            self.wait_in_queue(cpu)
        if self.free_at > cpu.now:
            cpu.spin(self.free_at - cpu.now, causes.LOCK_WAIT)
        told = self.acquired_at  # the last holder's acquisition, which may have come while this CPU waited
        queued = arrived < self.let_in_at
        look = cpu.look(self.addr)
        late = look + look if self.data_in_line else look
        if queued and told + look + look > cpu.now:
            late += told + look + look - cpu.now
        cpu.charge(causes.LOCK_WAIT, late)
        self.lock_class.note_wait(row, cpu.now - arrived)
        bill = cpu.bill
        if bill < 0:
            cpu.bill = causes.LOCK_HANDOVER
        cpu.charge(causes.LOCK_HANDOVER, look)
        cpu.atomic(self.addr)
        cpu.bill = bill
        return 0

    def take_line(self, cpu: Cpu) -> int:
        """Charge the locked access to the word of a free lock."""
        return cpu.atomic(self.addr)

    def acquired(self, cpu: Cpu, row: int) -> int:
        """Record that `cpu` now holds the lock."""
        self.owner = cpu.id
        self.let_in_at = self.free_at
        self.row = row
        self.acquired_at = cpu.now
        self.lock_class.stats.held[cpu.id] += 1
        if self.lock_class.stats.witness is not None:
            self.lock_class.stats.witness.acquired(cpu, self)
        return 0
