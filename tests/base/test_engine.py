import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simslab.base.clock import NEVER
from simslab.base.engine import Clocked, Deadlock, Engine


class Runner:
    """A context that charges fixed steps and logs when it runs."""

    def __init__(self, engine, ident, steps, log):
        self.engine, self.clocked, self.steps, self.log = engine, Clocked(ident), steps, log
        engine.spawn(self.clocked, self.run)

    def run(self):
        for step in self.steps:
            self.clocked.now += step
            self.engine.settle(self.clocked)
            self.log.append((self.clocked.now, self.clocked.ident))


def test_contexts_run_in_order_of_time_and_then_number():
    engine, log = Engine(quantum=100), []
    for ident, steps in enumerate([[5, 5, 5], [3, 7, 1], [5, 5, 1]]):
        Runner(engine, ident, steps, log)
    engine.run()
    assert log == sorted(log)
    assert len(log) == 9


@given(st.lists(st.lists(st.integers(0, 50), max_size=20), min_size=1, max_size=9))
def test_any_steps_are_merged_in_order(programs):
    engine, log = Engine(quantum=0), []
    for ident, steps in enumerate(programs):
        Runner(engine, ident, steps, log)
    engine.run()
    assert log == sorted(log)
    assert len(log) == sum(map(len, programs))


def test_an_event_comes_before_a_context_of_the_same_time():
    engine, log = Engine(), []
    Runner(engine, 0, [10, 10], log)
    engine.at(10, lambda: log.append("event"))
    engine.run()
    assert log == ["event", (10, 0), (20, 0)]


def test_a_coroutine_awaits_events():
    engine, seen = Engine(), []

    async def device():
        for _ in range(3):
            await engine.timeout(7)
            seen.append(int(engine.env.now))

    engine.process(device())
    engine.run()
    assert seen == [7, 14, 21]


def test_settle_is_a_no_op_without_a_running_engine():
    engine, clocked = Engine(), Clocked(0)
    clocked.now = 5
    assert engine.settle(clocked) == 0
    assert clocked.now == 5


def test_settle_sets_the_horizon_one_quantum_ahead():
    engine, horizons = Engine(quantum=100), []
    clocked = Clocked(0)

    def run():
        clocked.now += 50
        engine.settle(clocked)
        horizons.append(clocked.horizon)

    engine.spawn(clocked, run)
    engine.run()
    assert horizons == [150]


def test_a_parked_context_continues_when_woken_not_before_its_own_clock():
    engine, times = Engine(), []
    sleeper, waker = Clocked(0), Clocked(1)

    def sleep():
        engine.park(sleeper)
        times.append(sleeper.now)
        sleeper.now = 500
        engine.park(sleeper)
        times.append(sleeper.now)

    def wake():
        for at in (30, 40):
            waker.now = at
            engine.settle(waker)
            engine.wake(sleeper, at)

    engine.spawn(sleeper, sleep)
    engine.spawn(waker, wake)
    engine.run()
    assert times == [30, 500]


def test_contexts_left_parked_are_a_deadlock_that_names_them():
    engine, clocked = Engine(), Clocked(3)
    engine.spawn(clocked, lambda: engine.park(clocked))
    with pytest.raises(Deadlock) as caught:
        engine.run()
    assert caught.value.parked == [3]


def test_parking_outside_a_run_is_a_deadlock():
    with pytest.raises(Deadlock):
        Engine().park(Clocked(0))


def test_an_error_in_a_context_ends_the_run_and_the_other_contexts():
    engine = Engine()
    first, second = Clocked(0), Clocked(1)

    def fail():
        first.now = 10
        engine.settle(first)
        raise ValueError("broken")

    def wait():
        second.now = 1000
        engine.settle(second)
        raise AssertionError("ran after the failure")

    engine.spawn(first, fail)
    engine.spawn(second, wait)
    with pytest.raises(ValueError, match="broken"):
        engine.run()
    assert not engine.running


@given(st.lists(st.integers(0, NEVER), max_size=60))
def test_the_heap_gives_keys_back_in_order(keys):
    engine = Engine()
    for key in keys:
        engine.push(key)
    assert [engine.pop() for _ in keys] == sorted(keys)


def test_a_background_duty_is_done_at_its_time():
    engine, clocked, times = Engine(), Clocked(0), []

    def run():
        engine.at(900, lambda: None)
        engine.background(70, lambda: engine.wake(clocked, 70))
        engine.park(clocked)
        times.append(clocked.now)

    engine.spawn(clocked, run)
    engine.run()
    assert times == [70]


def test_background_duties_alone_keep_nothing_running():
    engine, clocked = Engine(), Clocked(0)

    def run():
        while True:
            time = clocked.now + 100
            engine.background(time, lambda time=time: engine.wake(clocked, time))
            engine.park(clocked)

    engine.spawn(clocked, run)
    with pytest.raises(Deadlock):
        engine.run()


def test_only_a_grant_ends_queueing():
    engine, times = Engine(), []
    waiter, other = Clocked(0), Clocked(1)

    def wait():
        engine.queue(waiter)
        times.append(waiter.now)

    def wake():
        engine.settle(other)
        engine.wake(waiter, 5)
        other.now = 50
        engine.settle(other)
        engine.grant(waiter, 50)

    engine.spawn(waiter, wait)
    engine.spawn(other, wake)
    engine.run()
    assert times == [50]


def test_a_swallowed_exception_ends_the_run_at_the_next_settle_and_is_raised():
    """Context 0 goes on to its own settle only."""
    engine, log = Engine(quantum=100), []
    runner = Runner(engine, 0, [1] * 5, log)
    Runner(engine, 1, [1, 1], log)
    runner.steps = swallowing(3)
    with pytest.raises(MemoryError):
        engine.run()
    assert (engine.running, max(log)[0]) == (0, 2)
    engine.run()


def swallowing(number):
    """Steps of one cycle; before the `number`th an exception is swallowed as compiled code does."""
    for step in range(1, 9):
        if step == number:
            sys.unraisablehook(SimpleNamespace(exc_type=MemoryError, exc_value=MemoryError(), object="simslab.a"))
        yield 1
