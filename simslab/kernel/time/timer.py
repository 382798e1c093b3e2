"""The timer wheel: timers by CPU, kept in buckets that widen with the delay (kernel/time/timer.c of 5.10).

A level has 64 buckets, each eight times as wide as those of the level below. A timer goes into the lowest level that
reaches as far as its delay and fires at the end of its bucket: never early, late by up to the bucket's width. That is
why a delay of 125 jiffies ends at a multiple of 8, and one of 600 at a multiple of 64.

Each CPU has two bases. The deferrable one never wakes an idle CPU: its timers wait until some other timer interrupt
does. Times are jiffies.

Not modelled: the base's lock and the cache lines of its buckets (the tick's charge stands for them); moving a timer
that is queued (mod_timer; all timers here are queued again only after they have fired or been removed).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from simslab.base.clock import NEVER
from simslab.kernel.time.jiffies import LVL_CLK_SHIFT, LVL_DEPTH, LVL_SPAN, wheel_level

NEXT_TIMER_MAX_DELTA: Final = (1 << 30) - 1  # jiffies: expiry of a base without timers
TIMER_INSNS: Final = 150  # estimate: collecting and detaching one timer, the call of its function

TimerFunction = Callable[[Any], object]


class Timer:
    """A timer (include/linux/timer.h: struct timer_list): `function(cpu)` is called in the timer softirq.

    `base` is where it is queued, None when it is not; it fires at `bucket_expiry`, which is after `expires`.
    """

    def __init__(self, function: TimerFunction, deferrable: bool = False) -> None:
        self.function = function
        self.deferrable = deferrable
        self.expires = 0
        self.bucket_expiry = 0
        self.base: TimerBase | None = None


class TimerBase:
    """The timers of one CPU and kind (struct timer_base). `clk` is the jiffy that runs next, or later.

    Speed: only buckets in use exist, under their expiry and level.
    """

    def __init__(self, now: int) -> None:
        self.clk = now
        self.next_expiry = now + NEXT_TIMER_MAX_DELTA
        self.buckets: dict[tuple[int, int], list[Timer]] = {}

    def forward(self, now: int) -> None:
        """Let an idle base's clock catch up, as far as nothing has expired (forward_timer_base)."""
        if now > self.clk:
            self.clk = max(self.clk, min(now, self.next_expiry))

    def enqueue(self, timer: Timer) -> None:
        """Put a timer into its bucket, before those that are there (internal_add_timer)."""
        level = wheel_level(timer.expires - self.clk)
        shift = level * LVL_CLK_SHIFT
        expires = timer.expires if timer.expires >= self.clk else self.clk - 1
        timer.bucket_expiry = ((expires >> shift) + 1) << shift
        timer.base = self
        self.buckets.setdefault((timer.bucket_expiry, level), []).insert(0, timer)
        self.next_expiry = min(self.next_expiry, timer.bucket_expiry)

    def dequeue(self, timer: Timer) -> None:
        """Take a timer out before it has fired (detach_if_pending)."""
        for key, bucket in list(self.buckets.items()):
            if timer in bucket:
                bucket.remove(timer)
                if not bucket:
                    del self.buckets[key]
        timer.base = None
        self.next_expiry = self._first(self.clk)

    def timers(self) -> list[Timer]:
        """All timers, by bucket in order of the wheel (migrate_timer_list)."""

        def place(key: tuple[int, int]) -> tuple[int, int]:
            expiry, level = key
            return level, (expiry >> level * LVL_CLK_SHIFT) & LVL_SPAN

        return [timer for key in sorted(self.buckets, key=place) for timer in self.buckets[key]]

    def expire(self, now: int) -> list[Timer]:
        """Detach the timers of the next bucket's time if it is due, coarse levels first (collect_expired_timers)."""
        if now < self.clk or now < self.next_expiry:
            return []
        self.clk = self.next_expiry
        expired: list[Timer] = []
        for level in reversed(range(LVL_DEPTH)):
            expired += self.buckets.pop((self.clk, level), [])
        self.clk += 1
        self.next_expiry = self._first(self.clk)
        for timer in expired:
            timer.base = None
        return expired

    def _first(self, clk: int) -> int:
        """When the earliest bucket in use expires (__next_timer_interrupt)."""
        return min((expiry for expiry, _ in self.buckets), default=clk + NEXT_TIMER_MAX_DELTA)


class Timers:
    """Both bases of every CPU, made when they are first used. `program(cpu, expiry)` is told of new standard timers."""

    def __init__(self, now: int) -> None:
        self.start = now
        self.standard: dict[int, TimerBase] = {}
        self.deferrable: dict[int, TimerBase] = {}
        self.program: Callable[[int, int], object] = _nothing

    def base(self, cpu: int, deferrable: bool) -> TimerBase:
        """Return a base of `cpu`."""
        bases = self.deferrable if deferrable else self.standard
        if cpu not in bases:
            bases[cpu] = TimerBase(self.start)
        return bases[cpu]

    def add_timer_on(self, timer: Timer, cpu: int, expires: int, now: int) -> int:
        """Queue a timer on `cpu` for jiffy `expires`; returns the jiffy at which its bucket expires (add_timer_on)."""
        if timer.base is not None:
            raise ValueError("the timer is queued")
        base = self.base(cpu, timer.deferrable)
        base.forward(now)
        timer.expires = expires
        base.enqueue(timer)
        if not timer.deferrable:
            self.program(cpu, timer.bucket_expiry)
        return timer.bucket_expiry

    def del_timer(self, timer: Timer) -> bool:
        """Take a timer out; whether it was queued (del_timer)."""
        if timer.base is None:
            return False
        timer.base.dequeue(timer)
        return True

    def timers_dead_cpu(self, gone: int, cpu: int, now: int) -> None:
        """Move the timers of a CPU that is gone to `cpu`; each fires when it would have, or later (timers_dead_cpu)."""
        for bases in (self.standard, self.deferrable):
            old = bases.pop(gone, None)
            for timer in () if old is None else old.timers():
                timer.base = None
                self.add_timer_on(timer, cpu, timer.expires, now)

    def next_timer_interrupt(self, cpu: int) -> int:
        """The jiffy at which an idle `cpu` must have a tick, deferrable timers left out; NEVER if it needs none.

        Source: get_next_timer_interrupt.
        """
        base = self.standard.get(cpu)
        return NEVER if base is None or not base.buckets else base.next_expiry

    def due(self, cpu: int, now: int) -> bool:
        """Whether a tick at `now` raises the timer softirq (run_local_timers)."""
        return any(cpu in bases and now >= bases[cpu].next_expiry for bases in (self.standard, self.deferrable))

    def run_timers(self, cpu: Any, now: int) -> int:
        """Fire what has expired, the standard base first; returns how many timers (run_timer_softirq)."""
        fired = 0
        for bases in (self.standard, self.deferrable):
            base = bases.get(cpu.id)
            while base is not None and (expired := base.expire(now)):
                for timer in expired:
                    cpu.insn_cold(TIMER_INSNS)
                    timer.function(cpu)
                fired += len(expired)
        return fired


def _nothing(_cpu: int, _expiry: int) -> None:
    """Nobody needs to know."""
