"""Every kind of damage is found."""

import re

import pytest

from simslab.conform.slub.audit import SlubAudit
from simslab.kernel.mm import gfp
from simslab.slub.housekeeping.shrink import flush_cpus


@pytest.fixture
def system(booted):
    """A cache with slabs of all kinds: CPU 0's, two on CPU 1's list, two on the node's list, one full."""
    allocator = booted("1n4c", slab_nomerge=True)
    cpus = allocator.kernel.machine.cpus
    cache = allocator.kmem_cache_create("c", 1000)
    audit = SlubAudit(allocator, cache)
    allocator.observe(audit)
    num = cache.oo_objects
    held = [allocator.kmem_cache_alloc(cpus[0], cache, gfp.GFP_KERNEL) for _ in range(6 * num + 3)]

    def free(cpu, slab):
        allocator.kmem_cache_free(cpu, cache, held.pop(held.index(first[slab])))

    first = [held[num * slab] for slab in range(6)]
    free(cpus[2], 0)
    free(cpus[2], 1)
    cache.cpu_partial = 6
    flush_cpus(allocator, cpus[2], cache, [2])
    free(cpus[1], 2)
    free(cpus[1], 3)
    return allocator, cache, audit, held


def test_a_sound_cache_has_no_problems(system):
    _, _, audit, held = system
    assert audit.check(held) == []


def node(cache):
    return cache.get_node(0)


DAMAGE = {
    "an object is forgotten by its user": lambda allocator, cache, held: held.pop(),
    "an object is held twice": lambda allocator, cache, held: held.append(held[0]),
    "a free object is held": lambda allocator, cache, held: held.append(cache.cpu_slab[0].freelist),
    "nr_partial": lambda allocator, cache, held: setattr(node(cache), "nr_partial", 3),
    "nr_slabs": lambda allocator, cache, held: setattr(node(cache), "nr_slabs", 1),
    "total_objects": lambda allocator, cache, held: setattr(node(cache), "total_objects", 1),
    "inuse of a listed slab": lambda allocator, cache, held: bump(allocator, node(cache).lists_owner[0], 1),
    "frozen while listed": lambda allocator, cache, held: bump(allocator, node(cache).lists_owner[0], 0x80000000),
    "not frozen with a CPU": lambda allocator, cache, held: bump(allocator, cache.cpu_slab[0].page, -0x80000000),
    "two CPUs with a slab": lambda allocator, cache, held: setattr(cache.cpu_slab[3], "page", cache.cpu_slab[0].page),
    "a CPU slab dropped": lambda allocator, cache, held: setattr(cache.cpu_slab[0], "page", -1),
    "a CPU list dropped": lambda allocator, cache, held: setattr(cache.cpu_slab[1], "partial", -1),
    "a CPU list miscounted": lambda allocator, cache, held: allocator.pages.mem_map.set(
        "prev", cache.cpu_slab[1].partial, 5 | 5 << 32
    ),
    "a freelist cut short": lambda allocator, cache, held: allocator.pages.freelists.set_freepointer(
        cache, cache.cpu_slab[0].freelist, 0
    ),
    "a freelist in a circle": lambda allocator, cache, held: allocator.pages.freelists.set_freepointer(
        cache, cache.cpu_slab[0].freelist, cache.cpu_slab[0].freelist
    ),
    "a slab that does not live": lambda allocator, cache, held: setattr(cache.cpu_slab[3], "page", 5),
}


def bump(allocator, pfn, change):
    allocator.pages.mem_map.set("s_mem", pfn, allocator.pages.mem_map.get("s_mem", pfn) + change)


TOLD = {
    "an object is forgotten by its user": r"94 objects held and 17 free, of 112",
    "an object is held twice": r"96 objects held and 17 free, of 112",
    "a free object is held": r"96 objects held and 17 free, of 112; both: \['0x",
    "nr_partial": r"node 0: nr_partial is 3, should be 2",
    "nr_slabs": r"node 0: nr_slabs is 1, should be 7",
    "total_objects": r"node 0: total_objects is 1, should be 112",
    "inuse of a listed slab": r"inuse 16 of 16, but 1 on its freelist",
    "frozen while listed": r"frozen 1, 1 free, on .*node 0's partial list",
    "not frozen with a CPU": r"frozen 0, 0 free, on .*CPU 0's slab",
    "two CPUs with a slab": r"frozen 1, 0 free, on .*CPU 0's slab.*CPU 3's slab",
    "a CPU slab dropped": r"CPU 0 has a freelist but no slab",
    "a CPU list dropped": r"frozen 1, 1 free, on \[\]",
    "a CPU list miscounted": r"CPU 1's list counts 5 slabs, 5 objects",
    "a freelist cut short": r"95 objects held and 5 free, of 112",
    "a freelist in a circle": r"95 objects held and 6 free, of 112",
    "a slab that does not live": r"slab 5 on .*CPU 3's slab.* does not live",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found(system, name):
    allocator, cache, audit, held = system
    DAMAGE[name](allocator, cache, held)
    problems = audit.check(held)
    assert any(re.search(TOLD[name], problem) for problem in problems), problems
