"""Loops of the rows below the allocator: atomic_inc, qspinlock, pages, and single operations.

Each returns nanoseconds by metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.instruments.validate.own_objects import COUNTED, WARM, Figures, Tally
from simslab.instruments.validate.rig import LINE, LOOP_INSNS, Barrier, Pointers, Rig, let_in
from simslab.kernel.locking.spinlock import SpinLock
from simslab.kernel.mm import gfp
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site

if TYPE_CHECKING:
    from simslab.kernel.mm.page_alloc import PageAllocator
    from simslab.machine.core.cpu import Cpu

TURNS: Final = 200
SKIPPED: Final = 20
ATOMICS: Final = 300
PAGES: Final = 500
SITE: Final = site("validate")


def atomic_inc(rig: Rig, cpus: int) -> Figures:
    """N CPUs `lock xadd` one word without pause: ns per increment of each CPU."""
    tally, barrier = Tally(), Barrier(rig, cpus)
    addr = rig.memory(LINE)

    def loop(cpu: Cpu) -> None:
        barrier.meet(cpu)
        start = cpu.now
        for turn in range(ATOMICS + SKIPPED):
            if turn == SKIPPED:
                start = cpu.now
            cpu.settle()
            cpu.atomic_in_turn(addr)
        tally.add("each", cpu.now - start, ATOMICS)

    rig.run((number, loop) for number in range(cpus))
    return tally.ns(rig)


def qspinlock(rig: Rig, cpus: int, delay_ns: float) -> Figures:
    """N CPUs lock, increment a word of the lock's own line, delay, unlock, without pause: ns per turn of each CPU."""
    tally, barrier = Tally(), Barrier(rig, cpus)
    lock = SpinLock(rig.memory(LINE), rig.system.kernel.lock_stats.lock_class("validate"))
    delay = round(delay_ns * rig.machine.frequency_hz / 1e9)

    def loop(cpu: Cpu) -> None:
        barrier.meet(cpu)
        start = cpu.now
        for turn in range(TURNS + SKIPPED):
            if turn == SKIPPED:
                start = cpu.now
            lock.lock(cpu, SITE)
            cpu.update(lock.addr + 8)
            cpu.charge(causes.WORK, delay)
            lock.unlock(cpu)
        tally.add("each", cpu.now - start, TURNS)

    rig.run((number, loop) for number in range(cpus))
    return tally.ns(rig)


def pages(rig: Rig, order: int) -> Figures:
    """Allocate and free 2**order pages, in a loop."""
    tally = Tally()
    allocator = rig.system.kernel.page_allocator

    def loop(cpu: Cpu) -> None:
        _age(cpu, allocator, order)
        for repeat in range(2):
            start = cpu.now
            for _ in range(PAGES):
                let_in(cpu)
                cpu.insn(LOOP_INSNS)
                allocator.free_pages(cpu, allocator.alloc_pages(cpu, gfp.GFP_KERNEL, order, 0), order)
            if repeat:
                tally.add("alloc_free_pair", cpu.now - start, PAGES)

    rig.run([(0, loop)])
    return tally.ns(rig)


def pages_in_batches(rig: Rig, order: int, batch: int) -> Figures:
    """Allocate `batch` times 2**order pages, then free them in that order: ns for each, without reading the clock."""
    tally = Tally()
    allocator = rig.system.kernel.page_allocator
    taken = Pointers(rig, batch)

    def allocate(cpu: Cpu, number: int) -> None:
        taken.objects[number] = allocator.alloc_pages(cpu, gfp.GFP_KERNEL, order, 0)
        taken.store(cpu, number)

    def free(cpu: Cpu, number: int) -> None:
        taken.load(cpu, number)
        allocator.free_pages(cpu, taken.objects[number], order)

    def loop(cpu: Cpu) -> None:
        _age(cpu, allocator, order, batch)
        for repeat in range(WARM + max(COUNTED, PAGES // batch)):
            for metric, part in (("alloc", allocate), ("free", free)):
                start = cpu.now
                for number in range(batch):
                    let_in(cpu)
                    cpu.insn(LOOP_INSNS)
                    part(cpu, number)
                if repeat >= WARM:
                    tally.add(metric, cpu.now - start, batch)

    rig.run([(0, loop)])
    return tally.ns(rig)


def _age(cpu: Cpu, allocator: PageAllocator, order: int, blocks: int = 1) -> None:
    """Leave free blocks whose buddies are taken, as there are on a machine that has been up for long.

    On a fresh one each block is split from the largest, and merges with all its buddies when it comes back. Pages of
    order 0 stay so: up to `high` they come from the CPU's list, more of them from large blocks.
    """
    if order == 0 or allocator.stand_in is not None:
        return
    taken = [allocator.alloc_pages(cpu, gfp.GFP_KERNEL, order, 0) for _ in range(2 * blocks)]
    for pfn in taken[::2]:
        allocator.free_pages(cpu, pfn, order)


def irq(rig: Rig) -> Figures:
    """Save and restore of the interrupt flag."""
    tally = Tally()

    def loop(cpu: Cpu) -> None:
        start = cpu.now
        for _ in range(TURNS):
            cpu.irq_restore(cpu.irq_save(SITE))
        tally.add("pushf_pop_push_popf", cpu.now - start, TURNS)

    rig.run([(0, loop)])
    return tally.ns(rig)
