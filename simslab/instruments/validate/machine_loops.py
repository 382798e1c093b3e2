"""Loops of the silicon rows below the allocator: atomic_inc, qspinlock, pages, and single operations.

Each returns nanoseconds by metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.instruments.validate.own_objects import Figures, Tally
from simslab.instruments.validate.rig import LINE, LOOP_INSNS, Barrier, Rig, let_in
from simslab.kernel.locking.spinlock import SpinLock
from simslab.kernel.mm import gfp
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site

if TYPE_CHECKING:
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
