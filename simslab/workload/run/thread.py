"""A thread of the workload: the loop that executes an operation stream on its CPU.

The loop is where a CPU lets others in: it settles at its horizon, delivers interrupts that are due, runs the kernel's
deferred work, and parks where it must wait for another thread. Waiting is idle time (cause WAIT), never part of an
operation.
"""

from __future__ import annotations

from typing import Any, Final

from simslab.base import buffers
from simslab.base.engine import Engine
from simslab.kernel.kernel import Kernel
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu
from simslab.workload.run.executor import Executor
from simslab.workload.run.meeting import Meeting
from simslab.workload.streams import operations
from simslab.workload.streams.program import ThreadProgram, Words

# What a thread waits for.
FOR_NOTHING: Final = 0
FOR_OBJECT: Final = 1
FOR_ROOM: Final = 2
FOR_BARRIER: Final = 3
FOR_DEVICE: Final = 4
FOR_TIME: Final = 5
AHEAD: Final = 4  # words
WORDS_AHEAD: Final = 16  # and from there, two lines of the host's
LONG_WAIT: Final = 20_000  # model: cycles of idleness worth an event; a shorter wait goes on the CPU's own clock


class WorkloadThread:
    """Executes the words of `program` on `cpu`."""

    def __init__(self, program: ThreadProgram, cpu: Cpu, executor: Executor, meeting: Meeting, kernel: Kernel) -> None:
        times = program.times
        self.name = program.name
        self.cpu = cpu
        self.executor = executor
        self.meeting = meeting
        self.kernel = kernel
        self.length = program.stream.length  # about; how far the run is is told by it
        self.pieces = program.stream.pieces()
        self.piece = 0  # words of the piece of the stream that is being executed
        self.words_owner = buffers.int64_of(words_of_nothing())
        self.words = buffers.int64_pointer(self.words_owner)
        self.timed = 0 if times is None else 1
        self.times_owner = buffers.int64_of(words_of_nothing() if times is None or not len(times) else times)
        self.times = buffers.int64_pointer(self.times_owner)
        self.position = 0  # in the piece
        self.done_before = 0  # words of earlier pieces
        self.started = cpu.now  # cycle at which recording began for this thread
        self.ended = -1  # cycle at which its last operation ended
        self.interrupts_left = 0  # of devices on this CPU
        self.waits_for = FOR_NOTHING
        self.waits_at = 0  # slot or barrier
        self.used_slots: Any = None  # used_slots.UsedSlots, when there are slots enough to be given back
        self.phases: list[tuple[int, int]] = []  # (phase, cycle at which it began)

    def run(self) -> int:
        """Execute the whole stream, then serve the CPU's devices until they have ended."""
        self.cpu.busy = 1
        while self.position < self.piece or self.next_piece():
            self.let_others_in()
            if self.timed and self.times[self.position] > self.cpu.now:
                self.idle_until(self.times[self.position])
                self.let_others_in()
            self.look_ahead()
            self.step(self.words[self.position])
            self.position += 1
        self.executor.recorder.book_outside(self.cpu)
        self.ended = self.cpu.now
        self.cpu.busy = 0
        while self.interrupts_left > 0:
            self.park(FOR_DEVICE, 0)
        self.executor.recorder.book_outside(self.cpu)
        self.waits_for = FOR_NOTHING
        return 0

    def next_piece(self) -> int:
        """Have the next piece of the stream made; 0 at its end."""
        if self.used_slots is not None:
            self.used_slots.after(self.piece)
        words = next(self.pieces, None)
        if words is None:
            return 0
        self.done_before += self.piece
        self.words_owner = buffers.int64_of(words)
        self.words = buffers.int64_pointer(self.words_owner)
        self.piece = len(words)
        self.position = 0
        return 1

    def look_ahead(self) -> int:
        """Tell the host which words and slot come soon.

        Speed: a thread's slots are used when all others have used theirs (benchmarks/allocator.py: 8 CPUs).
        """
        ahead = self.position + AHEAD
        if ahead < self.piece:
            buffers.prefetch(self.words, ahead + WORDS_AHEAD)
            slot = self.words[ahead] >> operations.KIND_BITS
            buffers.prefetch(self.executor.slots, slot * operations.SLOT_FIELDS)
        return 0

    def let_others_in(self) -> int:
        """Do what is due at this time: other CPUs, interrupts, deferred kernel work."""
        if self.cpu.now >= self.cpu.horizon:
            self.cpu.settle()
        return self.do_what_is_due()

    def step(self, word: int) -> int:
        """Execute one operation word."""
        kind = (word & operations.KIND_MASK) * operations.NR_FIELDS
        argument = word >> operations.KIND_BITS
        executor = self.executor
        opcode = executor.kinds[kind + operations.OPCODE]
        row = argument * operations.SLOT_FIELDS
        slots = executor.slots
        if opcode in (operations.ALLOC, operations.KMALLOC):
            address, since = slots[row + operations.SLOT_ADDRESS], slots[row + operations.SLOT_SINCE]
            if address != operations.EMPTY or since > self.cpu.now:
                self.wait_for_room(argument)
            executor.allocate(self.cpu, kind, argument)
        elif opcode in (operations.FREE, operations.KFREE):
            address, since = slots[row + operations.SLOT_ADDRESS], slots[row + operations.SLOT_SINCE]
            if address == operations.EMPTY or since > self.cpu.now:
                self.wait_for_object(argument)
            executor.release(self.cpu, kind, argument)
        else:
            return self.other_step(opcode, kind, argument)
        if executor.kinds[kind + operations.THINK]:
            self.cpu.run(executor.kinds[kind + operations.THINK], causes.WORK)
        return 0

    def other_step(self, opcode: int, kind: int, argument: int) -> int:
        """Execute a word that is no single allocation or free."""
        executor = self.executor
        if opcode == operations.WORK:
            self.cpu.run(argument, causes.WORK)
        elif opcode in (operations.BARRIER, operations.BEGIN_REGION):
            self.meet(argument, opcode)
        elif opcode == operations.PHASE:
            self.phases.append((argument, self.cpu.now))
            if executor.recorder.by_phase is not None:
                executor.recorder.by_phase.begin(argument, self.cpu.now)
        elif opcode == operations.SHRINK:
            executor.allocator.kmem_cache_shrink(self.cpu, executor.caches[executor.kinds[kind + operations.CACHE]])
        elif opcode == operations.BULK_ALLOC:
            for i in range(executor.kinds[kind + operations.COUNT]):
                self.wait_for_room(argument + i)
            executor.allocate_bulk(self.cpu, kind, argument)
        elif opcode == operations.BULK_FREE:
            for i in range(executor.kinds[kind + operations.COUNT]):
                self.wait_for_object(argument + i)
            executor.release_bulk(self.cpu, kind, argument)
        if opcode <= operations.BULK_FREE and executor.kinds[kind + operations.THINK]:
            self.cpu.run(executor.kinds[kind + operations.THINK], causes.WORK)
        return 0

    # -- waiting ------------------------------------------------------------------------------------------------------

    def wait_for_object(self, slot: int) -> int:
        """Return once the slot holds an object (or the mark of a failed allocation) at this CPU's time."""
        executor = self.executor
        while executor.address_in(slot) == operations.EMPTY:
            self.cpu.settle()
            if executor.address_in(slot) == operations.EMPTY:
                executor.wake_for(slot, self.cpu)
                self.park(FOR_OBJECT, slot)
        return self.idle_until(executor.changed_at(slot))

    def wait_for_room(self, slot: int) -> int:
        """Return once the slot is empty at this CPU's time."""
        executor = self.executor
        while executor.address_in(slot) != operations.EMPTY:
            self.cpu.settle()
            if executor.address_in(slot) != operations.EMPTY:
                executor.wake_for(slot, self.cpu)
                self.park(FOR_ROOM, slot)
        return self.idle_until(executor.changed_at(slot))

    def meet(self, barrier: int, opcode: int) -> int:
        """Wait at a barrier until all its parties are there; at BEGIN_REGION the last one starts the recording."""
        self.cpu.settle()
        if self.meeting.arrive(barrier, self.cpu):
            if opcode == operations.BEGIN_REGION:
                self.meeting.begin_region(self.cpu.now)
            self.meeting.release(barrier, self.cpu.now)
        else:
            while not self.meeting.open[barrier]:
                self.park(FOR_BARRIER, barrier)
        if opcode == operations.BEGIN_REGION:
            self.executor.recorder.clear_cpu(self.cpu)
            self.started = self.cpu.now
        return 0

    def park(self, reason: int, place: int) -> int:
        """Be idle until woken, by whoever is waited for or as a tick is due; the caller looks again.

        Interrupts of that time are delivered and work is done at their own instants. An interrupt that arrived while
        this CPU was ahead of the others found nobody to wake: it is delivered instead of going idle.
        """
        if self.cpu.next_irq <= self.cpu.now or self.cpu.next_work <= self.cpu.now:
            return self.do_what_is_due()
        before = self.cpu.now
        self.waits_for, self.waits_at = reason, place
        self.executor.engine.park(self.cpu)
        self.waits_for = FOR_NOTHING
        until = self.cpu.now
        self.cpu.now = before
        return self.catch_up(until)

    def catch_up(self, time: int) -> int:
        """Spend the time until `time`, the present of the simulation, idle; only ticks that are needed come."""
        cpu = self.cpu
        while cpu.now < time:
            if cpu.next_irq < time:
                self.kernel.tick_sched.idle(cpu, time)
            cpu.idle_until(time if time < cpu.next_irq else cpu.next_irq, causes.WAIT)
            self.do_what_is_due()
        return self.do_what_is_due()

    def do_what_is_due(self) -> int:
        """Take interrupts that have arrived, and do the work they left."""
        if self.cpu.next_irq <= self.cpu.now:
            self.cpu.deliver_interrupts()
        if self.cpu.next_work <= self.cpu.now:
            self.deferred_work()
        return 0

    def idle_until(self, time: int) -> int:
        """Wait until `time`; a long wait is slept through, so that other CPUs' interrupts find the CPU."""
        cpu = self.cpu
        while cpu.now < time:
            if time - cpu.now > LONG_WAIT:
                self.sleep_until(time)
            else:
                self.catch_up(time)
        return 0

    def sleep_until(self, time: int) -> int:
        """Park with an event that ends it at `time`; an interrupt may end it before."""
        self.executor.engine.at(time, Waker(self.executor.engine, self.cpu, time))
        return self.park(FOR_TIME, time)

    def deferred_work(self) -> int:
        """Run the kernel's deferred work of this CPU that is due."""
        self.kernel.run_due_work(self.cpu)
        return 0

    def waiting(self, phases: list[str]) -> str:
        """Say what the thread waits for, and in which of the `phases`: a step, or a part of a trace."""
        reasons = ("", "object in slot", "room in slot", "barrier", "device", "cycle")
        phase = f" in '{phases[self.phases[len(self.phases) - 1][0]]}'" if self.phases else ""
        return f"{self.name} on CPU {self.cpu.id}{phase} for {reasons[self.waits_for]} {self.waits_at}"


class Waker:
    """Wakes a CPU at its time if it is idle then."""

    def __init__(self, engine: Engine, cpu: Cpu, time: int) -> None:
        self.engine = engine
        self.cpu = cpu
        self.time = time

    def __call__(self) -> None:
        """Wake it."""
        self.engine.wake(self.cpu, self.time)


def words_of_nothing() -> Words:
    """Return one word that is never executed: an empty buffer has no address."""
    import numpy as np

    return np.zeros(1, dtype=np.int64)
