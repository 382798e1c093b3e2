"""Allocation: from the CPU's own array, refilled from the shared array, from slabs or by growth; from a given node;
and, when a node has nothing, along the zonelist.

Objects are addresses of raw slots here; the allocator's interface adds `obj_offset`. 0 is NULL. Per-CPU arrays are
touched with interrupts off only; a function that may have let other code run (growth, a lock) reads `cpu_cache` again.
"""

from __future__ import annotations

from typing import Any, Final

from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slab import paths
from simslab.slab.alloc_node import NodeAlloc
from simslab.slab.free import SlabFree
from simslab.slab.kmem_cache import ArrayCache, KmemCache, KmemCacheNode
from simslab.slab.slab_lists import SlabLists
from simslab.slab.slab_page import SlabPages
from simslab.slab_common import flags as fl
from simslab.slab_common.memcg import verdicts
from simslab.slab_common.memcg.pre_alloc import slab_pre_alloc_hook

BATCHREFILL_LIMIT: Final = 16


# Instructions of the compiled 5.10.135 code, by function (golden/instruction_counts.csv).
INSNS_ALLOC: Final = 41  # kmem_cache_alloc with should_failslab
INSNS_ALLOC_MISS: Final = 3
INSNS_ALLOC_NODE: Final = 44  # kmem_cache_alloc_node with should_failslab
INSNS_ALLOC_NODE_HIT: Final = 6
INSNS_ZERO: Final = 22  # memset with `rep stosb` counted once
INSNS_REFILL_SHARED: Final = 60
INSNS_REFILL: Final = 67
INSNS_REFILL_SHARED_EMPTY: Final = 5  # more, when there is a shared array without objects
INSNS_REFILL_SLAB: Final = 17
INSNS_REFILL_OBJECT: Final = 19
INSNS_REFILL_FULL: Final = 7  # more, for a slab that has no more objects then
INSNS_REFILL_GROW: Final = 68
INSNS_REFILL_GROW_OBJECT: Final = 18
INSNS_BULK: Final = 36
INSNS_BULK_OBJECT: Final = 17

SITE_BULK: Final = callsites.site("kmem_cache_alloc_bulk")
SITE_REFILL: Final = callsites.site("cache_alloc_refill")


class SlabAlloc:
    """The allocation paths of one kernel's allocator.

    `policies` (kernel/mm/mempolicy.py), `failslab` and `memcg` (slab_common/memcg) are None unless tasks have memory
    policies, faults are injected or tasks are in memory cgroups; `hooked` is 1 with either of the last two.

    Not modelled: gfp_allowed_mask without reclaim during boot, when nothing is short.
    """

    def __init__(self, pages: SlabPages, freeing: SlabFree, zonelists: list[list[int]]) -> None:
        self.pages = pages
        self.freeing = freeing
        self.lists: SlabLists = pages.lists
        self.nodes = NodeAlloc(pages, zonelists)
        self.gfp_allowed_mask = gfp.BITS_MASK
        self.failslab: Any = None
        self.memcg: Any = None
        self.hooked = 0
        self.policies: Any = None
        self.init_on_alloc = 0
        self.locked_look = 0  # 1: whether the node has objects is looked up under list_lock
        self.locked_refill = 0  # 1: a new slab enters the node's lists before anybody is served from it
        self.stats = 0  # 1 with DEBUG_SLAB: keep the STATS counters

    # -- entry points -------------------------------------------------------------------------------------------------

    def slab_alloc(self, cpu: Cpu, cache: KmemCache, flags: int, site: int) -> int:
        """Allocate wherever this CPU is; 0 when there is nothing (mm/slab.c: slab_alloc).

        `site` is the function that it is inlined into.
        """
        flags &= self.gfp_allowed_mask
        cpu.insn(INSNS_ALLOC)
        verdict = self.pre_alloc_hook(cpu, cache, flags, 1) if self.hooked else 0
        if verdict == verdicts.REFUSED:
            return 0
        saved = cpu.irq_save(site)
        objp = self.do_cache_alloc(cpu, cache, flags)
        cpu.irq_restore(saved)
        if self.stats and objp:
            self.debugcheck_after(cpu, cache, flags, objp)
            cpu.prefetchw(objp + cache.obj_offset)  # what the checks return: the object in its slot
        else:
            cpu.prefetchw(objp)
        objp = self.after_alloc(cpu, cache, flags, objp)
        return self.post_alloc_hook(cpu, cache, flags, objp) if verdict else objp

    def slab_alloc_node(self, cpu: Cpu, cache: KmemCache, flags: int, nodeid: int, site: int) -> int:
        """Allocate on node `nodeid`, on other nodes if it must and may (mm/slab.c: slab_alloc_node, inlined at `site`).

        NUMA_NO_NODE means the CPU's own. Unlike slab_alloc it does not prefetch the object.
        """
        flags &= self.gfp_allowed_mask
        cpu.insn(INSNS_ALLOC_NODE)
        verdict = self.pre_alloc_hook(cpu, cache, flags, 1) if self.hooked else 0
        if verdict == verdicts.REFUSED:
            return 0
        saved = cpu.irq_save(site)
        objp = self.do_alloc_node(cpu, cache, flags, cpu.numa_mem if nodeid == gfp.NUMA_NO_NODE else nodeid)
        cpu.irq_restore(saved)
        if self.stats and objp:
            self.debugcheck_after(cpu, cache, flags, objp)
        objp = self.after_alloc(cpu, cache, flags, objp)
        return self.post_alloc_hook(cpu, cache, flags, objp) if verdict else objp

    def do_alloc_node(self, cpu: Cpu, cache: KmemCache, flags: int, nodeid: int) -> int:
        """Middle of slab_alloc_node. Irqs off."""
        cpu.path = paths.ALLOC_HIT
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * nodeid)
        if cache.node[nodeid] is None:
            return self.nodes.fallback_alloc(cpu, cache, flags)  # the node has no memory
        if nodeid == cpu.numa_mem:
            cpu.insn(INSNS_ALLOC_NODE_HIT)
            objp = self.cache_alloc(cpu, cache, flags)
            if objp:
                return objp
        return self.nodes.cache_alloc_node(cpu, cache, flags, nodeid)

    def after_alloc(self, cpu: Cpu, cache: KmemCache, flags: int, objp: int) -> int:
        """Zero an object for its user if it must, once interrupts are as before."""
        if objp and self.want_init_on_alloc(cache, flags):
            cpu.read(cache.addr + layout.KMEM_CACHE_OBJECT_SIZE)
            cpu.insn(INSNS_ZERO)
            cpu.clear(objp + cache.obj_offset, cache.object_size)
        return objp

    def debugcheck_after(self, cpu: Cpu, cache: KmemCache, flags: int, objp: int) -> None:
        """The checks of a debug kernel on an object allocated (mm/slab.c: cache_alloc_debugcheck_after)."""
        zero = self.want_init_on_alloc(cache, flags)
        self.pages.debug.alloc_debugcheck_after(cpu, cache, flags, objp, zero)

    def want_init_on_alloc(self, cache: KmemCache, flags: int) -> int:
        """Whether an object is zeroed for its user (mm/slab.h: slab_want_init_on_alloc)."""
        if self.init_on_alloc:
            if cache.ctor:
                return 0
            if not cache.flags & fl.CONTENTS_MATTER:
                return 1
        return flags & gfp.ZERO

    def pre_alloc_hook(self, cpu: Cpu, cache: KmemCache, flags: int, size: int) -> int:
        """Whether `size` objects are refused or charged: one of `verdicts` (slab_pre_alloc_hook)."""
        verdict: int = slab_pre_alloc_hook(self.failslab, self.memcg, cpu, cache, flags, size)
        if verdict == verdicts.REFUSED:
            cpu.path = paths.ALLOC_FAILED
        return verdict

    def post_alloc_hook(self, cpu: Cpu, cache: KmemCache, flags: int, objp: int) -> int:
        """Write down who is charged for an object, or uncharge NULL (mm/slab.h: slab_post_alloc_hook)."""
        self.memcg.post_alloc_hook(cpu, cache, flags, [objp], 1)
        return objp

    def kmem_cache_alloc_bulk(self, cpu: Cpu, cache: KmemCache, flags: int, size: int) -> list[int]:
        """Allocate `size` objects or none at all (mm/slab.c: kmem_cache_alloc_bulk)."""
        flags &= self.gfp_allowed_mask
        cpu.insn(INSNS_BULK)
        objects: list[int] = []
        verdict = self.pre_alloc_hook(cpu, cache, flags, size) if self.hooked else 0
        if verdict == verdicts.REFUSED:
            return objects
        cpu.irq_disable(SITE_BULK)
        for _ in range(size):
            cpu.insn_loop(INSNS_BULK_OBJECT)
            objp = self.do_cache_alloc(cpu, cache, flags)
            if not objp:
                break
            objects.append(objp)
        self.freeing.loop_ended(cpu, size)
        cpu.irq_enable()
        if self.stats:
            for objp in objects:
                self.debugcheck_after(cpu, cache, flags, objp)
        if len(objects) < size:
            if verdict:
                self.memcg.post_alloc_hook(cpu, cache, flags, objects, size)
            for objp in objects:  # mm/slab_common.c: __kmem_cache_free_bulk
                self.freeing.kmem_cache_free(cpu, cache, objp)
            cpu.path = paths.ALLOC_FAILED
            return []
        cpu.path = paths.ALLOC_BULK
        if self.want_init_on_alloc(cache, flags):
            for objp in objects:
                cpu.insn(INSNS_ZERO)
                cpu.clear(objp + cache.obj_offset, cache.object_size)
        if verdict:
            self.memcg.post_alloc_hook(cpu, cache, flags, objects, size)
        return objects

    # -- from this CPU's array; irqs off ------------------------------------------------------------------------------

    def do_cache_alloc(self, cpu: Cpu, cache: KmemCache, flags: int) -> int:
        """From the CPU's array, else from its node, else along the zonelist (mm/slab.c: __do_cache_alloc). Irqs off."""
        cpu.path = paths.ALLOC_HIT
        if self.policies is not None:
            objp = self.alternate_node_alloc(cpu, cache, flags)
            if objp:
                return objp
        objp = self.cache_alloc(cpu, cache, flags)
        if objp:
            return objp
        return self.nodes.cache_alloc_node(cpu, cache, flags, cpu.numa_mem)

    def alternate_node_alloc(self, cpu: Cpu, cache: KmemCache, flags: int) -> int:
        """From the node that the task's policy or cpuset names, when it is another (mm/slab.c: alternate_node_alloc).

        Interrupts have no policy. Irqs off.
        """
        if cpu.in_interrupt or flags & gfp.THISNODE:
            return 0
        nid: int = self.policies.slab_node(cpu, cache.flags)
        return 0 if nid == cpu.numa_mem else self.nodes.cache_alloc_node(cpu, cache, flags, nid)

    def cache_alloc(self, cpu: Cpu, cache: KmemCache, flags: int) -> int:
        """From the CPU's array, refilled if it must (mm/slab.c: ____cache_alloc). Irqs off."""
        if not cpu.irqs_off:
            raise KernelBugError("cache_alloc with interrupts on")
        ac = cache.cpu_cache[cpu.id]
        cpu.read(cache.addr + layout.KMEM_CACHE_CPU_CACHE)
        if ac.avail:
            ac.touched = 1
            ac.avail -= 1
            cpu.write(ac.addr)
            cpu.read(ac.addr + layout.ARRAY_CACHE_ENTRY + 8 * ac.avail)
            if self.stats:
                cache.allochit += 1
            return ac.entry[ac.avail]
        cpu.read(ac.addr)
        cpu.insn(INSNS_ALLOC_MISS)
        if self.stats:
            cache.allocmiss += 1
        return self.cache_alloc_refill(cpu, cache, flags)

    def cache_alloc_refill(self, cpu: Cpu, cache: KmemCache, flags: int) -> int:
        """Refill the CPU's empty array and take one object (mm/slab.c: cache_alloc_refill). Irqs off.

        First from the node's shared array, else from partial, then free slabs, else from a new slab; 0 when the node
        gives none.
        """
        node = cpu.numa_mem
        cpu.read(cache.addr + layout.KMEM_CACHE_CPU_CACHE)
        ac = cache.cpu_cache[cpu.id]
        cpu.read(ac.addr + layout.ARRAY_CACHE_TOUCHED)
        batchcount = self.refill_size(ac)
        n = cache.get_node(node)
        cpu.read(cache.addr + layout.KMEM_CACHE_NODE + 8 * node)
        if ac.avail > 0:
            raise KernelBugError("cache_alloc_refill of an array that is not empty")
        # model: slab_pre_alloc_hook's rule, looked at where it is rare
        if cpu.in_interrupt and flags & gfp.DIRECT_RECLAIM:
            raise KernelBugError("a request that may sleep, in an interrupt (might_sleep)")
        if self.node_has_objects(cpu, n):
            self.refill_from_node(cpu, cache, ac, n, batchcount)
        if not ac.avail:
            if self.lists.reserves.sk_memalloc_socks:
                objp = self.nodes.cache_alloc_pfmemalloc(cpu, cache, n, flags)
                if objp:
                    return objp
            cpu.path = paths.ALLOC_GROW
            if self.locked_refill:
                ac = self.grow_and_refill(cpu, cache, flags, n, node)
            else:
                ac = self.refill_by_growth(cpu, cache, flags, node, batchcount)
            if not ac.avail:
                return 0
        ac.touched = 1
        ac.avail -= 1
        cpu.update(ac.addr)
        cpu.read(ac.addr + layout.ARRAY_CACHE_ENTRY + 8 * ac.avail)
        cpu.read(cache.addr + layout.KMEM_CACHE_CPU_CACHE)
        return ac.entry[ac.avail]

    def refill_size(self, ac: ArrayCache) -> int:
        """Objects to refill an array with: fewer if little was used lately, so as not to strip the slabs bare."""
        return ac.batchcount if ac.touched or ac.batchcount < BATCHREFILL_LIMIT else BATCHREFILL_LIMIT

    def node_has_objects(self, cpu: Cpu, n: KmemCacheNode) -> int:
        """The unlocked look of cache_alloc_refill whether the lock is worth taking; other CPUs may run before.

        With `locked_look` there is none: the lock is always taken.
        """
        if self.locked_look:
            return 1
        cpu.settle()
        cpu.read(n.addr + layout.NODE_FREE_OBJECTS)
        cpu.read(n.addr + layout.NODE_SHARED)
        if n.free_objects:
            return 1
        if n.shared is None:
            return 0
        cpu.read(n.shared.addr)
        return 1 if n.shared.avail else 0

    def refill_from_node(self, cpu: Cpu, cache: KmemCache, ac: ArrayCache, n: KmemCacheNode, batchcount: int) -> int:
        """The part of cache_alloc_refill under list_lock: shared array, else slabs."""
        n.list_lock.lock(cpu, SITE_REFILL)
        cpu.read(n.addr + layout.NODE_SHARED)
        shared = n.shared
        if shared is not None and self.freeing.transfer_objects(cpu, ac, shared, batchcount):
            cpu.path = paths.ALLOC_REFILL_SHARED
            cpu.insn(INSNS_REFILL_SHARED)
            shared.touched = 1
            cpu.write(shared.addr + layout.ARRAY_CACHE_TOUCHED)
        else:
            cpu.path = paths.ALLOC_REFILL_SLABS
            cpu.insn(INSNS_REFILL if shared is None else INSNS_REFILL + INSNS_REFILL_SHARED_EMPTY)
            self.refill_from_slabs(cpu, cache, ac, n, batchcount)
            n.list_lock.let_in(cpu)
            cpu.read(ac.addr)
            n.free_objects -= ac.avail
            cpu.update(n.addr + layout.NODE_FREE_OBJECTS)
        return n.list_lock.unlock(cpu)

    def refill_from_slabs(self, cpu: Cpu, cache: KmemCache, ac: ArrayCache, n: KmemCacheNode, batchcount: int) -> int:
        """Take up to `batchcount` objects from the node's slabs, in list order. Holds list_lock."""
        while batchcount > 0:
            n.list_lock.let_in(cpu)
            pfn = self.lists.get_first_slab(cpu, n, 0)
            if pfn < 0:
                break
            before = batchcount
            batchcount = self.lists.alloc_block(cpu, cache, ac, pfn, batchcount)
            cpu.insn_loop(INSNS_REFILL_SLAB + INSNS_REFILL_OBJECT * (before - batchcount))
            if self.stats:
                self.nodes.count_alloced(cache, before - batchcount)
            if self.lists.mem_map.active[pfn] == cache.num:
                cpu.insn(INSNS_REFILL_FULL)
            self.lists.fixup_slab_list(cpu, cache, n, pfn)
        return 0

    def refill_by_growth(self, cpu: Cpu, cache: KmemCache, flags: int, node: int, batchcount: int) -> ArrayCache:
        """The direct_grow part of cache_alloc_refill; returns the CPU's array, which may be another than before."""
        pfn = self.pages.cache_grow_begin(cpu, cache, (flags | gfp.EXACT_NODE_SET) & ~gfp.EXACT_NODE_CLEAR, node)
        ac = cache.cpu_cache[cpu.id]
        cpu.read(cache.addr + layout.KMEM_CACHE_CPU_CACHE)
        cpu.read(ac.addr)
        taken = 0
        if batchcount > ac.limit:
            batchcount = ac.limit  # Not modelled: 5.10 writes past a smaller array that tuning put there meanwhile
        if not ac.avail and pfn >= 0:
            taken = batchcount - self.lists.alloc_block(cpu, cache, ac, pfn, batchcount)
            if self.stats:
                self.nodes.count_alloced(cache, taken)
        cpu.insn(INSNS_REFILL_GROW)
        cpu.insn_loop(INSNS_REFILL_GROW_OBJECT * taken)
        self.pages.cache_grow_end(cpu, cache, pfn)
        return ac

    def grow_and_refill(self, cpu: Cpu, cache: KmemCache, flags: int, n: KmemCacheNode, node: int) -> ArrayCache:
        """refill_by_growth with `locked_refill`: add a slab to node `n`, then refill from its lists under list_lock.

        Once more if others have taken all of the new slab by then (mm/slab.c of 4.6: cache_alloc_refill at `retry`).
        Instruction counts are those of 5.10's refill from a node and growth.
        """
        ac = cache.cpu_cache[cpu.id]
        pfn = 0
        while not ac.avail and pfn >= 0:
            pfn = self.pages.cache_grow_begin(cpu, cache, (flags | gfp.EXACT_NODE_SET) & ~gfp.EXACT_NODE_CLEAR, node)
            cpu.insn(INSNS_REFILL_GROW)
            self.pages.cache_grow_end(cpu, cache, pfn)
            ac = cache.cpu_cache[cpu.id]
            cpu.read(cache.addr + layout.KMEM_CACHE_CPU_CACHE)
            cpu.read(ac.addr)
            if not ac.avail and pfn >= 0:
                self.refill_from_node(cpu, cache, ac, n, self.refill_size(ac))
        cpu.path = paths.ALLOC_GROW
        return ac
