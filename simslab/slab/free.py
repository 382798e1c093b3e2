"""Freeing: to the CPU's own array, to alien arrays, to the shared array and back into slabs.

Objects are addresses of raw slots here, as in the kernel's arrays; the allocator's interface adds `obj_offset`. Lock
order: an alien array's lock, then the list_lock of the node it goes home to; never two list_locks. Slabs that become
surplus under a lock are chained through `MemMap.next` and destroyed after it is dropped.
"""

from __future__ import annotations

from typing import Any, Final

from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm.page import MemMap
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.machine.memory import states
from simslab.slab import paths
from simslab.slab.free_block import FreeBlock
from simslab.slab.kmem_cache import ArrayCache, KmemCache
from simslab.slab.slab_page import SlabPages
from simslab.slab_common import flags as fl

# Estimate: the history of a predictor tells the end of a loop as short as this. Any from 6 up leaves the verdicts of
# `simslab validate` as many as they are.
PREDICTED_TURNS: Final = 12


# Instructions of the compiled 5.10.135 code, by function (golden/instruction_counts.csv).
INSNS_KMEM_CACHE_FREE: Final = 12
INSNS_KFREE: Final = 38
INSNS_FREE_HIT: Final = 47
INSNS_FLUSH: Final = 82
INSNS_FLUSH_FULL_SHARED: Final = 4  # more, when there is a shared array without room
INSNS_FLUSH_SHARED: Final = 11  # more, when it takes the objects
INSNS_ALIEN: Final = 65
INSNS_ALIEN_FULL: Final = 7
INSNS_REMOTE: Final = 60  # estimate: no golden path without alien arrays
INSNS_IS_PFMEMALLOC: Final = 8  # estimate: no golden path has sk_memalloc_socks
INSNS_DRAIN_ALIEN: Final = 33
INSNS_DRAIN_ALIEN_EMPTY: Final = 4
INSNS_DRAIN_ALIEN_SHARED: Final = 3
INSNS_TRANSFER: Final = 31
INSNS_TRANSFER_NONE: Final = 19
INSNS_MEMCPY: Final = 10
INSNS_MEMMOVE: Final = 16
INSNS_MEMMOVE_LOOP: Final = 12  # for 32 bytes, four entries
INSNS_MEMMOVE_TAIL: Final = 7  # more, for what the loop leaves
INSNS_MEMMOVE_ENTRY: Final = 2  # for each entry of fewer than four
INSNS_ZERO: Final = 22  # memset with `rep stosb` counted once
INSNS_BULK_FREE: Final = 21
INSNS_BULK_FREE_OBJECT: Final = 9

SITE_FREE: Final = callsites.site("kmem_cache_free")
SITE_KFREE: Final = callsites.site("kfree")
SITE_BULK: Final = callsites.site("kmem_cache_free_bulk")
SITE_FLUSH: Final = callsites.site("cache_flusharray")
SITE_ALIEN: Final = callsites.site("cache_free_alien")
SITE_PFMEMALLOC: Final = callsites.site("cache_free_pfmemalloc")
SITE_DRAIN_ALIEN: Final = callsites.site("drain_alien_cache")


class SlabFree:
    """The free paths of one kernel's allocator."""

    def __init__(self, pages: SlabPages, by_index: list[KmemCache | None], nr_online_nodes: int) -> None:
        self.pages = pages
        self.mem_map: MemMap = pages.mem_map
        self.blocks = FreeBlock(pages.lists)
        self.by_index = by_index
        self.nr_online_nodes = nr_online_nodes
        self.stats = 0  # 1 with DEBUG_SLAB: keep the STATS counters
        self.memcg: Any = None  # slab_common.memcg.hooks.MemcgHooks, where tasks are in memory cgroups
        self.log: Any = None  # kernel.printk.KernelLog
        self.reserves = pages.lists.reserves
        self.hardened = 0  # 1 with SLAB_FREELIST_HARDENED
        self.init_on_free = 0  # slab_want_init_on_free
        self.warned = False  # of an object freed twice in a row
        self.single = ArrayCache(0, 1, 1)  # model: the one-element array on the stack of __cache_free_alien

    # -- entry points -------------------------------------------------------------------------------------------------

    def kmem_cache_free(self, cpu: Cpu, cache: KmemCache, objp: int) -> int:
        """Free an object of `cache` (mm/slab.c: kmem_cache_free)."""
        cpu.insn(INSNS_KMEM_CACHE_FREE)
        if self.hardened:
            found = self.cache_from_obj(cpu, cache, objp)
            objp += cache.obj_offset - found.obj_offset
            cache = found
        flags = cpu.irq_save(SITE_FREE)
        self.cache_free(cpu, cache, objp)
        return cpu.irq_restore(flags)

    def kfree(self, cpu: Cpu, objp: int) -> int:
        """Free an object from kmalloc; the cache is found from its page (mm/slab.c: kfree)."""
        cpu.insn(INSNS_KFREE)
        flags = cpu.irq_save(SITE_KFREE)
        self.cache_free(cpu, self.virt_to_cache(cpu, objp), objp)
        return cpu.irq_restore(flags)

    def kmem_cache_free_bulk(self, cpu: Cpu, cache: KmemCache | None, objects: list[int]) -> int:
        """Free objects in order, of their own caches when `cache` is None (mm/slab.c: kmem_cache_free_bulk)."""
        cpu.insn(INSNS_BULK_FREE)
        cpu.irq_disable(SITE_BULK)
        for objp in objects:
            cpu.insn(INSNS_BULK_FREE_OBJECT)
            if cache is None:
                self.cache_free(cpu, self.virt_to_cache(cpu, objp), objp)
            else:
                found = self.cache_from_obj(cpu, cache, objp) if self.hardened else cache
                self.cache_free(cpu, found, objp + cache.obj_offset - found.obj_offset)
        self.loop_ended(cpu, len(objects))
        cpu.path = paths.FREE_BULK
        return cpu.irq_enable()

    def loop_ended(self, cpu: Cpu, turns: int) -> int:
        """The end of a loop over the objects of a bulk request: foreseen where those are few."""
        return cpu.mispredicted(1) if turns > PREDICTED_TURNS else 0

    def cache_from_obj(self, cpu: Cpu, cache: KmemCache, objp: int) -> KmemCache:
        """The object's own cache, with a warning when it is another than `cache` (mm/slab.h: cache_from_obj)."""
        found = self.virt_to_cache(cpu, objp)
        if found is not cache:
            told = f"cache_from_obj: Wrong slab cache. {cache.name} but object is from {found.name}"
            self.log.pr_warn(cpu, told)
        return found

    def virt_to_cache(self, cpu: Cpu, objp: int) -> KmemCache:
        """The cache of the slab that holds `objp` (mm/slab.h: virt_to_cache)."""
        pfn = self.mem_map.head[objp >> layout.PAGE_SHIFT]
        page = self.mem_map.page_addr(pfn)
        cpu.read(page + layout.PAGE_SLAB_LIST)
        cpu.read(page + layout.PAGE_SLAB_CACHE)
        cache = self.by_index[self.mem_map.slab_cache[pfn]]
        if cache is None:
            raise KernelBugError(f"object {objp:#x} is not in a slab")
        return cache

    # -- one object; irqs off -----------------------------------------------------------------------------------------

    def cache_free(self, cpu: Cpu, cache: KmemCache, objp: int) -> int:
        """Put `objp` where it belongs (mm/slab.c: __cache_free, ___cache_free). Irqs off."""
        cpu.path = paths.FREE_HIT
        if not cpu.irqs_off:
            raise KernelBugError("cache_free with interrupts on")
        if self.init_on_free and not cache.ctor and not cache.flags & fl.CONTENTS_MATTER:
            cpu.insn(INSNS_ZERO)
            cpu.clear(objp + cache.obj_offset, cache.object_size)
        if self.stats:
            self.pages.debug.free_debugcheck(cpu, cache, objp)
        if self.memcg is not None:
            self.memcg.free_hook(cpu, cache, objp)
        ac = cache.cpu_cache[cpu.id]
        cpu.read(cache.addr + layout.KMEM_CACHE_CPU_CACHE)
        if self.nr_online_nodes > 1:
            pfn = objp >> layout.PAGE_SHIFT
            cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)
            nid = self.mem_map.nid(pfn)
            if nid != cpu.numa_mem:
                return self.cache_free_alien(cpu, cache, objp, nid)
        if ac.avail < ac.limit:
            cpu.insn(INSNS_FREE_HIT)
            if self.stats:
                cache.freehit += 1
        else:
            if self.stats:
                cache.freemiss += 1
            self.cache_flusharray(cpu, cache, ac)
        if self.reserves.sk_memalloc_socks and self.is_pfmemalloc(cpu, objp):
            return self.cache_free_pfmemalloc(cpu, cache, objp)
        return self.free_one(cpu, cache, ac, objp)

    def free_one(self, cpu: Cpu, cache: KmemCache, ac: ArrayCache, objp: int) -> int:
        """Put an object on top of an array (mm/slab.c: __free_one).

        With SLAB_FREELIST_HARDENED the object that lies there already is refused, with a warning the first time.
        """
        cpu.update(ac.addr)
        if self.hardened and ac.avail > 0 and ac.entry[ac.avail - 1] == objp:
            self.warn_of_double_free(cpu, cache, objp)
            return 0
        cpu.write(ac.addr + layout.ARRAY_CACHE_ENTRY + 8 * ac.avail)
        ac.entry[ac.avail] = objp
        ac.avail += 1
        return 0

    def warn_of_double_free(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """WARN_ON_ONCE of __free_one."""
        if not self.warned:
            self.warned = True
            told = f"__free_one: object {objp:x} of cache {cache.name} freed twice in a row"
            self.log.warn_on(cpu, f"mm/slab.c {told}")

    def cache_free_alien(self, cpu: Cpu, cache: KmemCache, objp: int, page_node: int) -> int:
        """Put an object of another node into the alien array for it (mm/slab.c: __cache_free_alien)."""
        cpu.path = paths.FREE_ALIEN
        node = cpu.numa_mem
        n = cache.get_node(node)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * node)
        cpu.read(n.addr + layout.NODE_ALIEN)
        if self.stats:
            cache.node_frees += 1
        if n.alien is None:
            return self.free_remote(cpu, cache, objp, page_node)
        cpu.read(n.alien_addr + 8 * page_node)
        alien = n.alien.get(page_node)
        if alien is None:
            return self.free_remote(cpu, cache, objp, page_node)
        ac = alien.ac
        surplus = -1
        cpu.insn(INSNS_ALIEN)
        alien.lock.lock(cpu, SITE_ALIEN)
        cpu.read(ac.addr)
        if ac.avail == ac.limit:
            cpu.path = paths.FREE_ALIEN_DRAIN
            cpu.insn(INSNS_ALIEN_FULL)
            if self.stats:
                cache.node_overflow += 1
            surplus = self.drain_alien_array(cpu, cache, ac, page_node)
        self.free_one(cpu, cache, ac, objp)
        alien.lock.unlock(cpu)
        return self.pages.slabs_destroy(cpu, cache, surplus)

    def free_remote(self, cpu: Cpu, cache: KmemCache, objp: int, page_node: int) -> int:
        """Second half of __cache_free_alien, without alien array: straight into the other node's slab."""
        cpu.path = paths.FREE_REMOTE_SLABS
        cpu.insn(INSNS_REMOTE)
        return self.to_slab(cpu, cache, objp, page_node, SITE_ALIEN)

    def is_pfmemalloc(self, cpu: Cpu, objp: int) -> int:
        """Whether the object's slab is of the page reserves."""
        cpu.insn(INSNS_IS_PFMEMALLOC)
        return self.pages.lists.is_pfmemalloc(cpu, self.mem_map.head[objp >> layout.PAGE_SHIFT])

    def cache_free_pfmemalloc(self, cpu: Cpu, cache: KmemCache, objp: int) -> int:
        """Put an object of the page reserves straight back into its slab (mm/slab.c: cache_free_pfmemalloc).

        No array must offer it to those who may not use the reserves.
        """
        self.to_slab(cpu, cache, objp, self.mem_map.nid(objp >> layout.PAGE_SHIFT), SITE_PFMEMALLOC)
        cpu.path = paths.FREE_PFMEMALLOC
        return 0

    def to_slab(self, cpu: Cpu, cache: KmemCache, objp: int, page_node: int, site: int) -> int:
        """Put one object into its slab on `page_node` under list_lock."""
        n = cache.get_node(page_node)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * page_node)
        n.list_lock.lock(cpu, site)
        self.single.entry[0] = objp
        surplus = self.blocks.free_block(cpu, cache, self.single, 1, page_node)
        n.list_lock.unlock(cpu)
        return self.pages.slabs_destroy(cpu, cache, surplus)

    def drain_alien_array(self, cpu: Cpu, cache: KmemCache, ac: ArrayCache, node: int) -> int:
        """Send an alien array's objects home to `node` (mm/slab.c: __drain_alien_cache). Holds the array's lock.

        Returns the surplus slabs for slabs_destroy.
        """
        surplus = -1
        cpu.read(ac.addr)
        if ac.avail == 0:
            cpu.insn(INSNS_DRAIN_ALIEN_EMPTY)
            return -1
        cpu.insn(INSNS_DRAIN_ALIEN)
        n = cache.get_node(node)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * node)
        n.list_lock.lock(cpu, SITE_DRAIN_ALIEN)
        cpu.read(n.addr + layout.NODE_SHARED)
        if n.shared is not None:
            cpu.insn(INSNS_DRAIN_ALIEN_SHARED)
            cpu.read(ac.addr)
            self.transfer_objects(cpu, n.shared, ac, ac.limit)
        surplus = self.blocks.free_block(cpu, cache, ac, ac.avail, node)
        ac.avail = 0
        cpu.update(ac.addr)
        n.list_lock.unlock(cpu)
        return surplus

    # -- many objects -------------------------------------------------------------------------------------------------

    def cache_flusharray(self, cpu: Cpu, cache: KmemCache, ac: ArrayCache) -> int:
        """Make room in a full array: its oldest entries go to the shared array or home (mm/slab.c: cache_flusharray).

        Irqs off. Interrupts stay off throughout; other CPUs run while the lock is awaited.
        """
        node = cpu.numa_mem
        n = cache.get_node(node)
        surplus = -1
        cpu.read(ac.addr)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * node)
        cpu.read(ac.addr + layout.ARRAY_CACHE_BATCHCOUNT)
        cpu.insn(INSNS_FLUSH)
        batchcount = ac.batchcount
        n.list_lock.lock(cpu, SITE_FLUSH)
        shared = n.shared
        cpu.read(n.addr + layout.NODE_SHARED)
        room = 0
        if shared is not None:
            cpu.read(shared.addr)
            room = shared.limit - shared.avail
        if shared is not None and room:
            cpu.path = paths.FREE_FLUSH_SHARED
            cpu.insn(INSNS_FLUSH_SHARED + INSNS_MEMCPY)
            batchcount = min(batchcount, room)
            self.copy_entries(cpu, shared, shared.avail, ac, 0, batchcount)
            shared.avail += batchcount
            cpu.update(shared.addr)
        else:
            cpu.path = paths.FREE_FLUSH_SLABS
            if shared is not None:
                cpu.insn(INSNS_FLUSH_FULL_SHARED)
            surplus = self.blocks.free_block(cpu, cache, ac, batchcount, node)
        if self.stats:
            self.blocks.note_freeable(cache, n)
        n.list_lock.unlock(cpu)
        self.drop_oldest(cpu, ac, batchcount)
        return self.pages.slabs_destroy(cpu, cache, surplus)

    def drop_oldest(self, cpu: Cpu, ac: ArrayCache, count: int) -> int:
        """Remove the `count` oldest entries, which were copied or freed, and close the gap."""
        ac.avail -= count
        cpu.update(ac.addr)
        if ac.avail >= 4:
            cpu.insn(INSNS_MEMMOVE + INSNS_MEMMOVE_LOOP * (ac.avail >> 2) + INSNS_MEMMOVE_TAIL)
        else:
            cpu.insn(INSNS_MEMMOVE + INSNS_MEMMOVE_ENTRY * ac.avail)
        return self.copy_entries(cpu, ac, 0, ac, count, ac.avail)

    def transfer_objects(self, cpu: Cpu, to: ArrayCache, source: ArrayCache, wanted: int) -> int:
        """Move up to `wanted` of the newest entries of `source`; how many moved (mm/slab.c: transfer_objects)."""
        cpu.read(to.addr)
        cpu.read(source.addr)
        nr = min(min(source.avail, wanted), to.limit - to.avail)
        if nr == 0:
            cpu.insn(INSNS_TRANSFER_NONE)
            return 0
        cpu.insn(INSNS_TRANSFER + INSNS_MEMCPY)
        self.copy_entries(cpu, to, to.avail, source, source.avail - nr, nr)
        source.avail -= nr
        cpu.update(source.addr)
        to.avail += nr
        cpu.update(to.addr)
        return nr

    def copy_entries(
        self, cpu: Cpu, to: ArrayCache, first: int, source: ArrayCache, source_first: int, count: int
    ) -> int:
        """Copy `count` entries upwards, charging each line of either array once, in order."""
        read_line = write_line = -1
        read_addr = source.addr + layout.ARRAY_CACHE_ENTRY + 8 * source_first
        write_addr = to.addr + layout.ARRAY_CACHE_ENTRY + 8 * first
        for i in range(count):
            if (read_addr + 8 * i) >> states.LINE_SHIFT != read_line:
                read_line = (read_addr + 8 * i) >> states.LINE_SHIFT
                cpu.read(read_addr + 8 * i)
            if (write_addr + 8 * i) >> states.LINE_SHIFT != write_line:
                write_line = (write_addr + 8 * i) >> states.LINE_SHIFT
                cpu.write(write_addr + 8 * i)
            to.entry[first + i] = source.entry[source_first + i]
        return 0
