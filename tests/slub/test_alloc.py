"""Where an object comes from, by the counters that tell."""

from functools import partial

import pytest

from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.machine.accounting.callsites import site
from simslab.machine.description.model import cycles
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.slub import layout, paths, stat_item
from simslab.slub.allocator import SlubAllocator

KERNEL = gfp.GFP_KERNEL


@pytest.fixture
def system(booted):
    allocator = booted("2n8c", slab_nomerge=True)
    return allocator, allocator.kernel.machine.cpus, allocator.kmem_cache_create("c", 192)


def counted(allocator, cache, action):
    """What `action` returns, and the names of the counters that it moved."""
    before = allocator.statistics(cache)
    result = action()
    after = allocator.statistics(cache)
    return result, {
        name: new - old for name, old, new in zip(stat_item.STAT_ITEMS, before, after, strict=True) if new != old
    }


def test_the_first_object_opens_a_slab_and_the_next_follow_in_order(system):
    allocator, cpus, cache = system
    first, counts = counted(allocator, cache, lambda: allocator.kmem_cache_alloc(cpus[0], cache, KERNEL))
    assert counts == {"ALLOC_SLOWPATH": 1, "ALLOC_SLAB": 1}
    assert cpus[0].path == paths.ALLOC_NEW_SLAB
    second, counts = counted(allocator, cache, lambda: allocator.kmem_cache_alloc(cpus[0], cache, KERNEL))
    assert counts == {"ALLOC_FASTPATH": 1}
    assert second == first + 192


def test_a_freed_object_is_the_next_to_be_had(system):
    allocator, cpus, cache = system
    objp = allocator.kmem_cache_alloc(cpus[0], cache, KERNEL)
    allocator.kmem_cache_free(cpus[0], cache, objp)
    assert allocator.kmem_cache_alloc(cpus[0], cache, KERNEL) == objp


def test_a_used_up_slab_takes_back_what_others_freed_into_it(system):
    allocator, cpus, cache = system
    objects = [allocator.kmem_cache_alloc(cpus[0], cache, KERNEL) for _ in range(cache.oo_objects)]
    allocator.kmem_cache_free(cpus[1], cache, objects[3])
    allocator.kmem_cache_free(cpus[1], cache, objects[5])
    found, counts = counted(allocator, cache, lambda: allocator.kmem_cache_alloc(cpus[0], cache, KERNEL))
    assert (found, counts) == (objects[5], {"ALLOC_SLOWPATH": 1, "ALLOC_REFILL": 1})
    assert allocator.kmem_cache_alloc(cpus[0], cache, KERNEL) == objects[3]


def test_a_used_up_slab_is_looked_at_again_when_an_object_is_freed_into_it_before_the_exchange(booted):
    again = []
    for late in range(500, 600, 5):
        allocator = booted("2n8c", slab_nomerge=True)
        cpus, cache = allocator.kernel.machine.cpus, allocator.kmem_cache_create("c", 192)
        objects = [allocator.kmem_cache_alloc(cpus[0], cache, KERNEL) for _ in range(cache.oo_objects)]
        allocator.kmem_cache_free(cpus[1], cache, objects[3])
        cpus[1].now = max(cpu.now for cpu in cpus) + late
        cpus[0].now = cpus[1].now - late + 500
        engine = allocator.kernel.machine.engine
        engine.spawn(cpus[0], partial(allocator.kmem_cache_alloc, cpus[0], cache, KERNEL))
        engine.spawn(cpus[1], partial(allocator.kmem_cache_free, cpus[1], cache, objects[5]))
        engine.run()
        again.append(cache.cpu_slab[0].stats()[stat_item.CMPXCHG_DOUBLE_FAIL])
    assert set(again) == {0, 1}


def test_a_used_up_slab_is_dropped_and_found_again_by_a_free(system):
    allocator, cpus, cache = system
    objects = [allocator.kmem_cache_alloc(cpus[0], cache, KERNEL) for _ in range(cache.oo_objects + 1)]
    _, counts = counted(allocator, cache, lambda: allocator.kmem_cache_free(cpus[4], cache, objects[0]))
    assert counts == {"FREE_SLOWPATH": 1, "CPU_PARTIAL_FREE": 1}
    found, counts = counted(allocator, cache, lambda: allocator.kmem_cache_alloc(cpus[4], cache, KERNEL))
    assert found == objects[0]
    assert counts == {"ALLOC_SLOWPATH": 1, "ALLOC_REFILL": 1, "CPU_PARTIAL_ALLOC": 1}


def test_a_request_for_another_node_gives_up_the_cpu_slab(system):
    allocator, cpus, cache = system
    allocator.kmem_cache_alloc(cpus[0], cache, KERNEL)
    found, counts = counted(allocator, cache, lambda: allocator.kmem_cache_alloc_node(cpus[0], cache, KERNEL, 1))
    assert allocator.kernel.mem_map.nid(found >> 12) == 1
    assert counts["ALLOC_NODE_MISMATCH"] == 1
    assert cache.get_node(0).nr_partial == 1


def test_a_node_that_does_not_exist_is_no_constraint(system):
    allocator, cpus, cache = system
    first = allocator.kmem_cache_alloc(cpus[0], cache, KERNEL)
    _, counts = counted(allocator, cache, lambda: allocator.kmem_cache_alloc_node(cpus[0], cache, KERNEL, 9))
    assert "ALLOC_NODE_MISMATCH" not in counts
    assert first


def test_without_pages_there_is_no_object(system):
    allocator, cpus, cache = system
    allocator.pages.deny_cache, allocator.pages.deny_mask = cache.index, 3
    assert allocator.kmem_cache_alloc(cpus[0], cache, KERNEL) == 0
    assert allocator.kmem_cache_alloc_bulk(cpus[0], cache, KERNEL, 5) == []
    assert cpus[0].path == paths.ALLOC_FAILED


def test_a_bulk_that_cannot_be_had_whole_is_given_back(system):
    allocator, cpus, cache = system
    allocator.kmem_cache_alloc(cpus[0], cache, KERNEL)
    allocator.pages.deny_cache, allocator.pages.deny_mask = cache.index, 3
    assert allocator.kmem_cache_alloc_bulk(cpus[0], cache, KERNEL, cache.oo_objects) == []
    assert len(allocator.kmem_cache_alloc_bulk(cpus[0], cache, KERNEL, cache.oo_objects - 1)) == cache.oo_objects - 1


def test_a_smaller_slab_does_when_there_is_no_large_block(booted):
    allocator = booted("2n8c", slab_nomerge=True)
    cache = allocator.kmem_cache_create("c", 1000)
    cpu = allocator.kernel.machine.cpus[0]
    allocator.pages.deny_cache, allocator.pages.deny_high_order = cache.index, 1
    _, counts = counted(allocator, cache, lambda: allocator.kmem_cache_alloc(cpu, cache, KERNEL))
    assert counts["ORDER_FALLBACK"] == 1
    assert cache.get_node(0).total_objects == cache.min_objects == 4


def test_an_interrupt_between_load_and_exchange_makes_the_allocation_begin_again(system):
    allocator, cpus, cache = system
    cpu, got = cpus[0], []
    allocator.kmem_cache_alloc(cpu, cache, KERNEL)
    expected = cache.cpu_slab[0].freelist
    vector = allocator.kernel.interrupts.request_irq(
        lambda on: got.append(allocator.kmem_cache_alloc(on, cache, gfp.GFP_ATOMIC))
    )
    cpu.post_irq(cpu.now + 1, vector)
    found, counts = counted(allocator, cache, lambda: allocator.kmem_cache_alloc(cpu, cache, KERNEL))
    assert got == [expected]
    assert found == expected + 192
    assert counts == {"ALLOC_FASTPATH": 2, "CMPXCHG_DOUBLE_CPU_FAIL": 1}


def test_zeroing_costs_what_the_object_is_long(system):
    allocator, cpus, cache = system
    cpu = cpus[0]
    cost = []
    for flags in (KERNEL, KERNEL, KERNEL | gfp.ZERO):
        before = cpu.instructions
        allocator.kmem_cache_alloc(cpu, cache, flags)
        cost.append(cpu.instructions - before)
    assert cost[2] == cost[1] + 22


def warm_pair(cmpxchg_double):
    """Cycles of an allocation and a free of 256 bytes on the i7-4790k, with another cost of the exchange."""
    spec = load_machine("i7-4790k")
    if cmpxchg_double is not None:
        costs = spec.kernel.model_copy(update={"cmpxchg_double": cycles(cmpxchg_double)})
        spec = spec.model_copy(update={"kernel": costs})
    allocator = SlubAllocator(Kernel(build_machine(spec), page_stride=layout.PAGE_STRIDE))
    allocator.boot(standing=False)
    cache, cpu = allocator.kmem_cache_create("pairs", 256), allocator.kernel.machine.cpus[0]
    times = []
    for _ in range(60):
        times.append(cpu.now)
        allocator.kmem_cache_free(cpu, cache, allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL))
    return (times[-1] - times[20]) / 39


def test_a_warm_pair_takes_the_published_cycles():
    assert 42 <= warm_pair(None) <= 47


def test_a_machine_says_what_its_exchange_of_two_words_costs():
    assert warm_pair(30) - warm_pair(10) == pytest.approx(2 * 20)


def test_free_pointers_are_wiped_while_a_bulk_allocation_has_interrupts_off(booted):
    """In the loop, with init_on_free (maybe_wipe_obj_freeptr): lines that another CPU has read are to be had back."""
    masked, whole = {}, {}
    for wiped in (False, True):
        allocator = booted("1n4c", slab_nomerge=True, init_on_free=wiped)
        (cpu, reader), cache = allocator.kernel.machine.cpus[:2], allocator.kmem_cache_create("c", 192)
        objects = allocator.kmem_cache_alloc_bulk(cpu, cache, KERNEL, 20)
        allocator.kmem_cache_free_bulk(cpu, cache, objects)
        for objp in objects:
            reader.look(objp + cache.offset)
        cpu.irq_stats.clear()
        begin = cpu.now
        assert sorted(allocator.kmem_cache_alloc_bulk(cpu, cache, KERNEL, 20)) == sorted(objects)
        whole[wiped] = cpu.now - begin
        masked[wiped] = max(spent for spent, _ in cpu.irq_stats.off[site("kmem_cache_alloc_bulk")])
    assert masked[True] - masked[False] == whole[True] - whole[False] > 0


def test_asking_for_zeroes_from_a_cache_with_a_constructor_warns_once_and_in_the_slow_path(booted):
    allocator = booted("1n1c", slab_nomerge=True)
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("made", 192, ctor=1)
    allocator.kmem_cache_alloc(cpu, cache, KERNEL)
    allocator.kmem_cache_alloc(cpu, cache, KERNEL | gfp.ZERO)
    assert allocator.kernel.log.lines == []
    for _ in range(2 * cache.oo_objects):
        allocator.kmem_cache_alloc(cpu, cache, KERNEL | gfp.ZERO)
    (line,) = allocator.kernel.log.lines
    assert line.endswith("WARNING: CPU: 0 PID: 1 at mm/slub.c new_slab_objects")
