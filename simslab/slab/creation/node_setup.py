"""The node structures of caches with their shared and alien arrays: making, replacing, giving back (mm/slab.c).

Runs in process context under slab_mutex with interrupts on. The structures get simulated addresses from the simulated
allocator itself: from kmalloc on their node.

Speed: a leaf, since every CPU that comes up has all caches set up for its node, 100,965 times on generic-64
(benchmarks/boot.py).
"""

from __future__ import annotations

from typing import Final

from simslab.kernel import layout
from simslab.kernel.errno import ENOMEM
from simslab.kernel.locking.spinlock import SpinLock
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slab.core import SlabCore
from simslab.slab.kmem_cache import SHARED_BATCHCOUNT, AlienTable, ArrayCache, KmemCache, KmemCacheNode

ALIEN_LIMIT: Final = 12
REAPTIMEOUT_NODE_SECONDS: Final = 4
DIRECT_MAP: Final = 0xFFFF888000000000  # virtual address of physical 0; next_reap is spread by virtual address

SETUP_KMEM_CACHE_NODE: Final = callsites.site("setup_kmem_cache_node")
NO_SLABS: Final = -1
OUT_OF_MEMORY: Final = -ENOMEM


class NodeSetup:
    """Setting up node structures on one CPU; `request` are the GFP flags by which their memory is asked for."""

    def __init__(self, core: SlabCore, cpu: Cpu, request: int) -> None:
        self.core = core
        self.cpu = cpu
        self.request = request
        self.nr_online = len(core.kernel.online_nodes)
        self.node_bytes = node_bytes(core)
        self.table_bytes: int = layout.POINTER_BYTES * core.kernel.nr_node_ids
        self.aliens = ArrayCache(0, core.kernel.nr_node_ids, 1)  # model: alien arrays made and not attached yet

    def setup_kmem_cache_node(self, cache: KmemCache, nid: int, force_change: int) -> int:
        """Make and attach the structures of an online node (mm/slab.c: setup_kmem_cache_node); 0 or -ENOMEM.

        The shared array is replaced when `force_change`; an alien table that exists stays, with the limit it was made
        with.
        """
        table = 0
        if self.core.use_alien_caches:
            table = self.alloc_alien_cache(cache, nid)
            if not table:
                return OUT_OF_MEMORY
        shared = self.alloc_arraycache(cache, nid) if cache.shared else 0
        if (cache.shared and not shared) or self.init_cache_node(cache, nid):
            self.free_new(shared, table)
            return OUT_OF_MEMORY
        return self.attach(cache, nid, shared, table, force_change)

    def attach(self, cache: KmemCache, nid: int, shared: int, table: int, force_change: int) -> int:
        """Exchange a node's shared array and give it its aliens, then free what is left over.

        `shared` is the address of the new shared array; `table` that of the new alien table, `aliens` its arrays.

        Speed: what nobody will use, as all that a CPU coming up makes for a node that has it, gets no more than its
        memory (benchmarks/boot.py).
        """
        core, cpu, node = self.core, self.cpu, cache.get_node(nid)
        surplus = NO_SLABS
        cpu.irq_disable(SETUP_KMEM_CACHE_NODE)
        node.list_lock.lock(cpu, SETUP_KMEM_CACHE_NODE)
        if node.shared is not None and force_change:
            surplus = core.freeing.blocks.free_block(cpu, cache, node.shared, node.shared.avail, nid)
            node.shared.avail = 0
        if node.shared is None or force_change:
            shared = self.exchange_shared(cache, node, shared)
        if node.alien is None and table:
            self.attach_aliens(cache, node, table)
            table = 0
        node.list_lock.unlock(cpu)
        cpu.irq_enable()
        core.pages.slabs_destroy(cpu, cache, surplus)
        # Not modelled: synchronize_rcu before the old shared array is freed.
        return self.free_new(shared, table)

    def exchange_shared(self, cache: KmemCache, node: KmemCacheNode, shared: int) -> int:
        """Give a node the shared array at `shared`, 0 for none; returns the address of the one it had, 0 for none."""
        old = 0 if node.shared is None else node.shared.addr
        node.shared = ArrayCache(shared, cache.shared * cache.batchcount, SHARED_BATCHCOUNT) if shared else None
        return old

    def attach_aliens(self, cache: KmemCache, node: KmemCacheNode, table: int) -> int:
        """Give a node the alien table at `table`, with the arrays in `aliens`."""
        lock_class = self.core.kernel.lock_stats.lock_class(f"{cache.name}:alien_lock")
        others = [other for other in self.core.kernel.online_nodes if other != node.node]
        node.alien = AlienTable(self.core.kernel.nr_node_ids, self.alien_limit(cache), lock_class)
        for other, addr in zip(others, self.aliens.entries(), strict=True):
            node.alien.addresses[other] = addr
        node.alien_addr = table
        self.aliens.avail = 0
        return 0

    def free_new(self, shared: int, table: int) -> int:
        """Free a shared array and an alien table, 0 for none, with the arrays in `aliens`: none of it is attached."""
        if shared:
            self.core.kfree(self.cpu, shared)
        if table:
            self.core.kfree_all(self.cpu, self.aliens)
            self.core.kfree(self.cpu, table)
        return 0

    def init_cache_node(self, cache: KmemCache, nid: int) -> int:
        """Make a node's lists, or recompute free_limit when they exist (mm/slab.c: init_cache_node); 0 or -ENOMEM."""
        node: KmemCacheNode | None = cache.node[nid]
        if node is None:
            addr = self.core.kmalloc_node(self.cpu, self.node_bytes, self.request, nid)
            if not addr:
                return OUT_OF_MEMORY
            node = new_node(self.core, cache, addr, nid, lists_apart(self.core))
            node.next_reap = first_reap(self.core, self.cpu, cache)
            cache.node[nid] = node
        # Not modelled: list_lock around an existing node's free_limit, one word that nobody adds to.
        nr_cpus: int = self.core.cpus_in_node[nid]
        node.free_limit = (1 + nr_cpus) * cache.batchcount + cache.num
        return 0

    def alloc_arraycache(self, cache: KmemCache, nid: int) -> int:
        """Return the memory of a shared array on a node, 0 for none (mm/slab.c: alloc_arraycache)."""
        entries = cache.shared * cache.batchcount
        size = layout.ARRAY_CACHE_BYTES + layout.POINTER_BYTES * entries
        return self.core.kmalloc_node(self.cpu, size, self.request, nid)

    def alloc_alien_cache(self, cache: KmemCache, nid: int) -> int:
        """Allocate a node's alien table and its arrays, one per other online node (mm/slab.c: alloc_alien_cache).

        Returns the table's address, the arrays' are in `aliens` then, in node order; 0 and none on failure.
        """
        table = self.core.kmalloc_node(self.cpu, self.table_bytes, self.request, nid)
        if not table:
            return 0
        count = self.nr_online - 1
        size = layout.ALIEN_CACHE_BYTES + layout.POINTER_BYTES * self.alien_limit(cache)  # __alloc_alien_cache
        if self.core.kmalloc_node_times(self.cpu, size, self.request, nid, self.aliens, count) < count:
            self.free_new(0, table)
            return 0
        return table

    def alien_limit(self, cache: KmemCache) -> int:
        """The limit that alien arrays get now."""
        return ALIEN_LIMIT if cache.limit > 1 else cache.limit


def free_alien_cache(core: SlabCore, cpu: Cpu, aliens: AlienTable | None, addr: int) -> None:
    """Free a table of alien arrays (mm/slab.c: free_alien_cache)."""
    if aliens is not None:
        for array in aliens.addresses:
            core.kfree(cpu, array)  # NULL for the node itself
        core.kfree(cpu, addr)


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
