"""Which CPU the watchdog's timer is queued on, and for when."""

import pytest

from simslab.kernel.time.clocksource import ClocksourceWatchdog
from simslab.kernel.time.timer import Timers

HZ = 250
NOW = 1000


class OnCpu:
    """A CPU that executes nothing but the timer's function."""

    def __init__(self, number):
        self.id = number

    def insn_cold(self, count):
        assert count > 0


class Bench:
    """A watchdog over CPUs of a clock that stands at `now`."""

    def __init__(self, *online):
        self.online = list(online)
        self.now = NOW
        self.timers = Timers(NOW)
        self.dog = ClocksourceWatchdog(self.timers, HZ, lambda _cpu: self.now, lambda: self.online)

    def fire(self):
        """Let the timer fire as if its time had come."""
        number, timer = self.dog.cpu, self.dog.timer
        self.timers.del_timer(timer)
        self.dog.visit(OnCpu(number))
        return number, timer.expires


def test_every_half_second_the_next_cpu_is_visited_and_then_the_first_again():
    bench = Bench(0, 2, 3)
    bench.dog.start(NOW + 10, NOW)
    assert [bench.fire() for _ in range(4)] == [(number, NOW + 10 + HZ // 2 * turn) for turn, number in
                                                enumerate((0, 2, 3, 0), 1)]  # fmt: skip


def test_a_late_visit_does_not_delay_the_next():
    bench = Bench(0, 1)
    bench.dog.start(NOW + 10, NOW)
    bench.now = NOW + 50
    assert bench.fire() == (0, NOW + 10 + HZ // 2)


def test_it_can_begin_on_any_cpu():
    bench = Bench(0, 1, 2)
    bench.dog.start(NOW + 1, NOW, cpu=1)
    assert [bench.fire()[0] for _ in range(3)] == [1, 2, 0]


@pytest.mark.parametrize(("going", "left"), [(3, 1), (2, 3)])
def test_it_goes_from_a_cpu_that_goes_away_to_the_one_that_sees_to_it(going, left):
    bench = Bench(0, 1, 2, 3)
    bench.dog.start(NOW + 10, NOW, cpu=3)
    bench.online.remove(going)
    bench.timers.timers_dead_cpu(going, 1, NOW)
    bench.dog.leave(going, 1)
    assert bench.dog.cpu == left
    assert bench.dog.timer.base is bench.timers.base(left, False)
    assert bench.dog.timer.expires == NOW + 10
