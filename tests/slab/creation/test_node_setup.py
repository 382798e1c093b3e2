"""What nodes have of each cache: made once, made again for CPUs that come up, given back when memory ends halfway."""

import pytest
from one_fails import OneFails

from simslab.conform.slab.state import state_text
from simslab.conform.topologies import new_system
from simslab.kernel import layout
from simslab.kernel.errno import ENOMEM
from simslab.kernel.mm import gfp
from simslab.machine.accounting.callsites import site
from simslab.slab.creation.node_setup import NodeSetup
from simslab.slab.creation.options import SlabOptions

SETUP = site("setup_kmem_cache_node")


def step_by_step(core, cpu, cache, nid):
    """setup_kmem_cache_node without force_change, for a node that has all of it, as mm/slab.c writes it down."""
    made = []
    if core.use_alien_caches:
        table = core.kmalloc_node(cpu, 8 * core.kernel.nr_node_ids, gfp.GFP_KERNEL, nid)
        for other in core.kernel.online_nodes:
            if other != nid:
                limit = 12 if cache.limit > 1 else cache.limit
                made.append(core.kmalloc_node(cpu, layout.ALIEN_CACHE_BYTES + 8 * limit, gfp.GFP_KERNEL, nid))
        made.append(table)
    shared = 0
    if cache.shared:
        size = layout.ARRAY_CACHE_BYTES + 8 * cache.shared * cache.batchcount
        shared = core.kmalloc_node(cpu, size, gfp.GFP_KERNEL, nid)
    node = cache.node[nid]
    node.free_limit = (1 + core.cpus_in_node[nid]) * cache.batchcount + cache.num
    cpu.irq_disable(SETUP)
    node.list_lock.lock(cpu, SETUP)
    node.list_lock.unlock(cpu)
    cpu.irq_enable()
    core.pages.slabs_destroy(cpu, cache, -1)
    for objp in [shared, *made]:
        core.kfree(cpu, objp)


def by_the_class(core, cpu, cache, nid):
    assert NodeSetup(core, cpu, gfp.GFP_KERNEL).setup_kmem_cache_node(cache, nid, 0) == 0


def state(allocator):
    """All that a dump of the allocator's state shows; CPU 0's clock, causes and instructions; lock statistics."""
    cpu, nodes = allocator.kernel.machine.cpus[0], allocator.kernel.online_nodes
    caches = [state_text(cache, nodes, allocator.pages) for cache in allocator.caches]
    return caches, cpu.now, list(cpu.cause_owner), cpu.instructions, allocator.kernel.lock_stats.table()


@pytest.mark.parametrize("topology", ["1n4c", "2n8c", "4n8c", "2n4c1m"])
@pytest.mark.parametrize("options", [{}, {"debug_slab": True}, {"noaliencache": True}, {"node_lists_apart": True}])
def test_a_cpu_that_comes_up_leaves_what_each_step_of_the_kernels_leaves(topology, options):
    seen = []
    for way in (step_by_step, by_the_class):
        allocator = new_system(topology, SlabOptions(**options))
        allocator.kmem_cache_create("giants", 140000)
        cpu = allocator.kernel.machine.cpus[0]
        for nid in allocator.kernel.online_nodes:
            for cache in allocator.caches[::-1]:
                way(allocator, cpu, cache, nid)
        seen.append(state(allocator))
    assert seen[0] == seen[1]


@pytest.fixture
def allocator():
    return new_system("4n8c", SlabOptions())


@pytest.fixture
def setup(allocator):
    return NodeSetup(allocator, allocator.kernel.machine.cpus[0], gfp.GFP_KERNEL)


def places(node):
    return node.list_lock.addr, node.shared.addr, node.alien_addr, list(node.alien.addresses)


def test_a_cpu_that_comes_up_changes_no_place(allocator, setup):
    cache = allocator.kmem_cache_create("objects", 192)
    before = places(cache.node[1])
    assert setup.setup_kmem_cache_node(cache, 1, 0) == 0
    assert places(cache.node[1]) == before


def test_a_forced_change_replaces_the_shared_array_alone(allocator, setup):
    cache = allocator.kmem_cache_create("objects", 192)
    before = places(cache.node[1])
    assert setup.setup_kmem_cache_node(cache, 1, 1) == 0
    after = places(cache.node[1])
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True, True]


def kmalloc_objects(allocator):
    """Objects of all kmalloc caches that somebody holds, by cache."""
    held = {}
    for cache in allocator.caches:
        parked = allocator.parked(cache)
        free = parked.in_cpu_arrays + parked.in_shared_arrays + parked.in_alien_arrays + parked.in_slabs
        held[cache.name] = (parked.pages >> cache.gfporder) * cache.num - free
    return held


@pytest.mark.parametrize("failing", range(1, 6))
def test_whatever_cannot_be_had_nothing_is_kept(allocator, setup, failing):
    """The table, one of its three arrays, or the shared array."""
    cache = allocator.kmem_cache_create("objects", 192)
    before, held = places(cache.node[1]), kmalloc_objects(allocator)
    allocator.set_failslab(OneFails(failing))
    assert setup.setup_kmem_cache_node(cache, 1, 0) == -ENOMEM
    allocator.set_failslab(None)
    assert places(cache.node[1]) == before
    assert kmalloc_objects(allocator) == held


def test_a_node_without_a_structure_gets_one_or_is_left_without(allocator, setup):
    cache = allocator.kmem_cache_create("objects", 192)
    cache.node[1] = None
    allocator.set_failslab(OneFails(1))
    assert setup.init_cache_node(cache, 1) == -ENOMEM
    assert cache.node[1] is None
    assert setup.init_cache_node(cache, 1) == 0
    assert allocator.virt_to_cache(setup.cpu, cache.node[1].addr).name == "kmalloc-128"
