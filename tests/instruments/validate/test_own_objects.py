"""Loops in which each CPU frees its own objects."""

import pytest

from simslab.instruments.validate import own_objects as own


def test_a_pair_costs_the_same_at_every_size(rig):
    small, large = (own.pair(rig, rig.cache(size), 1)["op"] for size in (32, 4096))
    assert large == pytest.approx(small, rel=0.1)


def test_nn_tells_allocations_and_frees_apart_and_leaves_nothing_behind(rig):
    cache = rig.cache(256)
    figures = own.nn(rig, cache, 2, 400)
    assert set(figures) == {"alloc", "free"}
    parked = rig.allocator.parked(cache)
    held = parked.in_cpu_arrays + parked.in_shared_arrays + parked.in_slabs
    assert held == parked.pages * 4096 // 256


@pytest.mark.parametrize("operation", ["alloc", "free"])
def test_operations_timed_one_by_one_have_the_mean_of_the_whole_loop(make_rig, operation):
    rig = make_rig()
    together = own.nn(rig, rig.cache(256), 1, 400)[operation]
    rig = make_rig()
    each = own.hist_nn(rig, rig.cache(256), 1, 400, operation, 0)
    assert each["mean"] == pytest.approx(together, rel=1e-9)
    assert each["p50"] == each["p90"] < each["mean"] < each["p99"] < each["p999"]


def test_the_clock_s_readings_are_in_every_percentile(make_rig):
    plain, timed = (
        own.hist_nn(rig, rig.cache(256), 1, 400, "alloc", ps) for rig, ps in [(make_rig(), 0), (make_rig(), 20_000)]
    )
    assert {name: timed[name] - plain[name] for name in plain} == pytest.approx(dict.fromkeys(plain, 20.0))


def test_bulk_is_cheaper_by_the_object_the_more_there_are(rig):
    one, many = (own.bulk(rig, rig.cache(256), k)["op"] for k in (1, 16))
    assert many < one


def test_a_larger_array_makes_bursts_cheaper(rig):
    small, large = (
        own.burst(rig, rig.cache(64, {"limit": limit, "batchcount": limit // 2, "shared": 8}), 1, 300)
        for limit in (8, 120)
    )
    assert large["free"] < small["free"]


def test_churn_stays_in_the_arrays_when_they_are_large_enough(rig):
    cache = rig.cache(64)
    own.churn(rig, cache, 1, 100)
    assert rig.allocator.parked(cache).in_shared_arrays == 0


def test_random_numbers_are_the_same_every_time():
    first, second = own.chooser(3, 500), own.chooser(3, 500)
    drawn = [first() for _ in range(50)]
    assert drawn == [second() for _ in range(50)]
    assert len(set(drawn)) > 40


def test_arrays_that_need_pages_of_their_own_are_taken_before_the_cpus_run(rig):
    cache = rig.cache(64)
    rig.memory((4 << 20) - 4096)  # leaves room for one of the two arrays
    assert own.nn(rig, cache, 2, 300)["alloc"] > 0
