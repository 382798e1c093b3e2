from simslab.kernel.mm import gfp
from simslab.slub.housekeeping.slabinfo import get_slabinfo, slabinfo_text


def used(booted):
    """A cache of which CPU 0 has a full slab and one with a single object out, and its allocator."""
    allocator = booted("1n1c", slab_nomerge=True)
    cache, cpu = allocator.kmem_cache_create("c", 64), allocator.kernel.machine.cpus[0]
    objects = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(cache.oo_objects + 1)]
    return allocator, cache, cpu, objects


def test_what_a_cpu_has_counts_as_active(booted):
    allocator, cache, _, _ = used(booted)
    info = get_slabinfo(allocator, cache)
    assert (info.active_objs, info.num_objs, info.active_slabs, info.num_slabs) == (128, 128, 2, 2)
    assert (info.objects_per_slab, info.cache_order, info.limit, info.shared_avail) == (64, 0, 0, 0)


def test_free_objects_of_slabs_on_a_nodes_list_do_not(booted):
    allocator, cache, cpu, objects = used(booted)
    allocator.kmem_cache_free(cpu, cache, objects[0])
    allocator.kmem_cache_shrink(cpu, cache)
    assert get_slabinfo(allocator, cache).active_objs == len(objects) - 1


def test_every_free_object_is_parked_somewhere(booted):
    allocator, cache, cpu, objects = used(booted)
    parked = allocator.parked(cache)
    assert (parked.in_cpu_arrays, parked.in_slabs, parked.pages) == (63, 0, 2)
    for objp in objects[:3]:
        allocator.kmem_cache_free(cpu, cache, objp)
    assert allocator.parked(cache).in_cpu_arrays == 66
    allocator.kmem_cache_shrink(cpu, cache)
    parked = allocator.parked(cache)
    assert (parked.in_cpu_arrays, parked.in_slabs) == (0, 66)


def test_the_newest_cache_comes_first(booted):
    allocator, _, _, _ = used(booted)
    lines = slabinfo_text(allocator).splitlines()
    assert lines[0] == "slabinfo - version: 2.1"
    assert lines[2].split()[:6] == ["c", "128", "128", "64", "64", "1"]
    assert len(lines) == 2 + len(allocator.caches)


def test_the_levels_of_cpus_add_up_to_what_is_parked_there(booted):
    allocator, cache, cpu, _ = used(booted)
    levels = allocator.arrays(cache)
    assert {level.kind for level in levels} == {"cpu"}
    assert sum(level.avail for level in levels) == levels[cpu.id].avail == allocator.parked(cache).in_cpu_arrays
