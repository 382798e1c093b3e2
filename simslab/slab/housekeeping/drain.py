"""Giving back what lies idle: the periodic reaper, shrinking, and emptying a cache before it goes away.

Runs in process context with interrupts on. Slabs are destroyed after the lock is dropped; never two list_locks.
"""

from __future__ import annotations

from typing import Final

from simslab.kernel import layout
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slab import paths
from simslab.slab.free import SlabFree
from simslab.slab.kmem_cache import AlienTable, ArrayCache, KmemCache, KmemCacheNode
from simslab.slab.slab_page import SlabPages

EVERYTHING: Final = 1 << 30  # INT_MAX slabs

# Instructions of the compiled 5.10.135 code, by function (golden/instruction_counts.csv); the reaper's own: estimate.
INSNS_DO_DRAIN: Final = 32
INSNS_DRAIN_ALIEN_NODE: Final = 85  # drain_alien_cache with its bitmap walks and irq save, for each array
INSNS_SHRINK: Final = 170  # kmem_cache_shrink and __kmem_cache_shrink
INSNS_DRAIN_FREELIST: Final = 26
INSNS_DRAIN_FREELIST_SLAB: Final = 34
INSNS_SPIN_LOCK_IRQ: Final = 1
INSNS_DRAIN_ARRAY_NONE: Final = 3
INSNS_DRAIN_ARRAY: Final = 24
INSNS_REAP_CACHE: Final = 30

SITE_DO_DRAIN: Final = callsites.site("do_drain")
SITE_DRAIN_FREELIST: Final = callsites.site("drain_freelist")
SITE_DRAIN_ARRAY: Final = callsites.site("drain_array")
SITE_DRAIN_CPU_CACHES: Final = callsites.site("drain_cpu_caches")
SITE_DRAIN_ALIEN: Final = callsites.site("drain_alien_cache")
SITE_REAP_ALIEN: Final = callsites.site("reap_alien")


class SlabDrain:
    """Draining and reaping for one kernel's allocator.

    `caches` are all caches in order of creation; the reaper walks them newest first, as `slab_caches` is linked.
    """

    def __init__(self, pages: SlabPages, freeing: SlabFree, caches: list[KmemCache], online_nodes: list[int]) -> None:
        self.pages = pages
        self.freeing = freeing
        self.caches = caches
        self.online_nodes = online_nodes
        self.stats = 0  # 1 with DEBUG_SLAB: keep the STATS counters
        self.all_nodes = 0  # 1: no rotor, the aliens for every node go home in each pass

    # -- arrays -------------------------------------------------------------------------------------------------------

    def free_array(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, ac: ArrayCache, site: int) -> int:
        """Put all objects of an array that nobody else uses back into the slabs of `n`. Interrupts on."""
        cpu.irq_disable(site)
        n.list_lock.lock(cpu, site)
        surplus = self.freeing.blocks.free_block(cpu, cache, ac, ac.avail, n.node)
        ac.avail = 0
        n.list_lock.unlock(cpu)
        cpu.irq_enable()
        return self.pages.slabs_destroy(cpu, cache, surplus)

    def drain_array_locked(self, cpu: Cpu, cache: KmemCache, ac: ArrayCache | None, node: int, free_all: int) -> int:
        """Free a fifth of an array's limit, or all, oldest first (mm/slab.c: drain_array_locked). Holds list_lock.

        Returns the surplus slabs for slabs_destroy.
        """
        if ac is None:
            return -1
        cpu.read(ac.addr)
        if ac.avail == 0:
            return -1
        count = ac.avail
        if not free_all:
            count = (ac.limit + 4) // 5
            if count > ac.avail:
                count = (ac.avail + 1) // 2
        surplus = self.freeing.blocks.free_block(cpu, cache, ac, count, node)
        self.freeing.drop_oldest(cpu, ac, count)
        return surplus

    def drain_array(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, ac: ArrayCache | None, node: int) -> int:
        """Free part of an array unless it was used since the last time (mm/slab.c: drain_array). Interrupts on."""
        cpu.insn(INSNS_DRAIN_ARRAY_NONE)
        if ac is None:
            return 0
        cpu.read(ac.addr)
        if ac.avail == 0:
            return 0
        if ac.touched:
            ac.touched = 0
            cpu.write(ac.addr)
            return 0
        cpu.insn(INSNS_DRAIN_ARRAY)
        cpu.irq_disable(SITE_DRAIN_ARRAY)
        n.list_lock.lock(cpu, SITE_DRAIN_ARRAY)
        surplus = self.drain_array_locked(cpu, cache, ac, node, 0)
        n.list_lock.unlock(cpu)
        cpu.irq_enable()
        return self.pages.slabs_destroy(cpu, cache, surplus)

    def drain_alien_cache(self, cpu: Cpu, cache: KmemCache, aliens: AlienTable | None, addr: int) -> int:
        """Send home all objects in the alien arrays of a table at `addr` (mm/slab.c: drain_alien_cache). Irqs on."""
        if aliens is None:
            return 0
        for nid in self.online_nodes:
            cpu.read(addr + 8 * nid)
            alien = aliens.get(nid)
            if alien is None:
                continue
            cpu.insn(INSNS_DRAIN_ALIEN_NODE)
            flags = cpu.irq_save(SITE_DRAIN_ALIEN)
            alien.lock.lock(cpu, SITE_DRAIN_ALIEN)
            surplus = self.freeing.drain_alien_array(cpu, cache, alien.ac, nid)
            alien.lock.unlock(cpu)
            cpu.irq_restore(flags)
            self.pages.slabs_destroy(cpu, cache, surplus)
        return 0

    def drain_freelist(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, tofree: int) -> int:
        """Destroy up to `tofree` free slabs from the tail; how many were (mm/slab.c: drain_freelist). Interrupts on."""
        freed = 0
        cpu.insn(INSNS_DRAIN_FREELIST)
        cpu.read(n.addr + layout.NODE_SLABS_FREE)
        while freed < tofree and n.lists[2 * layout.SLABS_FREE] >= 0:
            cpu.insn(INSNS_DRAIN_FREELIST_SLAB + INSNS_SPIN_LOCK_IRQ)
            cpu.irq_disable(SITE_DRAIN_FREELIST)
            n.list_lock.lock(cpu, SITE_DRAIN_FREELIST)
            pfn = n.lists[2 * layout.SLABS_FREE + 1]
            if pfn < 0:  # another CPU took it while the lock was awaited
                n.list_lock.unlock(cpu)
                cpu.irq_enable()
                break
            self.pages.lists.list_del(cpu, n, layout.SLABS_FREE, pfn)
            n.free_slabs -= 1
            cpu.update(n.addr + layout.NODE_FREE_SLABS)
            n.total_slabs -= 1
            cpu.update(n.addr + layout.NODE_TOTAL_SLABS)
            n.free_objects -= cache.num
            cpu.update(n.addr + layout.NODE_FREE_OBJECTS)
            n.list_lock.unlock(cpu)
            cpu.irq_enable()
            self.pages.slab_destroy(cpu, cache, pfn)
            freed += 1
            cpu.read(n.addr + layout.NODE_SLABS_FREE)
        return freed

    # -- shrink -------------------------------------------------------------------------------------------------------

    def do_drain(self, cpu: Cpu, cache: KmemCache) -> int:
        """Empty this CPU's own array into its node's slabs (mm/slab.c: do_drain). In the call interrupt, irqs off."""
        node = cpu.numa_mem
        cpu.insn(INSNS_DO_DRAIN)
        cpu.read(cache.addr + layout.KMEM_CACHE_CPU_CACHE)
        n = cache.get_node(node)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * node)
        n.list_lock.lock(cpu, SITE_DO_DRAIN)
        ac = cache.cpu_cache[cpu.id]
        cpu.read(ac.addr)
        surplus = self.freeing.blocks.free_block(cpu, cache, ac, ac.avail, node)
        n.list_lock.unlock(cpu)
        ac.avail = 0
        cpu.write(ac.addr)
        return self.pages.slabs_destroy(cpu, cache, surplus)

    def drain_nodes(self, cpu: Cpu, cache: KmemCache) -> int:
        """The rest of drain_cpu_caches once every CPU has answered: aliens, then shared arrays. Interrupts on."""
        for nid in self.online_nodes:
            n = cache.node[nid]
            if n is not None:
                cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * nid)
                cpu.read(n.addr + layout.NODE_ALIEN)
                self.drain_alien_cache(cpu, cache, n.alien, n.alien_addr)
        for nid in self.online_nodes:
            n = cache.node[nid]
            if n is None:
                continue
            cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * nid)
            cpu.irq_disable(SITE_DRAIN_CPU_CACHES)
            n.list_lock.lock(cpu, SITE_DRAIN_CPU_CACHES)
            cpu.read(n.addr + layout.NODE_SHARED)
            surplus = self.drain_array_locked(cpu, cache, n.shared, nid, 1)
            n.list_lock.unlock(cpu)
            cpu.irq_enable()
            self.pages.slabs_destroy(cpu, cache, surplus)
        return 0

    def shrink_nodes(self, cpu: Cpu, cache: KmemCache) -> int:
        """Destroy all free slabs; 1 when slabs with objects remain (second half of __kmem_cache_shrink)."""
        left = 0
        for nid in self.online_nodes:
            n = cache.node[nid]
            if n is None:
                continue
            cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * nid)
            self.drain_freelist(cpu, cache, n, EVERYTHING)
            cpu.read(n.addr + layout.NODE_SLABS_FULL)
            if n.lists[2 * layout.SLABS_FULL] >= 0 or n.lists[2 * layout.SLABS_PARTIAL] >= 0:
                left = 1
        cpu.insn(INSNS_SHRINK)
        cpu.path = paths.SHRINK
        return left

    # -- the periodic reaper ------------------------------------------------------------------------------------------

    def reap_caches(self, cpu: Cpu, reap_node: int, jiffies: int, node_timeout: int) -> int:
        """Body of cache_reap under slab_mutex: give back what this CPU and its node did not use lately. Interrupts on.

        `reap_node` is the node whose aliens are sent home this time; `node_timeout` in jiffies.
        """
        node = cpu.numa_mem
        for cache in reversed(self.caches):
            cpu.insn(INSNS_REAP_CACHE)
            cpu.read(cache.addr + layout.KMEM_CACHE_LIST)
            cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * node)
            n = cache.get_node(node)
            if self.all_nodes:
                self.reap_aliens(cpu, cache, n)
            else:
                self.reap_alien(cpu, cache, n, reap_node)
            self.drain_array(cpu, cache, n, cache.cpu_cache[cpu.id], node)
            cpu.read(n.addr + layout.NODE_NEXT_REAP)
            if n.next_reap <= jiffies:
                self.reap_node_of(cpu, cache, n, jiffies + node_timeout)
        cpu.path = paths.REAP
        return 0

    def reap_node_of(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, next_reap: int) -> int:
        """The part of cache_reap that is due once a node and period: shared array, then free slabs."""
        n.next_reap = next_reap
        cpu.write(n.addr + layout.NODE_NEXT_REAP)
        self.drain_array(cpu, cache, n, n.shared, n.node)
        cpu.read(n.addr + layout.NODE_FREE_TOUCHED)
        if n.free_touched:
            n.free_touched = 0
            cpu.write(n.addr + layout.NODE_FREE_TOUCHED)
            return 0
        share = 5 * cache.num
        freed = self.drain_freelist(cpu, cache, n, (n.free_limit + share - 1) // share)
        if self.stats:
            cache.reaped += freed
        return 0

    def reap_aliens(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode) -> int:
        """Send home the aliens of all nodes in one masked stretch, as before the rotor. Interrupts on.

        The rotor's commit ("slab: Node rotor for freeing alien caches", Linux 2.6.17) says so: all alien arrays in each
        pass, with interrupts disabled while reclaiming, and delays of 10 ms on machines of many nodes.
        """
        cpu.read(n.addr + layout.NODE_ALIEN)
        if n.alien is None:
            return 0
        emptied: list[int] = []
        cpu.irq_disable(SITE_REAP_ALIEN)
        for nid in self.online_nodes:
            cpu.read(n.alien_addr + 8 * nid)
            alien = n.alien.get(nid)
            if alien is None:
                continue
            cpu.read(alien.ac.addr)
            if alien.ac.avail and alien.lock.trylock(cpu, SITE_REAP_ALIEN):
                surplus = self.freeing.drain_alien_array(cpu, cache, alien.ac, nid)
                emptied.append(surplus)
                alien.lock.unlock(cpu)
        cpu.irq_enable()
        for surplus in emptied:
            self.pages.slabs_destroy(cpu, cache, surplus)
        return 0

    def reap_alien(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, reap_node: int) -> int:
        """Send home the aliens of one node, if their lock is free (mm/slab.c: reap_alien). Interrupts on."""
        cpu.read(n.addr + layout.NODE_ALIEN)
        if n.alien is None:
            return 0
        cpu.read(n.alien_addr + 8 * reap_node)
        alien = n.alien.get(reap_node)
        if alien is None:
            return 0
        cpu.read(alien.ac.addr)
        if alien.ac.avail == 0:
            return 0
        cpu.irq_disable(SITE_REAP_ALIEN)
        if not alien.lock.trylock(cpu, SITE_REAP_ALIEN):
            return cpu.irq_enable()
        surplus = self.freeing.drain_alien_array(cpu, cache, alien.ac, reap_node)
        alien.lock.unlock(cpu)
        cpu.irq_enable()
        return self.pages.slabs_destroy(cpu, cache, surplus)
