"""Writing a cache's attributes, as the sysfs files would take it."""

import pytest

from simslab.base.errors import BadValue
from simslab.kernel.mm import gfp
from simslab.slub import stat_item
from simslab.slub.creation.sysfs import slab_attr_store


@pytest.fixture
def system(booted):
    allocator = booted(slab_nomerge=True)
    return allocator, allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 192)


def test_min_partial_is_clamped(system):
    allocator, cpu, cache = system
    assert slab_attr_store(allocator, cpu, cache, "min_partial", "100\n") == 4
    assert cache.min_partial == 10


def test_cpu_partial_takes_everything_from_the_cpus(system):
    allocator, cpu, cache = system
    allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert slab_attr_store(allocator, cpu, cache, "cpu_partial", "7") == 1
    assert (cache.cpu_partial, cache.cpu_slab[0].page) == (7, -1)


def test_a_debugged_cache_has_no_cpu_partial_list(booted):
    allocator = booted(slab_nomerge=True, slub_debug="Z")
    cache = allocator.kmem_cache_create("c", 192)
    cpu = allocator.kernel.machine.cpus[0]
    assert slab_attr_store(allocator, cpu, cache, "cpu_partial", "7") == -22
    assert slab_attr_store(allocator, cpu, cache, "cpu_partial", "0") == 1


@pytest.mark.parametrize(("text", "ret"), [("101", -34), ("x", -22), ("-1", -22), ("", -22), ("4294967296", -34)])
def test_a_ratio_that_is_no_percentage_is_refused_and_changes_nothing(system, text, ret):
    allocator, cpu, cache = system
    assert slab_attr_store(allocator, cpu, cache, "remote_node_defrag_ratio", text) == ret
    assert cache.remote_node_defrag_ratio == 1000


def test_a_ratio_is_kept_in_tenths_of_a_percent(system):
    allocator, cpu, cache = system
    assert slab_attr_store(allocator, cpu, cache, "remote_node_defrag_ratio", "30") == 2
    assert cache.remote_node_defrag_ratio == 300


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("batchcount", "a tunable of SLAB"),
        ("order", "cannot be written"),
        ("alloc_calls", "cannot be written"),
        ("failslab", "set by slub_debug when the kernel boots"),
        ("min_partail", "no attribute 'min_partail'"),
    ],
)
def test_attributes_that_cannot_be_written_are_errors(system, name, message):
    allocator, cpu, cache = system
    with pytest.raises(BadValue, match=message):
        slab_attr_store(allocator, cpu, cache, name, "1")


def test_shrink_wants_a_one(system):
    allocator, cpu, cache = system
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    allocator.kmem_cache_free(cpu, cache, objp)
    assert slab_attr_store(allocator, cpu, cache, "shrink", "0") == -22
    assert cache.get_node(0).nr_slabs == 1
    assert slab_attr_store(allocator, cpu, cache, "shrink", "1") == 1
    assert cache.get_node(0).nr_slabs == 0


def test_a_statistic_is_set_to_0_on_every_cpu_and_to_nothing_else(system):
    allocator, cpu, cache = system
    for each in allocator.kernel.machine.cpus:
        allocator.kmem_cache_free(each, cache, allocator.kmem_cache_alloc(each, cache, gfp.GFP_KERNEL))
    assert slab_attr_store(allocator, cpu, cache, "alloc_slowpath", "1") == -22
    before = allocator.statistics(cache)
    assert before[stat_item.STAT_ITEMS.index("ALLOC_SLOWPATH")] == 8
    assert slab_attr_store(allocator, cpu, cache, "alloc_slowpath", "0\n") == 2
    moved = [
        name for name, a, b in zip(stat_item.STAT_ITEMS, before, allocator.statistics(cache), strict=True) if a != b
    ]
    assert moved == ["ALLOC_SLOWPATH"]
    assert allocator.statistics(cache)[stat_item.STAT_ITEMS.index("ALLOC_SLOWPATH")] == 0


def test_a_statistic_misspelt_is_told_with_the_near_miss(system):
    allocator, cpu, cache = system
    with pytest.raises(BadValue) as caught:
        slab_attr_store(allocator, cpu, cache, "alloc_slowpat", "0")
    assert "alloc_slowpath" in str(caught.value.near)
