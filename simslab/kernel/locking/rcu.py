"""Read-copy-update: work put off until every reader that could be running has finished (kernel/rcu/tree.c)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from simslab.base.clock import NEVER
from simslab.machine.core.cpu import Cpu

GRACE_PERIOD_JIFFIES: Final = 3  # estimate: begin, quiescent states at a tick, end
CALL_RCU_INSNS: Final = 60  # estimate
CALLBACK_INSNS: Final = 30  # estimate
BLIMIT: Final = 10  # callbacks of a batch,
RCU_DIVISOR: Final = 7  # or of all those that wait one in 128 (a shift);
MAX_BLIMIT: Final = 10_000  # or so many in a flood of callbacks,
QHIMARK: Final = 10_000  # which more than these begin
QLOWMARK: Final = 100  # and these or fewer end


class Rcu:
    """Callbacks by CPU, oldest first, with the time (cycles) at which their grace period has ended.

    Not modelled: quiescent states; every grace period takes the same number of jiffies.
    """

    def __init__(self, cycles_per_jiffy: int, nr_cpus: int) -> None:
        self.grace_period = GRACE_PERIOD_JIFFIES * cycles_per_jiffy
        self.needs_tick: Callable[[Cpu, int], object] = _nobody
        self.callbacks: list[deque[tuple[int, Callable[..., object], Any]]] = [deque() for _ in range(nr_cpus)]
        self.flooded: set[int] = set()  # CPUs

    def call_rcu(self, cpu: Cpu, function: Callable[..., object], argument: Any) -> None:
        """Call `function(cpu, argument)` on this CPU after a grace period, after a tick, in the RCU softirq."""
        cpu.insn(CALL_RCU_INSNS)
        ready = cpu.now + self.grace_period
        self.callbacks[cpu.id].append((ready, function, argument))
        self.needs_tick(cpu, ready)

    def batch(self, cpu: Cpu) -> int:
        """How many callbacks the softirq runs at once; as many as there are on a CPU that is idle (rcu_do_batch).

        Not modelled: the limit of 3 ms; that a flood ends quiescent states sooner (rcu_force_quiescent_state).
        """
        pending = len(self.callbacks[cpu.id])
        if pending > QHIMARK:
            self.flooded.add(cpu.id)
        elif pending <= QLOWMARK:
            self.flooded.discard(cpu.id)
        limit = MAX_BLIMIT if cpu.id in self.flooded else BLIMIT
        return max(limit, pending >> RCU_DIVISOR) if cpu.busy else pending

    def rcu_core(self, cpu: Cpu, until: int = -1, most: int = NEVER) -> int:
        """Run at most `most` callbacks whose grace period is over (by `until`, default now); returns how many."""
        limit = cpu.now if until < 0 else until
        queue, ran = self.callbacks[cpu.id], 0
        while queue and ran < most and queue[0][0] <= limit:
            _, function, argument = queue.popleft()
            cpu.insn(CALLBACK_INSNS)
            function(cpu, argument)
            ran += 1
        return ran

    def rcu_barrier(self, cpu: Cpu) -> int:
        """Run every callback queued so far, all on `cpu` (rcu_barrier; without an engine nobody else would)."""
        ran = 0
        for queue in self.callbacks:
            pending = len(queue)
            for _ in range(pending):
                _, function, argument = queue.popleft()
                function(cpu, argument)
            ran += pending
        return ran + self.rcu_core(cpu, NEVER)

    def after_barrier(self, cpu: Cpu, function: Callable[[Cpu], object]) -> None:
        """Call `function(cpu)` once every callback queued so far has run, on the CPU of the last (rcu_barrier).

        Like the kernel, puts a callback behind those of each CPU that has any; without any it calls at once.
        """
        busy = [queue for queue in self.callbacks if queue]
        if not busy:
            function(cpu)
            return
        left = len(busy)

        def rcu_barrier_callback(on: Cpu, _: Any) -> None:
            nonlocal left
            left -= 1
            if not left:
                function(on)

        cpu.insn(CALL_RCU_INSNS * left)
        for queue in busy:
            queue.append((queue[-1][0], rcu_barrier_callback, None))

    def rcutree_migrate_callbacks(self, gone: Cpu, cpu: Cpu) -> None:
        """Hand the callbacks of a CPU that is gone to `cpu` (rcutree_migrate_callbacks, rcu_segcblist_merge).

        Those whose grace period is over go before its own, the others behind them to wait for a whole one more.
        """
        moved, own = self.callbacks[gone.id], self.callbacks[cpu.id]
        if not moved:
            return
        done = [callback for callback in moved if callback[0] <= cpu.now]
        ready = cpu.now + self.grace_period
        own.extendleft(reversed(done))
        own.extend((ready, function, argument) for _, function, argument in list(moved)[len(done) :])
        moved.clear()
        self.needs_tick(cpu, max(cpu.now, own[0][0]))

    def ready_after(self, cpu_id: int, time: int) -> int:
        """When (cycles) the first callback on this CPU that is not ready at `time` will be; NEVER without one."""
        return next((ready for ready, _, _ in self.callbacks[cpu_id] if ready > time), NEVER)

    def ready(self, cpu: Cpu) -> bool:
        """Whether callbacks of this CPU may run (rcu_pending)."""
        queue = self.callbacks[cpu.id]
        return bool(queue) and queue[0][0] <= cpu.now

    def first(self, cpu_id: int) -> int:
        """When (cycles) the oldest callback on this CPU may run; NEVER without one."""
        return self.callbacks[cpu_id][0][0] if self.callbacks[cpu_id] else NEVER

    def pending(self) -> int:
        """Callbacks that have not run yet."""
        return sum(len(queue) for queue in self.callbacks)


def _nobody(_cpu: Cpu, _ready: int) -> None:
    """Without ticks, only rcu_barrier runs callbacks."""
