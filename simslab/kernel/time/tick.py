"""When a CPU has its timer tick: at every jiffy while it works, when needed while idle (kernel/time/tick-sched.c).

An idle CPU has no tick until a standard timer expires or RCU callbacks wait; deferrable timers wait with it. A CPU that
no thread runs on costs nothing but those ticks: it has no context until one is due.

Not modelled: other things that wake an idle CPU (the lockup detectors, load balancing, the vmstat shepherd, which is
deferrable itself); a tick kept because a short idle time is expected.
"""

from __future__ import annotations

from functools import partial

from simslab.base.clock import NEVER
from simslab.base.engine import Engine
from simslab.kernel.locking.rcu import Rcu
from simslab.kernel.time.jiffies import JiffyClock
from simslab.kernel.time.timer import Timers
from simslab.kernel.time.workqueue import Workqueue
from simslab.machine.accounting.vectors import TIMER_VECTOR
from simslab.machine.core.cpu import Cpu


class TickSched:
    """The ticks of all CPUs; `first` is the jiffy at cycle 0."""

    def __init__(
        self,
        cpus: list[Cpu],
        engine: Engine,
        clock: JiffyClock,
        timers: Timers,
        rcu: Rcu,
        work: Workqueue,
    ) -> None:
        self.cpus = cpus
        self.engine = engine
        self.cycles_per_jiffy = clock.cycles_per_jiffy
        self.first = clock.first
        self.timers = timers
        self.rcu = rcu
        self.work = work
        self.idle_until = [0] * len(cpus)
        self.tickless = [0] * len(cpus)  # CPUs without a thread that are awake for a moment
        self.rcu_tick = [-1] * len(cpus)  # when the CPU will be woken for callbacks
        timers.program = self.arm
        rcu.needs_tick = self.needs_tick

    def boundary(self, now: int) -> int:
        """The first jiffy's begin after cycle `now`, in cycles."""
        return (now // self.cycles_per_jiffy + 1) * self.cycles_per_jiffy

    def cycle(self, jiffy: int) -> int:
        """The cycle at which a jiffy begins."""
        return (jiffy - self.first) * self.cycles_per_jiffy

    # -- a CPU that works ---------------------------------------------------------------------------------------------

    def start(self, cpu: Cpu) -> None:
        """Let ticks come from the next jiffy on."""
        cpu.post_irq(self.boundary(cpu.now), TIMER_VECTOR)

    def program_next(self, cpu: Cpu) -> None:
        """In a tick, post the next one."""
        if not self.tickless[cpu.id]:
            cpu.post_irq(self.boundary(cpu.now), TIMER_VECTOR)

    def irq_exit(self, cpu: Cpu) -> None:
        """After a tick and its softirqs: an idle CPU has the next one only when it is needed (tick_nohz_irq_exit)."""
        if cpu.now < self.idle_until[cpu.id] and not self.tickless[cpu.id]:
            self.idle(cpu, self.idle_until[cpu.id])

    # -- a thread's CPU that waits ------------------------------------------------------------------------------------

    def idle(self, cpu: Cpu, until: int) -> None:
        """This CPU is idle until cycle `until`: leave out the ticks that are not needed until then."""
        self.idle_until[cpu.id] = until
        cpu.forget_irq(TIMER_VECTOR)
        time = max(cpu.now, min(self.next_event(cpu), self.boundary(until)))
        cpu.post_irq(time, TIMER_VECTOR)

    def next_event(self, cpu: Cpu) -> int:
        """When an idle CPU must have a tick, in cycles (tick_nohz_next_event)."""
        jiffy = self.timers.next_timer_interrupt(cpu.id)
        timer = NEVER if jiffy == NEVER else self.cycle(jiffy)
        ready = self.rcu.first(cpu.id)
        return min(timer, NEVER if ready >= NEVER else self.boundary(ready))

    # -- wakes --------------------------------------------------------------------------------------------------------

    def arm(self, cpu: int, expiry: int) -> None:
        """A standard timer has been queued for jiffy `expiry`: see that the CPU is awake then."""
        self.engine.background(self.cycle(expiry), partial(self.wake, cpu, self.cycle(expiry)))

    def needs_tick(self, cpu: Cpu, ready: int) -> None:
        """Callbacks of a CPU will be ready at cycle `ready`; one wake at a time is arranged (rcu_needs_cpu)."""
        if self.rcu_tick[cpu.id] < cpu.now:
            self.rcu_tick[cpu.id] = time = self.boundary(ready)
            self.engine.background(time, partial(self._rcu_wake, cpu, time))

    def _rcu_wake(self, cpu: Cpu, time: int) -> None:
        """Wake a CPU for callbacks, and arrange the next wake for those that are not ready yet."""
        self.wake(cpu.id, time)
        self.rcu_tick[cpu.id] = -1
        later = self.rcu.ready_after(cpu.id, time)
        if later < NEVER:
            self.needs_tick(cpu, later)

    def wake(self, number: int, time: int) -> None:
        """A tick is due on a CPU at cycle `time`; one that works has it anyway, one without ticks has it soon."""
        cpu = self.cpus[number]
        if cpu.context is None or cpu.context.dead:
            cpu.now = max(cpu.now, time)
            self.engine.spawn(cpu, partial(self.housekeep, cpu))
            return
        self.engine.wake(cpu, time)
        if self.tickless[number]:
            again = self.boundary(time)
            self.engine.background(again, partial(self.wake, number, again))

    def housekeep(self, cpu: Cpu) -> None:
        """An idle CPU's tick and the work it brings; then the CPU is idle again, without a tick."""
        self.tickless[cpu.id] = 1
        cpu.post_irq(cpu.now, TIMER_VECTOR)
        cpu.deliver_interrupts()
        while cpu.next_work <= cpu.now:
            self.work.run_due_work(cpu)
            cpu.deliver_interrupts()
        self.tickless[cpu.id] = 0
