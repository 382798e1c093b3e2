import types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.base.clock import NEVER
from simslab.kernel.time.timer import Timer, Timers

CPU = types.SimpleNamespace(id=0, insn_cold=lambda count: 0)


class Log:
    """Timers of CPU 0 and the (name, jiffy) at which they fired."""

    def __init__(self, start=1000):
        self.timers = Timers(start)
        self.now = start
        self.fired = []

    def add(self, name, expires, deferrable=False):
        timer = Timer(lambda cpu: self.fired.append((name, self.now)), deferrable)
        self.timers.add_timer_on(timer, 0, expires, self.now)
        return timer

    def tick(self, now):
        self.now = now
        return self.timers.run_timers(CPU, now)


@given(st.integers(0, 1 << 40), st.lists(st.integers(0, 200_000), min_size=1, max_size=30))
def test_no_timer_fires_early_and_none_later_than_its_level_allows(start, delays):
    log = Log(start)
    queued = {i: log.add(i, start + delay) for i, delay in enumerate(delays)}
    for now in sorted({timer.bucket_expiry for timer in queued.values()}):
        log.tick(now - 1)
        log.tick(now)
    assert sorted(name for name, _ in log.fired) == sorted(queued)
    for name, fired in log.fired:
        delay = delays[name]
        width = next(8**level for level in range(9) if delay < 63 * 8**level)
        assert start + delay < fired <= start + delay + width
        assert fired % width == 0


@given(st.lists(st.tuples(st.integers(1, 600), st.booleans()), min_size=1, max_size=40), st.integers(1, 97))
def test_every_timer_fires_at_the_first_tick_from_its_expiry_on(delays, period):
    log = Log()
    queued = {i: log.add(i, 1000 + delay, deferrable) for i, (delay, deferrable) in enumerate(delays)}
    expiries = {i: timer.bucket_expiry for i, timer in queued.items()}
    for now in range(1000, 1000 + 600 + 64 + period + 1, period):
        log.tick(now)
    assert dict(log.fired) == {i: -(-(expiry - 1000) // period) * period + 1000 for i, expiry in expiries.items()}


def test_standard_timers_fire_before_deferrable_ones_and_the_last_queued_first():
    log = Log()
    for name, deferrable in (("a", True), ("b", False), ("c", False)):
        log.add(name, 1010, deferrable)
    log.tick(1011)
    assert [name for name, _ in log.fired] == ["c", "b", "a"]


def test_deferrable_timers_do_not_keep_an_idle_cpu_from_sleeping():
    log = Log()
    log.add("deferrable", 1010, deferrable=True)
    assert log.timers.next_timer_interrupt(0) == NEVER
    log.add("standard", 1100)
    assert log.timers.next_timer_interrupt(0) == 1104


def test_a_base_that_slept_counts_from_now_when_a_timer_is_queued():
    log = Log()
    log.tick(50_000)
    timer = log.add("late", 50_010)
    assert timer.bucket_expiry == 50_011


def test_a_timer_for_the_past_fires_at_the_next_tick():
    log = Log()
    log.add("past", 900)
    log.tick(1000)
    assert log.fired == [("past", 1000)]


def test_a_timer_may_queue_itself_again_while_it_fires():
    log = Log()
    timer = Timer(lambda cpu: log.fired.append(log.now) or log.timers.add_timer_on(timer, 0, log.now + 3, log.now))
    log.timers.add_timer_on(timer, 0, 1003, 1000)
    for now in range(1000, 1014):
        log.tick(now)
    assert log.fired == [1004, 1008, 1012]


def test_a_removed_timer_does_not_fire():
    log = Log()
    timer = log.add("gone", 1005)
    assert log.timers.del_timer(timer)
    assert not log.timers.del_timer(timer)
    assert log.tick(1100) == 0


def test_a_queued_timer_cannot_be_queued_again():
    log = Log()
    timer = log.add("once", 1005)
    with pytest.raises(ValueError, match="queued"):
        log.timers.add_timer_on(timer, 0, 1010, 1000)


def test_timers_of_a_cpu_that_is_gone_fire_on_another_at_their_time():
    log = Log()
    for deferrable in (False, True):
        timer = Timer(lambda cpu, which=deferrable: log.fired.append((which, cpu.id, log.now)), deferrable)
        log.timers.add_timer_on(timer, 7, 1005, 1000)
    told = []
    log.timers.program = lambda cpu, expiry: told.append((cpu, expiry))
    log.timers.timers_dead_cpu(7, 0, 1000)
    assert told == [(0, 1006)]  # the deferrable one wakes nobody
    assert not log.timers.due(7, 2000)
    log.tick(1006)
    assert log.fired == [(False, 0, 1006), (True, 0, 1006)]
