"""Every kind of damage is found."""

import pytest

from simslab.conform.slub.audit import SlubAudit
from simslab.kernel.mm import gfp


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
    allocator.write_attribute(cpus[2], cache, "cpu_partial", 6, [2])
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


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage_is_found(system, damage):
    allocator, cache, audit, held = system
    damage(allocator, cache, held)
    assert audit.check(held) != []
