"""Receiving packets by polling after an interrupt (net/core/dev.c: NAPI).

A device's interrupt handler only notes that the device is to be polled and raises NET_RX_SOFTIRQ. A run of the softirq
calls each device's poll function once, and raises the softirq again for those that may have more; when one has nothing
left its interrupts are allowed again.

Not modelled: interrupts masked for the moment in which the softirq takes the list of devices.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from simslab.kernel.irq.softirq import NET_RX_SOFTIRQ, Softirqs
from simslab.machine.accounting.callsites import site
from simslab.machine.core.cpu import Cpu

NAPI_POLL_WEIGHT: Final = 64  # packets one call of poll may take
NETDEV_BUDGET: Final = 300  # packets one run of the softirq may take
NETDEV_BUDGET_JIFFIES: Final = 2  # and the time (netdev_budget_usecs)
SCHEDULE_INSNS: Final = 40  # estimate: napi_schedule
POLL_INSNS: Final = 120  # estimate: net_rx_action and napi_poll around one call

SITE_DEAD: Final = site("dev_cpu_dead")

PollFunction = Callable[[Cpu, int], int]


class Napi:
    """Devices to be polled, by CPU. A poll function is given a number of packets and returns how many it took.

    One that takes all it may take is polled again by the next run of the softirq; one that takes fewer has ended by
    itself (napi_complete_done).
    """

    def __init__(self, softirqs: Softirqs, nr_cpus: int) -> None:
        self.softirqs = softirqs
        self.poll_list: list[deque[PollFunction]] = [deque() for _ in range(nr_cpus)]
        softirqs.open_softirq(NET_RX_SOFTIRQ, self.net_rx_action)

    def napi_schedule(self, cpu: Cpu, poll: PollFunction) -> None:
        """Have a device polled; in its interrupt handler, interrupts off (napi_schedule_irqoff)."""
        cpu.insn_cold(SCHEDULE_INSNS)
        self.poll_list[cpu.id].append(poll)
        self.softirqs.raise_softirq_irqoff(cpu, NET_RX_SOFTIRQ)

    def dev_cpu_dead(self, gone: Cpu, cpu: Cpu) -> None:
        """Have `cpu` poll the devices that waited on a CPU that is gone (dev_cpu_dead)."""
        moved = self.poll_list[gone.id]
        flags = cpu.irq_save(SITE_DEAD)
        while moved:
            self.napi_schedule(cpu, moved.popleft())
        cpu.irq_restore(flags)

    def net_rx_action(self, cpu: Cpu) -> None:
        """Poll each of this CPU's devices once, unless budget or time are used up before (net_rx_action)."""
        own, budget = self.poll_list[cpu.id], NETDEV_BUDGET
        end = self.softirqs.jiffies(cpu) + NETDEV_BUDGET_JIFFIES
        waiting, again = deque(own), deque[PollFunction]()
        own.clear()  # it takes those that are scheduled meanwhile, whose interrupt raises the softirq
        while waiting and budget > 0 and self.softirqs.jiffies(cpu) < end:
            poll = waiting.popleft()
            cpu.insn_cold(POLL_INSNS)
            taken = poll(cpu, NAPI_POLL_WEIGHT)
            budget -= taken
            if taken >= NAPI_POLL_WEIGHT:
                again.append(poll)
        if waiting or again:
            own.extendleft(reversed(waiting))
            own.extend(again)
            self.softirqs.raise_softirq(cpu, NET_RX_SOFTIRQ)
