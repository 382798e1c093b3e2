"""All CPUs in the allocator while interrupts allocate and free, and tuning, reaping, shrinking and hotplug go on.

The state is audited at every settle point, that is wherever one CPU may give way to another, on random machines.
"""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from storms import WEIGHTS, Storm

from simslab.base.build import running_build
from simslab.base.engine import Deadlock
from simslab.kernel.mm import gfp

COMPILED = running_build().kind == "compiled"
STORMS = 60


@settings(max_examples=12 if COMPILED else 2)
@given(chance=st.randoms(use_true_random=False), steps=st.integers(1, 40 if COMPILED else 8))
def test_no_storm_loses_anything_at_any_settle_point(chance, steps):
    Storm(chance, steps).run().finish()


@pytest.mark.parametrize("seed", range(6 if COMPILED else 2))
def test_nothing_is_lost_in_a_seeded_storm(seed):
    storm = Storm(random.Random(seed), 30).run().finish()
    assert storm.audit.checks == storm.settled > 0


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(STORMS))
def test_nothing_is_lost_in_a_long_storm(seed):
    storm = Storm(random.Random(1000 + seed), 300).run().finish()
    assert storm.audit.checks == storm.settled > 0


@pytest.mark.skipif(not COMPILED, reason="tests the generator of storms, which is the same in both builds")
def test_storms_have_all_there_is():
    """What the storms are worth: interrupts, every operation, CPUs that go and come, objects and slabs in flight."""
    storms = [Storm(random.Random(seed), 40) for seed in range(12)]
    ran, coming, growing, unlisted, downs = set(), 0, 0, 0, 0
    for storm in storms:
        step, look = storm.step, storm.look

        def note_step(name, *arguments, step=step):
            ran.add(name)
            step(name, *arguments)

        def note_look(cpu, storm=storm, look=look):
            nonlocal coming, growing, unlisted, downs
            look(cpu)
            coming = max(coming, storm.objects_coming)
            growing = max(growing, storm.growing)
            unlisted = max(unlisted, len(storm.audit.slabs) - storm.audit.listed)
            downs = max(downs, len(storm.away))

        storm.step, storm.look = note_step, note_look
        storm.run().finish()
    assert ran == set(WEIGHTS)
    assert min(coming, growing, unlisted, downs) > 0
    assert sum(storm.interrupts for storm in storms) > 100


def crowd(seed=3):
    """A storm on a machine with several CPUs."""
    while len((storm := Storm(random.Random(seed), 30)).cpus) < 4:
        seed += 1
    return storm


def until_found(mistake, found):
    """Run storms of several CPUs until an allocation is denied in one while objects are held, and make a mistake there.

    `mistake` gets the storm and the CPU; the storm's audit is to find what `found` matches.
    """
    for seed in range(3, 60):
        storm, made = crowd(seed), []

        def deny(cpu, _chance, _flags, storm=storm, made=made):
            if storm.settled > 50 and storm.held and not made:
                made.append(mistake(storm, cpu))

        storm.deny, fault = deny, None
        try:
            storm.run().finish()
        except AssertionError as error:
            fault = error
        if made:
            assert re.search(found, str(fault))
            return
        assert fault is None
    pytest.fail("no storm gave the occasion")


def test_an_object_lost_in_the_middle_of_a_storm_is_found_at_the_next_settle_point():
    until_found(lambda storm, _cpu: storm.held.pop(), "lost")


def test_an_object_freed_twice_in_the_middle_of_a_storm_is_found():
    until_found(lambda storm, cpu: storm.allocator.kmem_cache_free(cpu, storm.cache, storm.held[0]), "two places")


def test_a_list_lock_held_at_a_settle_point_is_found():
    storm = crowd()

    def hold(cpu, _chance, _flags):
        node = next(n for n in storm.cache.node if n is not None)
        flags = cpu.irq_save(0)
        node.list_lock.lock(cpu, 0)
        cpu.settle()
        node.list_lock.unlock(cpu)
        cpu.irq_restore(flags)

    storm.deny = hold
    with pytest.raises(AssertionError, match="list_lock"):
        storm.run()


def test_a_lock_never_released_is_a_deadlock():
    storm = crowd()
    storm.deny = lambda cpu, chance, flags: None
    mutex = storm.allocator.slab_mutex
    mutex.owner = 63
    with pytest.raises(Deadlock):
        storm.run()


def test_the_same_storm_takes_the_same_course_twice():
    first, second = crowd().run(), crowd().run()
    assert first.held == second.held
    assert [cpu.now for cpu in first.cpus] == [cpu.now for cpu in second.cpus]
    assert first.settled == second.settled


def test_an_atomic_request_in_an_interrupt_never_waits_for_the_mutex():
    storm = crowd()
    storm.allocator.slab_mutex.owner = 63
    objp = storm.allocator.kmem_cache_alloc(storm.cpus[0], storm.cache, gfp.GFP_ATOMIC)
    assert objp
    storm.allocator.kmem_cache_free(storm.cpus[0], storm.cache, objp)
