"""Who allocated and freed the objects of a cache, as alloc_calls and free_calls show it."""

import pytest
from slub_systems import KERNEL

from simslab.machine.accounting import causes
from simslab.slub.debug.contents import TRACK_ALLOC, TRACK_FREE
from simslab.slub.housekeeping import locations
from simslab.slub.housekeeping.attributes import SHOWS
from simslab.slub.housekeeping.locations import add_list, ages, list_locations


@pytest.fixture
def system(booted):
    """A kernel of two nodes that tracks users; 30 objects by CPU 0, 3 by CPU 5 on node 1; the first was freed."""
    allocator = booted("2n8c", slab_nomerge=True, slub_debug="U")
    cpus, cache = allocator.kernel.machine.cpus, allocator.kmem_cache_create("c", 500)
    objects = [allocator.kmem_cache_alloc(cpus[cpu], cache, KERNEL) for cpu in [0] * 30 + [5] * 3]
    allocator.kmem_cache_free(cpus[3], cache, objects[0])
    return allocator, cache


def shown(system, which):
    return list_locations(*system, which).splitlines()


def test_objects_in_use_are_counted_by_who_allocated_them(system):
    assert shown(system, TRACK_ALLOC) == [
        "     29 swapper/0+0x10/0x40 age=0 pid=1 cpus=0 nodes=0",
        "      3 swapper/5+0x10/0x40 age=0 pid=6 cpus=5 nodes=1",
    ]


def test_objects_that_nobody_freed_so_far_come_first_and_are_as_old_as_time(system):
    allocator, cache = system
    cpu, slab = allocator.kernel.machine.cpus[0], cache.oo_objects
    now = allocator.kernel.jiffies(cpu)
    assert shown(system, TRACK_FREE) == [f"     32 <not-available> age={now}/{now}/{now} pid=0 cpus=0 nodes=0-1"]
    more = {allocator.kmem_cache_alloc(cpu, cache, KERNEL) for _ in range(slab)}  # the freed one is among them
    assert shown(system, TRACK_FREE) == [
        f"     {31 + len(more)} <not-available> age={now}/{now}/{now} pid=0 cpus=0 nodes=0-1",
        "      1 swapper/3+0x20/0x40 age=0 pid=4 cpus=3 nodes=0",
    ]


def test_one_task_on_two_cpus_is_one_location(system):
    allocator, cache = system
    allocator.kernel.log.comm[6] = "swapper/5"
    allocator.kmem_cache_alloc(allocator.kernel.machine.cpus[6], cache, KERNEL)
    assert shown(system, TRACK_ALLOC)[1] == "      4 swapper/5+0x10/0x40 age=0 pid=6-7 cpus=5-6 nodes=1"


def test_ages_are_jiffies_since_the_allocation(system):
    allocator, _ = system
    cpu = allocator.kernel.machine.cpus[2]
    cpu.charge(causes.WORK, 7 * allocator.kernel.cycles_per_jiffy)
    assert [line.split(" age=")[1].split()[0] for line in shown(system, TRACK_ALLOC)] == ["7/7/7"] * 2


@pytest.mark.parametrize(("since", "told"), [([4], "4"), ([0, 0], "0"), ([4, 4], "4/4/4"), ([9, 2, 3], "2/4/9")])
def test_ages_are_least_mean_and_greatest(since, told):
    assert ages(since) == told


def test_a_machine_of_one_cpu_names_neither_cpus_nor_nodes(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="U")
    cache = allocator.kmem_cache_create("c", 500)
    assert list_locations(allocator, cache, TRACK_ALLOC) == "No data\n"
    allocator.kmem_cache_alloc(allocator.kernel.machine.cpus[0], cache, KERNEL)
    assert list_locations(allocator, cache, TRACK_ALLOC) == "      1 swapper/0+0x10/0x40 age=0 pid=1\n"


def test_a_cache_without_tracks_has_no_locations(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FZ")
    assert list_locations(allocator, allocator.kmem_cache_create("c", 500), TRACK_ALLOC) == ""


def test_lines_end_with_the_page(system, monkeypatch):
    monkeypatch.setattr(locations, "LAST_LINE", 50)
    assert len(shown(system, TRACK_ALLOC)) == 1


def test_a_list_that_does_not_fit_is_cut_off():
    assert add_list("x" * 4035, " cpus=0,2,4") == "x" * 4035 + " cpus=0,2,"
    assert add_list("x" * 4036, " cpus=0") == "x" * 4036


def test_the_standing_caches_tell_their_objects_too(booted):
    allocator = booted("2n8c", standing=True, slub_debug="U")
    told = {cache.name: SHOWS["alloc_calls"](allocator, cache) for cache in allocator.caches}
    assert sum(int(line.split()[0]) for line in told["kmem_cache"].splitlines()) == len(allocator.caches)
