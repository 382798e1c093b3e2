"""Charging of slab objects: before an allocation, after it, and at the free (mm/slab.h: memcg_slab_*_hook).

The allocators call these with the objects as they have them; 0 is NULL. Nobody calls them unless the kernel has
memory cgroups other than the root's (memcg_kmem_enabled).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simslab.allocator.cache import Cache
from simslab.kernel.memcg import instructions as insns
from simslab.kernel.memcg.charge import MemcgCharging
from simslab.kernel.memcg.structures import MemCgroup, ObjCgroup
from simslab.kernel.memcg.vmstats import RECLAIMABLE, UNRECLAIMABLE, mod_objcg_state
from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu
from simslab.slab_common import flags as fl
from simslab.slab_common.memcg import verdicts
from simslab.slab_common.memcg.vectors import POINTER, ObjCgroupVectors

CHARGED: Final = verdicts.CHARGED
REFUSED: Final = verdicts.REFUSED
UNCHARGED: Final = verdicts.UNCHARGED


class MemcgHooks:
    """What an allocator tells memory cgroups; `by_index[i]` is its cache of index i.

    Not modelled: the handful of instructions that a kernel with MEMCG has more in paths that charge nobody; pages that
    are charged whole, which is what kmalloc does beyond SLUB's largest cache.
    """

    def __init__(self, charging: MemcgCharging, vectors: ObjCgroupVectors, by_index: Sequence[Cache | None]) -> None:
        self.charging = charging
        self.vectors = vectors
        self.by_index = by_index

    def pre_alloc_hook(self, cpu: Cpu, cache: Cache, flags: int, objects: int) -> int:
        """Charge `objects` objects to the task's cgroup; one of `verdicts` (memcg_slab_pre_alloc_hook).

        Only requests with __GFP_ACCOUNT and those to caches with SLAB_ACCOUNT are charged.
        """
        cpu.insn(insns.PRE_ALLOC)
        if not (flags & gfp.ACCOUNT or cache.flags & fl.SLAB_ACCOUNT):
            return UNCHARGED
        objcg = self.charging.get_obj_cgroup_from_current(cpu)
        if objcg is None:
            return UNCHARGED
        cpu.read(cache.addr + self.vectors.places.size_offset)
        if self.charging.obj_cgroup_charge(cpu, objcg, flags, objects * obj_full_size(cache)):
            objcg.refcnt.put(cpu)
            return REFUSED
        return CHARGED

    def post_alloc_hook(self, cpu: Cpu, cache: Cache, flags: int, objects: Sequence[int], wanted: int) -> None:
        """Write down who is charged for each of `objects`, after CHARGED (memcg_slab_post_alloc_hook).

        An object that is NULL, or for whose slab there is no vector, is uncharged again. Of `wanted` objects that a
        bulk allocation charged in advance those it did not get are not: 5.10 forgets their bytes.
        """
        objcg = self.charging.current[cpu.id]
        assert objcg is not None, "no other task can have come to this CPU within one allocation"
        cpu.insn(insns.POST_ALLOC)
        objcg.memcg.bytes_lost += (wanted - len(objects)) * obj_full_size(cache)
        for objp in objects:
            if not (objp and self.write_down(cpu, cache, flags, objp, objcg)):
                self.charging.obj_cgroup_uncharge(cpu, objcg, obj_full_size(cache))
        objcg.refcnt.put(cpu)

    def write_down(self, cpu: Cpu, cache: Cache, flags: int, objp: int, objcg: ObjCgroup) -> bool:
        """Enter one object into the vector of its slab; False when there is none and none can be made."""
        cpu.insn(insns.POST_OBJECT)
        vectors, counts = self.vectors, objcg.memcg.counts
        pfn = vectors.head(cpu, objp)
        vector = vectors.find(cpu, pfn)
        if vector is None:
            vector = vectors.alloc_page_obj_cgroups(cpu, cache, flags, pfn, counts)
            if vector is None:
                return False
        index = vectors.obj_to_index(cache, pfn, objp)
        objcg.refcnt.get(cpu)
        vector.entries[index] = objcg
        cpu.write(vector.addr + POINTER * index)
        counts.charges += 1
        counts.bytes_charged += obj_full_size(cache)
        mod_objcg_state(cpu, objcg, vectors.mem_map.nid(pfn), vmstat_item(cache), obj_full_size(cache))
        return True

    def free_hook(self, cpu: Cpu, cache: Cache, objp: int) -> int:
        """Uncharge an object that is about to be freed, if somebody is charged for it (memcg_slab_free_hook)."""
        cpu.insn(insns.FREE_HOOK)
        vectors = self.vectors
        pfn = vectors.head(cpu, objp)
        vector = vectors.find(cpu, pfn)
        if vector is None:
            return 0
        cpu.insn(insns.FREE_OBJECT)
        index = vectors.obj_to_index(cache, pfn, objp)
        cpu.read(vector.addr + POINTER * index)
        objcg = vector.entries[index]
        if objcg is None:
            return 0
        vector.entries[index] = None
        cpu.write(vector.addr + POINTER * index)
        objcg.memcg.counts.uncharges += 1
        self.charging.obj_cgroup_uncharge(cpu, objcg, obj_full_size(cache))
        mod_objcg_state(cpu, objcg, vectors.mem_map.nid(pfn), vmstat_item(cache), -obj_full_size(cache))
        objcg.refcnt.put(cpu)
        return 0

    def free_page_obj_cgroups(self, cpu: Cpu, pfn: int) -> int:
        """A slab's pages go back: free its vector (mm/slab.h: unaccount_slab_page)."""
        self.vectors.free_page_obj_cgroups(cpu, pfn)
        return 0

    def owed(self) -> dict[MemCgroup, tuple[int, int]]:
        """Number and bytes of live charged objects by cgroup, for audits; no charge."""
        owed: dict[MemCgroup, tuple[int, int]] = {}
        for pfn, vector in self.vectors.of_page.items():
            cache = self.by_index[self.vectors.mem_map.get("slab_cache", pfn)]
            assert cache is not None
            for objcg in vector.entries:
                if objcg is not None:
                    objects, size = owed.get(objcg.memcg, (0, 0))
                    owed[objcg.memcg] = objects + 1, size + obj_full_size(cache)
        return owed


def obj_full_size(cache: Cache) -> int:
    """Bytes charged for an object: with its entry of the vector (mm/slab.h: obj_full_size)."""
    return cache.size + POINTER


def vmstat_item(cache: Cache) -> int:
    """Which statistic a cache's bytes belong to (mm/slab.h: cache_vmstat_idx)."""
    return RECLAIMABLE if cache.flags & fl.SLAB_RECLAIM_ACCOUNT else UNRECLAIMABLE
