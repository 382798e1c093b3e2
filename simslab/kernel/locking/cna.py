"""Who is next in a spinlock's queue when the queue knows of nodes: the compact NUMA-aware lock (not in 5.10).

The rule is that of Dice and Kogan (arXiv:1810.05600) and of the patches "Add NUMA-awareness to qspinlock" (A. Kogan,
never merged): the head of the queue, when it takes the lock, looks for the first waiter on its own node; those before
it go to a secondary queue. Is there none, or has the secondary queue lasted for longer than a threshold
(`qspinlock.numa_spinlock_threshold_ns`, 1 ms in version 15), that queue is put in front of the main one. While it is
empty the order is looked at once in 128 times only (SHUFFLE_REDUCTION_PROB_ARG 7; the patches draw it for each CPU from
low bits of a generator, which come round once in 128 draws; here each lock counts).

Different from version 15, which from 11 on looks at one waiter at a time, and never passes over who has interrupts off:
all who wait for SLAB's locks have, so that it would leave these as they are. Here they are passed over, as at first.

Not modelled: what looking through the queue takes (it is done while the lock is awaited).
"""

from __future__ import annotations

from typing import Any, Final

from simslab.machine.core.cpu import Cpu

SHUFFLED: Final = 128  # hand-overs for one look at the order, while the secondary queue is empty


class NumaAwareQueue:
    """The secondary queue of one lock. While it has waiters, so has the main queue.

    `threshold`, in cycles: how long its first may wait before it is put in front.
    """

    def __init__(self, threshold: int) -> None:
        self.threshold = threshold
        self.secondary: list[Cpu] = []
        self.since = 0  # when the secondary queue was begun
        self.turns = 0

    def order(self, queue: list[Any], cpu: Cpu) -> int:
        """Put in front of the main `queue` who is next after `cpu`, its head, which takes the lock and has left it."""
        if self.secondary:
            if not queue or cpu.now - self.since >= self.threshold:
                return self.splice(queue)
        else:
            self.turns += 1
            if self.turns < SHUFFLED or not queue:
                return 0
            self.turns = 0
        return self.pass_over(queue, cpu)

    def pass_over(self, queue: list[Any], cpu: Cpu) -> int:
        """Move those before the first waiter on the node of `cpu` to the secondary queue."""
        place = 0
        for waiter in queue:
            if waiter.node == cpu.node:
                break
            place += 1
        if place == len(queue):
            return self.splice(queue)
        if place and not self.secondary:
            self.since = cpu.now
        self.secondary += queue[:place]
        del queue[:place]
        return 0

    def splice(self, queue: list[Any]) -> int:
        """Put the secondary queue in front of the main one."""
        queue[:0] = self.secondary
        self.secondary = []
        return 0


def numa_aware_queue(threshold: int) -> NumaAwareQueue | None:
    """Return a lock's secondary queue, None where `threshold` is below 0: its queue knows nothing of nodes."""
    return NumaAwareQueue(threshold) if threshold >= 0 else None
