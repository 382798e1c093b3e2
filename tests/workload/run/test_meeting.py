"""Barriers of a program, with CPUs that do nothing but come and wait."""

import pytest

from simslab.machine.accounting import causes
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.workload.run.meeting import Meeting


class Bench:
    """CPUs that come to barrier 0 of two at these times; the last one releases it a little later."""

    LATER = 50

    def __init__(self, *times, parties=None):
        machine = build_machine(load_machine("one-node"))
        self.engine, self.cpus = machine.engine, machine.cpus[: len(times)]
        self.meeting = Meeting(self.engine, [parties or len(times), 1])
        self.last, self.gone = [], {}
        for cpu, time in zip(self.cpus, times, strict=True):
            self.engine.spawn(cpu, lambda cpu=cpu, time=time: self.come(cpu, time))

    def come(self, cpu, time):
        cpu.charge(causes.WORK, time)
        cpu.settle()
        self.last.append(self.meeting.arrive(0, cpu))
        if self.last[-1]:
            self.meeting.release(0, cpu.now + self.LATER)
        while not self.meeting.open[0]:
            self.engine.park(cpu)
        self.gone[cpu.id] = cpu.now


def test_the_last_of_the_parties_is_told_so():
    bench = Bench(300, 100, 200)
    bench.engine.run()
    assert bench.last == [0, 0, 1]


def test_those_who_wait_go_on_when_the_last_one_says():
    bench = Bench(300, 100, 200)
    bench.engine.run()
    assert bench.gone == {0: 300, 1: 300 + Bench.LATER, 2: 300 + Bench.LATER}


def test_a_release_opens_its_own_barrier_only():
    bench = Bench(10, 20)
    bench.engine.run()
    assert bench.meeting.open == [1, 0]


@pytest.mark.parametrize("known", [True, False])
def test_the_region_begins_with_whoever_wants_to_know(known):
    meeting, begun = Bench(1).meeting, []
    if known:
        meeting.at_region = lambda: begun.append(meeting.region_start)
    meeting.begin_region(90)
    assert (meeting.region_start, begun) == (90, [90] if known else [])
