"""Spinlocks in exact order of simulated time, and the statistics of lock_stat (kernel/locking/qspinlock.c, lockdep.c).

A CPU settles before it takes a lock, so acquisitions happen in order of simulated time. Who finds it taken queues. A
section whose holder lets others in (`let_in`) or waits in it is suspended with the lock held; another is over, in host
time, before anybody else runs, and the lock remembers when it becomes free (`free_at`). The first in the queue goes on
at that time, everybody else is parked until it is the first.

What a hand-over costs follows from the lines that move. A release is a store: others see it when every store before it
has retired. The first waiter polls the lock's word, so it has a copy of the line: the release takes it back, and so
does whatever else the holder stores in that line (struct kmem_cache_node has its lists there, alien_cache its array;
`polled_by`). The waiter's load is answered right after the release (`follow`); its own store to the word is not waited
for. Who stands behind the first is told that it is first by a store to its queue node, and then fetches the word.

Where the cycles go: waiting is LOCK_WAIT, the lock line's arrival after a wait is LOCK_HANDOVER, an uncontended
acquisition is whatever the line's access costs. When `cpu.bill` is set (page allocator, interrupt handlers) that bill
takes everything; the wait still shows in the lock's own row.

Not modelled: instructions of the slow path (they run while the CPU waits); what a waiter that arrives less than LET_IN
cycles after a look, or after the last one of a section, does to the holder's line: on machines whose cores are close
that is longer than a line takes to move.
"""

from __future__ import annotations

from typing import Any, Final

from simslab.base import buffers
from simslab.kernel.bug import KernelBugError
from simslab.kernel.locking.cna import numa_aware_queue
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
WAITS: Final = ("wait_total", "wait_min", "wait_max")
COUNTED: Final = ("acquisitions", "contended", *WAITS, "hold_total", "hold_min", "hold_max")  # what the fields count
FIRST_ROWS: Final = 4

RAW_SPIN_LOCK_INSNS: Final = 5  # golden/instruction_counts.csv: _raw_spin_lock; unlocking is one inlined store
NOBODY: Final = -1
MAX_CPUS: Final = 4096
LET_IN: Final = 60  # cycles of a section between two looks for who has come: the grain of it, whatever a line takes

LockRow = dict[str, str | int]


class LockStats:
    """All lock classes of a kernel, and how many spinlocks each CPU holds.

    `witness`, when set, is told `acquired(cpu, lock)` and `released(cpu, lock)` of every spinlock. Queues of locks made
    while `numa_threshold` (cycles) is not below 0 are NUMA-aware (cna.py).
    """

    def __init__(self, nr_cpus: int = MAX_CPUS) -> None:
        self.names: dict[str, LockClass] = {}
        self.held_owner = buffers.int64_zeros(nr_cpus)
        self.held = buffers.int64_pointer(self.held_owner)
        self.witness: Any = None
        self.numa_threshold = -1

    def lock_class(self, name: str) -> LockClass:
        """Return the class called `name`, made on first use."""
        if name not in self.names:
            self.names[name] = LockClass(name, self)
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
        rows = [row for lock_class in self.names.values() for row in lock_class.table()]
        return sorted(rows, key=lambda row: (str(row["name"]), str(row["site"])))

    def reset(self) -> None:
        """Forget all statistics (end of warm-up); locks held stay held."""
        for lock_class in self.names.values():
            lock_class.reset()


class LockClass:
    """Statistics of all locks of one kind, a row per call site; cycles. Waits are of contended acquisitions only."""

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
        rows = [self.rows_owner[i * ROW_FIELDS : (i + 1) * ROW_FIELDS] for i in range(self.nr_rows)]
        counted = [dict(zip(COUNTED, fields[ACQUISITIONS:], strict=True)) for fields in rows]
        return [{"name": self.name, "site": self.site(i), **counts} for i, counts in enumerate(counted)]

    def site(self, row: int) -> str:
        """Name of the call site that a row is of."""
        return site_name(self.rows_owner[row * ROW_FIELDS + SITE])

    def reset(self) -> None:
        """Zero the counters; rows keep their place, since a held lock remembers its row."""
        for i in range(self.nr_rows):
            for field in range(ACQUISITIONS, ROW_FIELDS):
                self.rows[i * ROW_FIELDS + field] = 0


class SpinLock:
    """A spinlock whose word is at simulated address `addr` (include/linux/spinlock_types.h: spinlock_t).

    `owner` is the id of the CPU that holds it, -1 for none; `free_at` (cycles) is when others see the last section end.
    """

    def __init__(self, addr: int, lock_class: LockClass) -> None:
        self.addr = addr
        self.lock_class = lock_class
        self.owner = NOBODY
        self.last = NOBODY  # who held it last
        self.free_at = 0
        self.acquired_at = 0
        self.letting_in = 0  # 1 while it does: what the lock protects may be half changed then
        self.looked_at = 0  # when the holder last let others in
        self.told_at = 0  # when the first in the queue knew that it is the first
        self.first_pending = 0  # whether the first in the queue waits with the pending bit
        self.second_pending = 0  # whether the second will, once the first has taken the lock
        self.row = 0
        self.holder: Cpu | None = None  # or who was it last
        self.queue: list[Cpu] = []
        self.numa: Any = numa_aware_queue(lock_class.stats.numa_threshold)

    def lock(self, cpu: Cpu, site: int) -> int:
        """Take the lock (kernel/locking/spinlock.c: _raw_spin_lock); other CPUs may run before it returns.

        Charges the 5 instructions of _raw_spin_lock, the wait and the lock line. Interrupt flags are the caller's.
        """
        cpu.settle()
        row = self.lock_class.row_of(site)
        cpu.insn(RAW_SPIN_LOCK_INSNS)
        if self.owner != NOBODY or self.queue or self.busy(cpu):
            self.slowpath(cpu, row)
        else:
            cpu.commit_stores()
            cpu.atomic_in_turn(self.addr)
        return self.acquired(cpu, row)

    def trylock(self, cpu: Cpu, site: int) -> int:
        """Take the lock if it is free now and return 1, else 0 (_raw_spin_trylock); other CPUs may run before."""
        cpu.settle()
        row = self.lock_class.row_of(site)
        cpu.insn(RAW_SPIN_LOCK_INSNS)
        if self.owner != NOBODY or self.queue or (self.busy(cpu) and self.in_order(cpu)):
            cpu.read(self.addr)  # without a running engine CPUs take turns, so a lock of the past is free
            return 0
        cpu.atomic_in_turn(self.addr)
        self.acquired(cpu, row)
        return 1

    def busy(self, cpu: Cpu) -> int:
        """Whether another CPU's section, over in host time, still lasts in simulated time."""
        return 1 if self.free_at > cpu.now and self.last != cpu.id else 0

    def in_order(self, cpu: Cpu) -> int:
        """Whether CPUs run in order of time, so that others may come while this one waits."""
        return 1 if cpu.engine is not None and cpu.engine.running else 0

    def unlock(self, cpu: Cpu) -> int:
        """Release the lock (_raw_spin_unlock, inlined); hands it to the first CPU in the queue, if there is one."""
        self.assert_held(cpu)
        cpu.write(self.addr)
        cpu.not_polled(self.addr)
        self.lock_class.note_hold(self.row, cpu.now - self.acquired_at)
        self.lock_class.stats.held[cpu.id] -= 1
        if self.lock_class.stats.witness is not None:
            self.lock_class.stats.witness.released(cpu, self)
        self.free_at = cpu.retired()
        self.last = cpu.id
        self.owner = NOBODY
        if self.queue:
            self.wake_first()
        return 0

    def assert_held(self, cpu: Cpu) -> int:
        """KernelBugError unless `cpu` holds the lock (lockdep_assert_held)."""
        if self.owner != cpu.id:
            raise KernelBugError(f"CPU {cpu.id} does not hold {self.lock_class.name}: owner is {self.owner}")
        return 0

    def let_in(self, cpu: Cpu) -> int:
        """Let others come to the lock that `cpu` holds, wherever its section is at a point at which that may happen.

        Each takes the word's line on its way into the queue, and the first polls it from then on: what the section
        does in that line afterwards has to fetch it again.
        """
        if cpu.now - self.looked_at >= LET_IN:
            self.looked_at = cpu.now
            self.letting_in = 1
            cpu.settle()
            self.letting_in = 0
        return 0

    # -- the slow path ------------------------------------------------------------------------------------------------

    def slowpath(self, cpu: Cpu, row: int) -> int:
        """Queue, wait and take the lock over (kernel/locking/qspinlock.c: queued_spin_lock_slowpath)."""
        if self.owner == cpu.id:
            raise KernelBugError(f"CPU {cpu.id} takes {self.lock_class.name} twice")
        arrived = cpu.now
        pending = self.waits_pending(cpu)
        self.join(cpu)
        if pending and self.queue[0] is cpu:
            self.first_pending = 1
        elif pending:
            self.second_pending = 1
        self.wait_until_seen(cpu)
        del self.queue[0]  # Speed: pop(0) is a call of Python's (benchmarks/allocator.py: producer and consumer)
        self.first_pending, self.second_pending = self.second_pending, 0
        self.lock_class.note_wait(row, cpu.now - arrived)
        if self.numa is not None and not pending:
            self.numa.order(self.queue, cpu)
        return self.take_over(cpu, pending)

    def waits_pending(self, cpu: Cpu) -> int:
        """Whether who comes now is to wait with the pending bit: nobody else waits, or just one who is taking over.

        Nobody takes over from a section that is over in host time only.
        """
        if not self.queue:
            return 1
        taking_over = self.owner == NOBODY and not self.busy(cpu) and self.first_pending
        return 1 if taking_over and len(self.queue) == 1 else 0

    def join(self, cpu: Cpu) -> int:
        """Enter the queue: the locked operations that fail to take the word, and set pending bit or tail in it.

        The last holder that comes back has the word in its cache until the first in the queue looks at the release.
        Who finds nobody but a pending waiter that has not taken the free lock yet only looks until it has
        (`_Q_PENDING_LOOPS`).
        """
        bill = cpu.bill
        if bill < 0:
            cpu.bill = causes.LOCK_WAIT
        if self.owner == NOBODY and self.last == cpu.id and cpu.now < self.looks_at(self.queue[0]):
            cpu.drain()
            cpu.charge(causes.LOCKED, cpu.locked_hit())
        else:
            cpu.atomic_in_turn(self.addr)
        if not self.waits_pending(cpu) or not self.queue:
            cpu.atomic_in_turn(self.addr)
        cpu.bill = bill
        self.queue.append(cpu)
        if self.owner != NOBODY and self.queue[0] is cpu and self.holder is not None:
            self.told_at = cpu.now
            self.holder.polled_by(cpu, self.addr, 0)  # it has taken the line already
        return 0

    def wait_until_seen(self, cpu: Cpu) -> int:
        """Wait until the lock is free, `cpu` the first in its queue, and the word that says so here."""
        if self.owner == NOBODY and self.queue[0] is cpu:
            cpu.look(self.addr)
            self.wait_to(cpu, self.looks_at(cpu))
        elif cpu.engine is None:
            raise KernelBugError(f"CPU {cpu.id} waits for {self.lock_class.name} without an engine to run its holder")
        else:
            arrived = cpu.now
            cpu.engine.queue(cpu)
            waited = cpu.now - arrived
            cpu.now = arrived  # the engine moved the clock; the same cycles are charged instead
            cpu.charge(causes.LOCK_WAIT, waited)
        if not self.first_pending:
            cpu.look(self.addr)
            self.wait_to(cpu, self.fetched_by(cpu))
        return 0

    def wait_to(self, cpu: Cpu, time: int) -> int:
        """Wait until `time`; whoever comes before it queues behind, and takes the word's line to and fro first."""
        if time > cpu.now:
            cpu.charge(causes.LOCK_WAIT, time - cpu.now)
        return cpu.settle()

    def looks_at(self, first: Cpu) -> int:
        """When the first in the queue looks at the word that says `free`.

        With the pending bit it has been polling: the word follows the release, and the loop is left (then it has seen
        it). Else it looks once it is told that it is the first.
        """
        if self.first_pending:
            return self.followed_by(first)
        return self.told_at if self.told_at > self.free_at else self.free_at

    def followed_by(self, first: Cpu) -> int:
        """When who polled has the word that the release wrote, and has left its loop."""
        assert self.holder is not None  # somebody held it, or nobody would wait
        return self.free_at + first.memory.follow(self.holder.core, first.core) + first.mispredict

    def fetched_by(self, first: Cpu) -> int:
        """When who was told late has the word: fetched from the last holder, or with the release if that is later."""
        assert self.holder is not None
        fetched = self.told_at + first.memory.transfer(self.holder.core, first.core) + first.mispredict
        followed = self.followed_by(first)
        return fetched if fetched > followed else followed

    def take_over(self, cpu: Cpu, pending: int) -> int:
        """Set `locked`: a store, or the locked operation of the last in the queue; tell the next that it is the first.

        Behind a pending waiter the next has been polling the word already.
        """
        bill = cpu.bill
        if bill < 0:
            cpu.bill = causes.LOCK_HANDOVER
        if pending or self.queue:
            cpu.write_in_turn(self.addr)
        else:
            cpu.atomic_in_turn(self.addr)
        cpu.bill = bill
        self.told_at = cpu.now
        if self.queue and not pending:
            core, following = cpu.core, self.queue[0].core
            told = cpu.memory.upgrade(following, core) + cpu.memory.follow(core, following)
            self.told_at = cpu.retired() + told + cpu.mispredict
        return 0

    def wake_first(self) -> int:
        """Let the first in the queue go on when it looks at the release; who comes before that runs first."""
        first = self.queue[0]
        first.look(self.addr)
        if first.engine is not None:
            first.engine.grant(first, self.looks_at(first))
        return 0

    def acquired(self, cpu: Cpu, row: int) -> int:
        """Record that `cpu` now holds the lock; the first in the queue polls its word."""
        self.owner = cpu.id
        self.holder = cpu
        self.row = row
        self.acquired_at = self.looked_at = cpu.now
        self.lock_class.stats.held[cpu.id] += 1
        if self.queue:
            cpu.polled_by(self.queue[0], self.addr, self.told_at)
        if self.lock_class.stats.witness is not None:
            self.lock_class.stats.witness.acquired(cpu, self)
        return 0
