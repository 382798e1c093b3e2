"""Per-CPU, shared and alien arrays: making them, sizing them, replacing them (mm/slab.c).

Runs in process context under slab_mutex with interrupts on. The structures get simulated addresses from the simulated
allocator itself: per-CPU arrays from per-CPU memory, the others from kmalloc on their node.
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers
from simslab.kernel import layout
from simslab.kernel.errno import EINVAL, ENOMEM
from simslab.kernel.locking.mutex import holding
from simslab.kernel.locking.spinlock import SpinLock
from simslab.machine.accounting.callsites import site
from simslab.machine.core.cpu import Cpu
from simslab.slab.core import SlabCore
from simslab.slab.creation.geometry import tunables
from simslab.slab.kmem_cache import SHARED_BATCHCOUNT, AlienTable, ArrayCache, KmemCache, KmemCacheNode

ALIEN_LIMIT: Final = 12
REAPTIMEOUT_NODE_SECONDS: Final = 4
DIRECT_MAP: Final = 0xFFFF888000000000  # virtual address of physical 0; next_reap is spread by virtual address
POINTER_BYTES: Final = 8

DO_TUNE_CPUCACHE: Final = site("do_tune_cpucache")
SETUP_KMEM_CACHE_NODE: Final = site("setup_kmem_cache_node")
NO_SLABS: Final = -1


def enable_cpucache(core: SlabCore, cpu: Cpu, cache: KmemCache, request: int) -> int:
    """Choose the tunables by object size and apply them (mm/slab.c: enable_cpucache); 0 or a negative errno."""
    if core.pages.randomizer is not None:
        core.pages.randomizer.random.cache_random_seq_create(cache, cache.num)
    limit, batchcount, shared = tunables(cache.size, core.kernel.nr_cpu_ids, core.options.debug_slab)
    err = do_tune_cpucache(core, cpu, cache, limit, batchcount, shared, request)
    if err:
        core.kernel.log.pr_err(cpu, f"enable_cpucache failed for {cache.name}, error {-err}")
    return err


def do_tune_cpucache(
    core: SlabCore, cpu: Cpu, cache: KmemCache, limit: int, batchcount: int, shared: int, request: int
) -> int:
    """Replace the per-CPU arrays, free what the old ones held, then set up the nodes (mm/slab.c: do_tune_cpucache).

    The parameters are the kernel's own.
    """
    previous, previous_offset = cache.cpu_cache, cache.cpu_cache_offset
    if not alloc_kmem_cache_cpus(core, cache, limit, batchcount):
        return -ENOMEM
    if previous:
        core.kick_all_cpus_sync(cpu)  # no CPU may still be inside a section that uses an old array
    cache.batchcount, cache.limit, cache.shared = batchcount, limit, shared
    if previous:
        for owner in core.online_cpus:
            node = cache.node[core.kernel.cpu_to_mem[owner]]
            assert node is not None
            core.free_array(cpu, cache, node, previous[owner], DO_TUNE_CPUCACHE)
        core.kernel.percpu.free_percpu(previous_offset)
    return setup_kmem_cache_nodes(core, cpu, cache, request)


def alloc_kmem_cache_cpus(core: SlabCore, cache: KmemCache, entries: int, batchcount: int) -> bool:
    """Make an array for every possible CPU; False without per-CPU memory (mm/slab.c: alloc_kmem_cache_cpus).

    Speed: the host commits what is used of one storage for all (benchmarks/boot.py).
    """
    percpu = core.kernel.percpu
    offset = percpu.alloc_percpu(layout.ARRAY_CACHE_BYTES + POINTER_BYTES * entries, POINTER_BYTES)
    if offset < 0:
        return False
    cache.cpu_cache_offset = offset
    storage = buffers.int64_zeros(entries * core.kernel.nr_cpu_ids)
    cache.cpu_cache = [
        ArrayCache(addr, entries, batchcount, storage[i * entries : (i + 1) * entries])
        for i, addr in enumerate(percpu.addresses(offset))
    ]
    return True


def setup_kmem_cache_nodes(core: SlabCore, cpu: Cpu, cache: KmemCache, request: int) -> int:
    """Set up every online node, replacing shared arrays (mm/slab.c: setup_kmem_cache_nodes)."""
    for nid in core.kernel.online_nodes:
        err = setup_kmem_cache_node(core, cpu, cache, nid, request, force_change=True)
        if err:
            if not cache.refcount:  # the cache is not in use yet: undo the nodes done so far
                release_nodes(core, cpu, cache, nid)
            return err
    return 0


def release_nodes(core: SlabCore, cpu: Cpu, cache: KmemCache, before: int) -> None:
    """Free the node structures of nodes below `before`."""
    for nid in range(before):
        node = cache.node[nid]
        if node is not None:
            if node.shared is not None:
                core.kfree(cpu, node.shared.addr)
            free_alien_cache(core, cpu, node.alien, node.alien_addr)
            core.kfree(cpu, node.list_lock.addr)
            cache.node[nid] = None


def setup_kmem_cache_node(
    core: SlabCore, cpu: Cpu, cache: KmemCache, nid: int, request: int, force_change: bool
) -> int:
    """Make and attach a node's structures (mm/slab.c: setup_kmem_cache_node); 0 or -ENOMEM.

    The shared array is replaced when `force_change`; an alien table that exists stays, with the limit it was made with.
    """
    aliens = alloc_alien_cache(core, cpu, cache, nid, request) if core.use_alien_caches else []
    if core.use_alien_caches and not aliens:
        return -ENOMEM
    shared = alloc_arraycache(core, cpu, cache, nid, request) if cache.shared else 0
    if (cache.shared and not shared) or init_cache_node(core, cpu, cache, nid, request):
        free_new(core, cpu, shared, aliens)
        return -ENOMEM
    attach(core, cpu, cache, nid, shared, aliens, force_change)
    return 0


def attach(
    core: SlabCore, cpu: Cpu, cache: KmemCache, nid: int, shared: int, aliens: list[int], force_change: bool
) -> None:
    """Exchange a node's shared array and give it its aliens, then free what is left over.

    `shared` is the address of the new shared array, `aliens` those that alloc_alien_cache returned.

    Speed: what nobody will use, as all that a CPU coming up makes for a node that has it, gets no more than its memory
    (benchmarks/boot.py).
    """
    node = cache.node[nid]
    assert node is not None
    surplus = NO_SLABS
    cpu.irq_disable(SETUP_KMEM_CACHE_NODE)
    node.list_lock.lock(cpu, SETUP_KMEM_CACHE_NODE)
    if node.shared is not None and force_change:
        surplus = core.freeing.blocks.free_block(cpu, cache, node.shared, node.shared.avail, nid)
        node.shared.avail = 0
    if node.shared is None or force_change:
        old = node.shared
        node.shared = ArrayCache(shared, cache.shared * cache.batchcount, SHARED_BATCHCOUNT) if shared else None
        shared = old.addr if old is not None else 0
    if node.alien is None and aliens:
        node.alien, node.alien_addr = alien_table(core, cache, nid, aliens), aliens[-1]
        aliens = []
    node.list_lock.unlock(cpu)
    cpu.irq_enable()
    core.pages.slabs_destroy(cpu, cache, surplus)
    # Not modelled: synchronize_rcu before the old shared array is freed.
    free_new(core, cpu, shared, aliens)


def free_new(core: SlabCore, cpu: Cpu, shared: int, aliens: list[int]) -> None:
    """Free a shared array, 0 for none, and what alloc_alien_cache made: none of it is attached."""
    if shared:
        core.kfree(cpu, shared)
    core.kfree_all(cpu, aliens)


def init_cache_node(core: SlabCore, cpu: Cpu, cache: KmemCache, nid: int, request: int) -> int:
    """Make a node's lists, or recompute free_limit when they exist (mm/slab.c: init_cache_node); 0 or -ENOMEM."""
    node = cache.node[nid]
    if node is None:
        addr = core.kmalloc_node(cpu, node_bytes(core), request, nid)
        if not addr:
            return -ENOMEM
        node = new_node(core, cache, addr, nid, lists_apart(core))
        node.next_reap = first_reap(core, cpu, cache)
        cache.node[nid] = node
    # Not modelled: list_lock around an existing node's free_limit, one word that nobody adds to.
    node.free_limit = (1 + nr_cpus_node(core, nid)) * cache.batchcount + cache.num
    return 0


def new_node(core: SlabCore, cache: KmemCache, addr: int, nid: int, apart: int = 0) -> KmemCacheNode:
    """Return an empty struct kmem_cache_node at `addr` (mm/slab.c: kmem_cache_node_init).

    `apart`: bytes between list_lock, which is the first member, and the place where the rest takes it to be.
    """
    lock_class = core.kernel.lock_stats.lock_class(f"{cache.name}:list_lock")
    return KmemCacheNode(addr + apart, nid, SpinLock(addr + layout.NODE_LIST_LOCK, lock_class))


def lists_apart(core: SlabCore) -> int:
    """Return how far the lists are moved so that they begin in the line behind list_lock's, 0 for 5.10's layout."""
    return layout.CACHE_LINE - layout.NODE_SLABS_PARTIAL if core.options.node_lists_apart else 0


def node_bytes(core: SlabCore) -> int:
    """Return the size of struct kmem_cache_node."""
    return layout.NODE_BYTES + lists_apart(core)


def first_reap(core: SlabCore, cpu: Cpu, cache: KmemCache) -> int:
    """Return the jiffy of a node's first reaping: 4 to 8 s from now, spread by the cache's address."""
    kernel = core.kernel
    now: int = kernel.jiffies(cpu)
    timeout: int = REAPTIMEOUT_NODE_SECONDS * kernel.hz
    return now + timeout + (DIRECT_MAP + cache.addr) % timeout


def nr_cpus_node(core: SlabCore, nid: int) -> int:
    """Return how many CPUs have entered a node's CPU mask by now."""
    return core.cpus_in_node[nid]


def enter_node(core: SlabCore, cpu_id: int) -> None:
    """Let a CPU enter the mask of its node."""
    core.cpus_in_node[core.kernel.machine.cpus[cpu_id].node] += 1


def leave_node(core: SlabCore, cpu_id: int) -> None:
    """Undo enter_node."""
    core.cpus_in_node[core.kernel.machine.cpus[cpu_id].node] -= 1


def alloc_arraycache(core: SlabCore, cpu: Cpu, cache: KmemCache, nid: int, request: int) -> int:
    """Return the memory of a shared array on a node, 0 for none (mm/slab.c: alloc_arraycache)."""
    entries = cache.shared * cache.batchcount
    return core.kmalloc_node(cpu, layout.ARRAY_CACHE_BYTES + POINTER_BYTES * entries, request, nid)


def alien_limit(cache: KmemCache) -> int:
    """Return the limit that alien arrays get now (mm/slab.c: alloc_alien_cache)."""
    return ALIEN_LIMIT if cache.limit > 1 else cache.limit


def alloc_alien_cache(core: SlabCore, cpu: Cpu, cache: KmemCache, nid: int, request: int) -> list[int]:
    """Allocate a node's alien arrays, one per other online node, and their table (mm/slab.c: alloc_alien_cache).

    Returns the addresses of the arrays in node order and then, in the order of freeing, the table's; none on failure.
    """
    kernel = core.kernel
    addr = core.kmalloc_node(cpu, POINTER_BYTES * kernel.nr_node_ids, request, nid)
    if not addr:
        return []
    count = len(kernel.online_nodes) - (nid in kernel.online_nodes)
    size = layout.ALIEN_CACHE_BYTES + POINTER_BYTES * alien_limit(cache)  # mm/slab.c: __alloc_alien_cache
    found = core.kmalloc_node_times(cpu, size, request, nid, count)
    found.append(addr)
    if len(found) <= count:
        core.kfree_all(cpu, found)
        return []
    return found


def alien_table(core: SlabCore, cache: KmemCache, nid: int, aliens: list[int]) -> AlienTable:
    """The alien arrays that node `nid` takes into use, of which alloc_alien_cache returned the addresses."""
    lock_class = core.kernel.lock_stats.lock_class(f"{cache.name}:alien_lock")
    addresses = [0] * core.kernel.nr_node_ids
    others = [other for other in core.kernel.online_nodes if other != nid]
    for other, addr in zip(others, aliens[:-1], strict=True):
        addresses[other] = addr
    return AlienTable(addresses, alien_limit(cache), lock_class)


def free_alien_cache(core: SlabCore, cpu: Cpu, aliens: AlienTable | None, addr: int) -> None:
    """Free a table of alien arrays (mm/slab.c: free_alien_cache)."""
    if aliens is not None:
        core.kfree_all(cpu, [array for array in aliens.addresses if array])
        core.kfree(cpu, addr)


def slabinfo_write(core: SlabCore, text: str, request: int, cpu: Cpu | None = None) -> int:
    """Tune a cache by a line `name limit batchcount shared` written to /proc/slabinfo (mm/slab.c: slabinfo_write).

    Returns the length of `text` or -EINVAL. A triple that makes no sense changes nothing and, as in the kernel, is no
    error; it is warned of. 32 or more characters before the first blank are cut by no one: names match in full.
    """
    cpu = cpu or core.kernel.machine.cpus[0]
    words = text.split()
    if len(words) < 4 or not all(is_number(word) for word in words[1:4]):
        return -EINVAL
    limit, batchcount, shared = (int(word) for word in words[1:4])
    with holding(core.slab_mutex, cpu):
        for cache in reversed(core.caches):
            if cache.name == words[0]:
                return tune_held(core, cpu, cache, (limit, batchcount, shared), request) or len(text)
    return -EINVAL


def tune(core: SlabCore, cpu: Cpu, cache: KmemCache, triple: tuple[int, int, int], request: int) -> int:
    """Give a cache another (limit, batchcount, shared), as slabinfo_write does; 0 or a negative errno."""
    with holding(core.slab_mutex, cpu):
        return tune_held(core, cpu, cache, triple, request)


def tune_held(core: SlabCore, cpu: Cpu, cache: KmemCache, triple: tuple[int, int, int], request: int) -> int:
    """Body of slabinfo_write, under slab_mutex."""
    limit, batchcount, shared = triple
    if limit < 1 or batchcount < 1 or batchcount > limit or shared < 0:
        told = f"slabinfo: {cache.name} {limit} {batchcount} {shared} ignored"
        core.kernel.log.pr_warn(cpu, f"{told}: expected limit >= batchcount >= 1, shared >= 0")
        return 0
    return do_tune_cpucache(core, cpu, cache, limit, batchcount, shared, request)


def is_number(word: str) -> bool:
    """Whether sscanf's %d takes the whole word."""
    return word.lstrip("+-").isdigit() and len(word) - len(word.lstrip("+-")) <= 1
