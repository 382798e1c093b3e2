"""NUMA-aware spinlocks: who is next, that nobody waits for ever, and what SLAB's locks make of it."""

from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simslab.base.units import parse_duration
from simslab.kernel.kernel import Kernel
from simslab.kernel.locking.cna import SHUFFLED, NumaAwareQueue, numa_aware_queue
from simslab.kernel.locking.spinlock import LockStats, SpinLock
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site

SITE = site("test section")
WORK = causes.WORK
LONG = 1_000_000


def cpu(name, node, now=0):
    return SimpleNamespace(name=name, node=node, now=now)


def names(queue):
    return "".join(waiter.name for waiter in queue)


def queued(places, threshold=LONG):
    """A queue that is looked at from now on, and waiters a, b, ... on nodes."""
    aware = NumaAwareQueue(threshold)
    aware.turns = SHUFFLED
    return aware, [cpu(name, int(node)) for name, node in zip("abcdefgh", places, strict=False)]


@pytest.mark.parametrize(
    ("nodes", "main", "secondary"),
    [
        ("0101", "abcd", ""),
        ("1011", "bcd", "a"),
        ("1210", "d", "abc"),
        ("1111", "abcd", ""),
        ("", "", ""),
    ],
)
def test_who_stands_before_the_first_of_the_own_node_is_passed_over(nodes, main, secondary):
    aware, queue = queued(nodes)
    aware.order(queue, cpu("x", 0))
    assert (names(queue), names(aware.secondary)) == (main, secondary)


def test_the_passed_over_come_back_to_the_front_when_their_node_has_nobody_left():
    aware, queue = queued("1011")
    aware.order(queue, cpu("x", 0))
    aware.order(queue := queue[1:], cpu("b", 0))
    assert (names(queue), aware.secondary) == ("acd", [])


def test_the_passed_over_come_back_when_nobody_else_waits():
    aware, queue = queued("10")
    aware.order(queue, cpu("x", 0))
    aware.order(queue := queue[1:], cpu("b", 0))
    assert (names(queue), aware.secondary) == ("a", [])


def test_after_the_threshold_they_come_back_whoever_waits():
    aware, queue = queued("100", threshold=500)
    aware.order(queue, cpu("x", 0, now=1000))
    aware.order(queue, cpu("x", 0, now=1499))
    assert (names(queue), names(aware.secondary)) == ("bc", "a")
    aware.order(queue, cpu("x", 0, now=1500))
    assert (names(queue), aware.secondary) == ("abc", [])


def test_with_nobody_passed_over_one_hand_over_in_128_looks_at_the_order():
    aware, queue = queued("10")
    aware.turns = 0
    for _ in range(SHUFFLED - 1):
        aware.order(queue, cpu("x", 0))
    assert names(queue) == "ab"
    aware.order(queue, cpu("x", 0))
    assert names(queue) == "b"


@given(
    waiting=st.lists(st.integers(0, 3), max_size=12),
    steps=st.lists(st.tuples(st.integers(0, 400), st.lists(st.integers(0, 3), max_size=3)), max_size=30),
)
def test_nobody_is_lost_doubled_or_left_alone_in_the_secondary_queue(waiting, steps):
    aware = NumaAwareQueue(1000)
    aware.turns = SHUFFLED
    queue = [cpu(str(i), node) for i, node in enumerate(waiting)]
    came, left, now = len(queue), set(), 0
    for passed, comers in steps:
        now += passed
        queue += [cpu(str(came + i), node) for i, node in enumerate(comers)]
        came += len(comers)
        if not queue:
            continue
        head = queue.pop(0)
        left.add(head.name)
        head.now = now
        aware.order(queue, head)
        everybody = [waiter.name for waiter in queue + aware.secondary]
        assert sorted([*everybody, *left], key=int) == [str(i) for i in range(came)]
        assert queue or not aware.secondary


def test_5_10_s_locks_have_no_such_queue_and_those_of_a_kernel_with_a_threshold_have(machine):
    assert numa_aware_queue(-1) is None
    assert SpinLock(0x100000, LockStats(4).lock_class("test")).numa is None
    zone = Kernel(machine, numa_spinlock=parse_duration("2 us")).zones[0]
    assert zone.lock.numa.threshold == 2 * machine.frequency_hz // 10**6


def contended(make_machine, threshold, rounds=60, nodes=2, section=300):
    """(node, came, entered, left) of each section of eight CPUs that do nothing but enter one, in order."""
    machine = make_machine(nodes=nodes, cpus=8 // nodes, quantum=0)
    stats = LockStats(8)
    stats.numa_threshold = threshold
    lock = SpinLock(0x100000, stats.lock_class("test"))
    sections = []

    def loop(one):
        def run():
            one.charge(WORK, 100 * (nodes * (one.id % (8 // nodes)) + one.node))  # nodes take turns at first
            for _ in range(rounds):
                one.charge(WORK, 50 + 13 * one.id)
                one.settle()
                came = one.now
                lock.lock(one, SITE)
                entered = one.now
                one.charge(WORK, section)
                one.settle()
                assert lock.owner == one.id
                lock.unlock(one)
                sections.append((one.node, came, entered, one.now))

        return run

    for one in machine.cpus:
        machine.engine.spawn(one, loop(one))
    machine.engine.run()
    assert len(sections) == 8 * rounds
    return sorted(sections, key=lambda each: each[2])


def crossings(sections):
    """Share of the hand-overs that went to another node."""
    return sum(a[0] != b[0] for a, b in pairwise(sections)) / len(sections)


def test_hand_overs_stay_on_the_node_and_the_lock_is_faster_for_it(make_machine):
    plain, aware = contended(make_machine, -1), contended(make_machine, LONG)
    busy = [sections[SHUFFLED : 7 * SHUFFLED // 2] for sections in (plain, aware)]
    assert crossings(busy[0]) > 0.5
    assert crossings(busy[1]) < 0.02
    assert aware[-1][3] < plain[-1][3]


@settings(max_examples=6)
@given(threshold=st.integers(0, 40_000), section=st.integers(0, 800), nodes=st.sampled_from([2, 4]))
def test_sections_exclude_each_other_and_nobody_waits_much_longer_than_the_threshold(threshold, section, nodes):
    from small_machines import document

    from simslab.machine.machine import build_machine
    from simslab.machine.spec import MachineSpec

    def make_machine(**shape):
        return build_machine(MachineSpec.model_validate(document(nodes=shape["nodes"], cpus=shape["cpus"])), 0)

    sections = contended(make_machine, threshold, rounds=40, nodes=nodes, section=section)
    assert all(before[3] <= after[2] for before, after in pairwise(sections))
    longest = max(entered - came for _, came, entered, _ in sections)
    each = max(after[2] - before[2] for before, after in pairwise(sections))
    assert longest <= nodes * (threshold + 8 * each)
