"""Devices that interrupt a CPU whose softirq allocates: receiving from a network.

The interrupt handler only has the device polled (kernel/irq/napi.py); its interrupts are off until nothing is left, so
a burst that comes meanwhile is taken without one.

Arrivals are an open loop: they come at their times whatever the CPUs do. A packet that finds `ring` packets waiting is
dropped; its slots get the mark of a failed allocation, so that its consumer passes over them. As in a ring of
descriptors, packets leave the queue in the order in which they came.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from simslab.kernel.irq.napi import Napi
from simslab.machine.core.cpu import Cpu
from simslab.workload.run.executor import Executor
from simslab.workload.run.thread import WorkloadThread
from simslab.workload.streams import operations
from simslab.workload.streams.program import DeviceProgram

NR_FIELDS: Final = operations.NR_FIELDS
EMPTY: Final = operations.EMPTY


class ReceiveDevice:
    """One device's interrupts on the CPU of `thread`; `receive` is its handler, `poll` takes the packets."""

    def __init__(
        self, program: DeviceProgram, thread: WorkloadThread, executor: Executor, napi: Napi, start: int
    ) -> None:
        self.program = program
        self.thread = thread
        self.executor = executor
        self.napi = napi
        self.start = start  # cycle from which arrivals count
        self.arrivals: list[int] = program.arrivals.tolist()
        self.rows: list[int] = (program.kinds * NR_FIELDS).tolist()
        self.interrupt = 0  # next burst to be taken
        self.packet = 0  # next packet to be taken
        self.polled = 0  # bursts taken without an interrupt of their own
        self.vector = -1
        self.dropped = 0
        self.waiting: deque[int] = deque()  # first slots of the packets that were not dropped, oldest first
        thread.interrupts_left += len(self.arrivals)

    def post(self) -> None:
        """Let the next interrupt arrive at its time, and wake the CPU then if it is idle."""
        cpu: Any = self.thread.cpu
        time = max(self.start + self.arrivals[self.interrupt], cpu.now)
        cpu.post_irq(time, self.vector)
        engine = self.executor.engine
        engine.at(time, lambda: engine.wake(cpu, time))

    def receive(self, cpu: Cpu) -> int:
        """Handle an interrupt: have the device polled. In interrupt, irqs off."""
        self.interrupt += 1
        self.napi.napi_schedule(cpu, self.poll)
        return 0

    def poll(self, cpu: Cpu, budget: int) -> int:
        """Allocate the objects of up to `budget` packets; how many. Fewer end the polling (napi_complete_done)."""
        taken = 0
        while taken < budget and self._arrived(cpu):
            # A consumer that is behind this CPU may yet free, before this time, what it is about to look at.
            cpu.settle()
            self._packet(cpu, self.packet)
            taken += 1
            self.packet += 1
            if self.packet % self.program.burst == 0:
                self.thread.interrupts_left -= 1
        if taken < budget and self.interrupt < len(self.arrivals):
            self.post()
        return taken

    def _arrived(self, cpu: Cpu) -> bool:
        """Whether a packet is there; a burst that has come while the device was polled needs no interrupt."""
        if self.packet < self.interrupt * self.program.burst:
            return True
        if self.interrupt == len(self.arrivals) or self.start + self.arrivals[self.interrupt] > cpu.now:
            return False
        self.interrupt += 1
        self.polled += 1
        return True

    def _packet(self, cpu: Cpu, packet: int) -> None:
        """Fill a packet's slots, unless `ring` packets wait."""
        objects = self.program.objects
        slot = self.program.first_slot + packet * objects
        waiting = self.waiting
        while waiting and not self._waits(cpu, waiting[0]):
            waiting.popleft()
        drop = len(waiting) >= self.program.ring
        if drop:
            self.dropped += 1
        else:
            waiting.append(slot)
        for i in range(objects):
            if drop:
                self.executor.drop(cpu, slot + i)
            else:
                self.executor.allocate(cpu, self.rows[packet * objects + i], slot + i)

    def _waits(self, cpu: Cpu, first: int) -> bool:
        """Whether any object of the packet in the slots from `first` on has not been taken out at this CPU's time."""
        for slot in range(first, first + self.program.objects):
            address = self.executor.address_in(slot)
            if address > EMPTY or (address == EMPTY and self.executor.changed_at(slot) > cpu.now):
                return True
        return False
