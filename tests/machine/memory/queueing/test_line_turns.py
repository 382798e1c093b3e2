"""Requests of several cores for one line: how long they wait for each other, beside a queue that knows their order."""

import heapq
import random

import pytest

from simslab.machine.memory.queueing.line_turns import LineTurns

LINE, TAKES = 0x4001240, 300
LATELY = 16_384  # cycles
FIELDS, LATEST = 8, 1  # of a place


def crowd(cores, think, requests=1500):
    """When each core asks first, and what it does between two requests: cycles, the same for every queue."""
    chance = random.Random(cores)
    first = [chance.randrange(think + TAKES) for _ in range(cores)]
    return first, [[int(chance.expovariate(1 / think)) for _ in range(requests)] for _ in range(cores)]


def mean_wait(ask, first, thinking, ahead=0):
    """Mean wait of all requests; a core goes on for `ahead` cycles before another may."""
    clocks = [(now, core) for core, now in enumerate(first)]
    heapq.heapify(clocks)
    left = [list(times) for times in thinking]
    waits = []
    while clocks:
        now, core = heapq.heappop(clocks)
        until = now + ahead
        while left[core] and now <= until:
            waits.append(ask(core, now))
            now += waits[-1] + TAKES + left[core].pop()
        if left[core]:
            heapq.heappush(clocks, (now, core))
    return sum(waits) / len(waits)


def in_order():
    """A queue whose requests come in order of time."""
    free = 0

    def ask(_core, now):
        nonlocal free
        wait = max(0, free - now)
        free = max(free, now) + TAKES
        return wait

    return ask


def estimated(turns, moved=True):
    return lambda core, now: turns.wait(core, LINE, now, TAKES, moved)


@pytest.mark.parametrize("cores", [2, 4, 8, 16])
def test_while_a_line_is_always_under_way_the_wait_is_that_of_a_queue_in_order(cores):
    first, thinking = crowd(cores, 50)
    expected = mean_wait(in_order(), first, thinking)
    assert mean_wait(estimated(LineTurns()), first, thinking) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("cores", "think"), [(2, 600), (2, 2000), (4, 600), (4, 2000), (8, 2000)])
def test_under_less_load_the_time_between_two_requests_is_longer_by_the_wait_within_a_tenth(cores, think):
    first, thinking = crowd(cores, think)
    expected = mean_wait(in_order(), first, thinking)
    found = mean_wait(estimated(LineTurns()), first, thinking)
    assert expected < found < expected + (think + TAKES + expected) / 10


@pytest.mark.parametrize(("cores", "think"), [(2, 600), (4, 2000), (8, 2000)])
def test_cores_that_run_ahead_of_one_another_wait_as_long_within_a_quarter(cores, think):
    first, thinking = crowd(cores, think)
    expected = mean_wait(estimated(LineTurns()), first, thinking)
    assert mean_wait(estimated(LineTurns()), first, thinking, 10_000) == pytest.approx(expected, rel=0.25)


def test_nobody_waits_for_itself():
    turns = LineTurns()
    assert [turns.wait(3, LINE, now, TAKES, True) for now in range(0, 60_000, 10)] == [0] * 6000


def test_a_line_that_moves_now_and_then_is_not_waited_for():
    turns = LineTurns()
    times = range(0, 60 * LATELY, LATELY + 1)
    assert [turns.wait(number % 2, LINE, now, TAKES, True) for number, now in enumerate(times)] == [0] * len(times)


def test_a_line_that_the_l3_sends_and_no_core_is_not_waited_for():
    turns = LineTurns()
    assert mean_wait(estimated(turns, moved=False), *crowd(8, 50)) == 0


def test_what_the_l3_sends_of_a_line_that_moves_waits_too():
    turns = LineTurns()
    mean_wait(estimated(turns), *crowd(8, 50))
    assert turns.wait(9, LINE, latest(turns), 41, False) > TAKES


def test_a_line_in_use_keeps_its_place_from_another_until_it_has_not_been_asked_for_lately():
    turns = LineTurns()
    other = next(line for line in range(LINE + 1, LINE + 100_000) if shares_place(line))
    mean_wait(estimated(turns), *crowd(4, 50))
    now = latest(turns)
    assert [turns.wait(core, other, now + 10, TAKES, True) for core in (0, 1, 0, 1)] == [0] * 4
    assert turns.wait(5, LINE, now + 20, TAKES, True) > 0
    later = now + 20 + LATELY + 1
    for core in (0, 1, 0, 1):
        turns.wait(core, other, later, TAKES, True)
    assert turns.wait(5, LINE, later, TAKES, True) == 0


def latest(turns):
    """The time of the latest request."""
    return max(turns.place_owner[LATEST::FIELDS])


def shares_place(line):
    """Whether a line falls on the place of LINE."""
    turns = LineTurns()
    turns.wait(0, LINE, 1, TAKES, True)
    turns.wait(0, line, LATELY * 3, TAKES, True)
    return sum(1 for word in turns.place_owner[::FIELDS] if word) == 1
