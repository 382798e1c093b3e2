"""Loops of the silicon rows in which others free what a CPU allocated: remote_free, remote_one, one_alloc_n_free,
prodcons, exchange.

Each returns nanoseconds by metric. remote_free and one_alloc_n_free give what their rows give: the mean over all CPUs,
in which those that did not do the part count as 0. A CPU that waits for a word looks at it, pauses and looks again;
the model parks it and lets it look once when the word has been written.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from simslab.instruments.validate.own_objects import COUNTED, WARM, Figures, Tally, allocate_all, chooser, free_all
from simslab.instruments.validate.rig import LINE, LOOP_INSNS, Barrier, Pointers, Rig, arrays_of_pointers, let_in
from simslab.kernel.mm import gfp
from simslab.machine.accounting import causes

if TYPE_CHECKING:
    from simslab.allocator.cache import Cache
    from simslab.machine.core.cpu import Cpu

HANDED: Final = 4000  # objects a repeat
MAILBOX_BYTES: Final = 128


def remote_free(rig: Rig, cache: Cache, cpus: int, n: int) -> Figures:
    """All CPUs but CPU 0 allocate N; then CPU 0 alone frees all of them."""
    spent: dict[str, list[float]] = {"alloc": [], "free": []}
    barrier = Barrier(rig, cpus)
    arrays = arrays_of_pointers(rig, cpus, n)

    def loop(cpu: Cpu) -> None:
        for repeat in range(WARM + COUNTED):
            barrier.meet(cpu)
            start = cpu.now
            if cpu.id:
                allocate_all(rig, cpu, cache, arrays[cpu.id])
            if repeat >= WARM and cpu.id:
                spent["alloc"].append((cpu.now - start) / n)
            barrier.meet(cpu)
            start = cpu.now
            if cpu.id == 0:
                for pointers in arrays[1:]:
                    free_all(rig, cpu, cache, pointers)
                if repeat >= WARM:
                    spent["free"].append((cpu.now - start) / (n * (cpus - 1)))

    rig.run((number, loop) for number in range(cpus))
    return {
        "alloc": rig.ns(sum(spent["alloc"]) / COUNTED / cpus),
        "free": rig.ns(sum(spent["free"]) / COUNTED / cpus),
    }


def remote_one(rig: Rig, cache: Cache, freer: int, n: int) -> Figures:
    """CPU 0 allocates N; then the CPU `freer` frees them."""
    tally, barrier, pointers = Tally(), Barrier(rig, 2), Pointers(rig, n)

    def loop(cpu: Cpu) -> None:
        for repeat in range(WARM + COUNTED):
            for metric, own, part in (("alloc", 0, allocate_all), ("free", freer, free_all)):
                barrier.meet(cpu)
                start = cpu.now
                if cpu.id == own:
                    part(rig, cpu, cache, pointers)
                    if repeat >= WARM:
                        tally.add(metric, cpu.now - start, n)

    rig.run([(0, loop), (freer, loop)])
    return tally.ns(rig)


class Word:
    """A word in a line of its own that CPUs write and wait for; `value` is what the model needs of it."""

    def __init__(self, rig: Rig, align: int = LINE) -> None:
        self.rig = rig
        self.addr = rig.memory(LINE, align)
        self.value = 0
        self.since = 0  # when others see it
        self.waiting: list[Cpu] = []

    def store(self, cpu: Cpu, value: int) -> None:
        """Write it; who waits sees it when the store has retired and the line has come."""
        cpu.settle()
        cpu.write(self.addr)
        self.value, self.since = value, cpu.retired()
        here, self.waiting = self.waiting, []
        for other in here:
            self.rig.machine.engine.wake(other, self.since)

    def look(self, cpu: Cpu) -> int:
        """Read it now."""
        cpu.settle()
        if cpu.now >= self.since:
            cpu.read(self.addr)
        return self.value

    def await_change(self, cpu: Cpu, value: int) -> int:
        """Return its value once it is no longer `value`."""
        cpu.settle()
        while self.value == value:
            self.waiting.append(cpu)
            before = cpu.now
            self.rig.machine.engine.park(cpu)
            after, cpu.now = cpu.now, before
            cpu.spin(after - before, causes.WAIT)
            cpu.settle()
        if self.since > cpu.now:
            cpu.spin(self.since - cpu.now, causes.WAIT)
        cpu.read(self.addr)
        return self.value


def one_alloc_n_free(rig: Rig, cache: Cache, cpus: int, n: int) -> Figures:
    """CPU 0 allocates one object for each other CPU in turn, and waits while that one's mailbox is full."""
    mailboxes = [Word(rig, MAILBOX_BYTES) for _ in range(cpus)]
    spent: dict[str, list[float]] = {"alloc": [], "free": []}
    barrier = Barrier(rig, cpus)

    def giver(cpu: Cpu) -> None:
        for _ in range(n):
            for mailbox in mailboxes[1:]:
                cpu.insn(LOOP_INSNS)
                if mailbox.value:
                    mailbox.await_change(cpu, mailbox.value)
                objp = rig.allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
                mailbox.store(cpu, objp)

    def taker(cpu: Cpu) -> None:
        mailbox = mailboxes[cpu.id]
        for _ in range(n):
            cpu.insn(LOOP_INSNS)
            objp = mailbox.await_change(cpu, 0)
            cpu.write(objp)
            rig.allocator.kmem_cache_free(cpu, cache, objp)
            mailbox.store(cpu, 0)

    def loop(cpu: Cpu) -> None:
        for repeat in range(1 + COUNTED):
            barrier.meet(cpu)
            start = cpu.now
            (taker if cpu.id else giver)(cpu)
            if repeat >= 1:
                spent["free" if cpu.id else "alloc"].append((cpu.now - start) / n)

    rig.run((number, loop) for number in range(cpus))
    return {metric: rig.ns(sum(values) / COUNTED / cpus) for metric, values in spent.items()}


class Ring:
    """A ring of pointers between two CPUs: head, tail and slots on lines of their own."""

    def __init__(self, rig: Rig, entries: int) -> None:
        self.head, self.tail = Word(rig), Word(rig)
        self.slots = rig.memory(8 * entries)
        self.entries = entries
        self.objects: deque[int] = deque()

    def put(self, cpu: Cpu, objp: int) -> None:
        """Hand over an object; waits while the ring is full."""
        self.tail.look(cpu)
        while self.head.value - self.tail.value >= self.entries:
            self.tail.await_change(cpu, self.tail.value)
        cpu.write(self.slots + 8 * (self.head.value % self.entries))
        self.objects.append(objp)
        self.head.store(cpu, self.head.value + 1)

    def take(self, cpu: Cpu, wait: bool = True) -> int:
        """Take the oldest object; 0 when there is none and none is waited for."""
        self.head.look(cpu)
        while self.head.value == self.tail.value or self.head.since > cpu.now:
            if not wait:
                return 0
            if self.head.value == self.tail.value:
                self.head.await_change(cpu, self.head.value)
            else:
                cpu.spin(self.head.since - cpu.now, causes.WAIT)
        cpu.read(self.slots + 8 * (self.tail.value % self.entries))
        objp = self.objects.popleft()
        self.tail.store(cpu, self.tail.value + 1)
        return objp


def prodcons(rig: Rig, cache: Cache, pairs: int, ring: int) -> Figures:
    """CPU i hands objects to CPU (last half) i through a ring; ns per object, mean of both sides."""
    tally, barrier = Tally(), Barrier(rig, 2 * pairs)
    half = len(rig.cpus) // 2
    rings = [Ring(rig, ring) for _ in range(pairs)]

    def loop(cpu: Cpu) -> None:
        produces = cpu.id < pairs
        own = rings[cpu.id if produces else cpu.id - half]
        for repeat in range(WARM + COUNTED):
            barrier.meet(cpu)
            start = cpu.now
            for _ in range(HANDED):
                cpu.insn(2 * LOOP_INSNS)
                if produces:
                    objp = rig.allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
                    cpu.write(objp)
                    own.put(cpu, objp)
                else:
                    objp = own.take(cpu)
                    rig.allocator.kmem_cache_free(cpu, cache, objp)
            if repeat >= WARM:
                tally.add("each", cpu.now - start, HANDED)

    rig.run((number, loop) for i in range(pairs) for number in (i, half + i))
    return tally.ns(rig)


def exchange(rig: Rig, cache: Cache, cpus: int, share: int, live: int, ring: int) -> Figures:
    """Every CPU allocates; `share` per cent go to the CPU half way round, others replace random ones of a window."""
    tally, barrier = Tally(), Barrier(rig, cpus)
    rings = [Ring(rig, ring) for _ in range(cpus)]  # by receiver
    arrays = arrays_of_pointers(rig, cpus, live)

    def loop(cpu: Cpu) -> None:
        pointers, draw = arrays[cpu.id], chooser(cpu.id + 1, 1 << 30)
        allocate_all(rig, cpu, cache, pointers)
        inbox, outbox = rings[cpu.id], rings[(cpu.id + cpus // 2) % cpus]
        for repeat in range(WARM + COUNTED):
            barrier.meet(cpu)
            start = cpu.now
            for _ in range(HANDED):
                let_in(cpu)
                cpu.insn(3 * LOOP_INSNS)
                objp = rig.allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
                cpu.write(objp)
                if draw() % 100 < share and outbox.head.value - outbox.tail.value < ring:
                    outbox.put(cpu, objp)
                else:
                    number = draw() % live
                    cpu.read(pointers.addr + 8 * number)
                    rig.allocator.kmem_cache_free(cpu, cache, pointers.objects[number])
                    cpu.write(pointers.addr + 8 * number)
                    pointers.objects[number] = objp
                handed = inbox.take(cpu, wait=False)
                if handed:
                    rig.allocator.kmem_cache_free(cpu, cache, handed)
            if repeat >= WARM:
                tally.add("each", cpu.now - start, HANDED)

    rig.run((number, loop) for number in range(cpus))
    return tally.ns(rig)
