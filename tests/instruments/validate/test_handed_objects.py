"""Loops in which another CPU frees."""

import pytest

from simslab.instruments.validate import handed_objects as handed


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(handed, "HANDED", 200)


def test_in_remote_free_the_cpu_that_does_nothing_counts_as_0(rig):
    """As the rows of the silicon have it: of two CPUs one allocates and the other frees, so each figure is halved."""
    alone, shared = handed.remote_one(rig, rig.cache(256), 1, 300), handed.remote_free(rig, rig.cache(256), 2, 300)
    assert shared["alloc"] == pytest.approx(alone["alloc"] / 2, rel=0.1)
    assert shared["free"] == pytest.approx(alone["free"] / 2, rel=0.1)


def test_the_freer_of_remote_one_frees_all(rig):
    cache = rig.cache(256)
    handed.remote_one(rig, cache, 1, 300)
    assert cache.cpu_cache[1].avail > 0


def test_a_waiting_cpu_sees_a_word_after_its_store_has_retired(rig):
    word, seen = handed.Word(rig), {}

    def writes(cpu):
        cpu.charge(0, 3000)
        word.store(cpu, 7)
        seen["written"] = word.since

    def waits(cpu):
        seen["value"] = word.await_change(cpu, 0)
        seen["read"] = cpu.now

    rig.run([(0, writes), (1, waits)])
    assert seen["value"] == 7
    assert seen["read"] > seen["written"]


def test_a_ring_hands_over_in_order_and_never_holds_more_than_its_entries(rig):
    ring, taken, most = handed.Ring(rig, 4), [], [0]

    def gives(cpu):
        for objp in range(1, 21):
            ring.put(cpu, objp)
            most[0] = max(most[0], len(ring.objects))

    def takes(cpu):
        cpu.charge(0, 10_000)
        taken.extend(ring.take(cpu) for _ in range(20))

    rig.run([(0, gives), (1, takes)])
    assert taken == list(range(1, 21))
    assert most[0] <= 4


@pytest.mark.parametrize("workload", ["one_alloc_n_free", "prodcons", "exchange"])
def test_what_is_handed_over_is_freed(rig, workload):
    cache = rig.cache(256)
    arguments = {"one_alloc_n_free": (2, 100), "prodcons": (1, 256), "exchange": (2, 20, 50, 256)}[workload]
    assert all(ns > 0 for ns in getattr(handed, workload)(rig, cache, *arguments).values())
    parked = rig.allocator.parked(cache)
    free = parked.in_cpu_arrays + parked.in_shared_arrays + parked.in_slabs
    live = parked.pages * 16 - free
    assert 0 <= live <= (0 if workload != "exchange" else 2 * 50 + 2 * 256)
