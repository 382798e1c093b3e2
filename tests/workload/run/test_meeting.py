import pytest

from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.workload.run.meeting import Meeting


@pytest.fixture
def machine():
    return build_machine(load_machine("one-node"))


def test_the_last_party_is_told_that_it_is(machine):
    meeting = Meeting(machine.engine, [2, 1])
    assert meeting.arrive(0, machine.cpus[0]) == 0
    assert meeting.arrive(1, machine.cpus[1]) == 1
    assert meeting.arrive(0, machine.cpus[1]) == 1


def test_a_barrier_is_open_once_released(machine):
    meeting = Meeting(machine.engine, [1, 1])
    meeting.release(0, 50)
    assert meeting.open == [1, 0]


def test_the_region_begins_where_the_last_party_came(machine):
    calls = []
    meeting = Meeting(machine.engine, [1])
    meeting.at_region = lambda: calls.append(meeting.region_start)
    meeting.begin_region(80)
    assert calls == [80]


def test_whoever_asks_is_told_of_a_barrier_before_it_opens(machine):
    seen = []
    meeting = Meeting(machine.engine, [1, 1])
    meeting.at_release = lambda barrier: seen.append((barrier, list(meeting.open)))
    meeting.release(1, 50)
    assert seen == [(1, [0, 0])]
