"""The vectors of slab pages: for each object the obj_cgroup it is charged to (mm/memcontrol.c)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from simslab.allocator.cache import Cache
from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.memcg import instructions as insns
from simslab.kernel.memcg.layout import PAGE_OBJ_CGROUPS
from simslab.kernel.memcg.structures import MemcgCounts, ObjCgroup
from simslab.kernel.mm import gfp
from simslab.kernel.mm.page import MemMap
from simslab.machine.core.cpu import Cpu

# From 5.10.50 on (OBJCGS_CLEAR_MASK): a vector is neither charged itself nor in caches of a zone or type.
OBJCGS_CLEAR_MASK: Final = gfp.DMA | gfp.RECLAIMABLE | gfp.ACCOUNT | gfp.NOFAIL
POINTER: Final = 8


class VectorSource(Protocol):
    """The allocator that vectors come from: the one whose slabs they belong to."""

    def kmalloc_node(self, cpu: Cpu, size: int, flags: int, nodeid: int) -> int:
        """Allocate `size` bytes on node `nodeid`; 0 when there are none."""

    def kfree(self, cpu: Cpu, objp: int) -> int:
        """Free what kmalloc_node returned; NULL does nothing."""


@dataclass(frozen=True)
class SlabPlaces:
    """Where an allocator has the objects of a slab, given its first page."""

    first: Callable[[int], int]  # address of the first object's slot
    objects: Callable[[Cache, int], int]  # how many there are
    size_offset: int  # of `size` in struct kmem_cache


class ObjCgroupVector:
    """The vector of one slab, at simulated address `addr`; None for objects that nobody is charged for."""

    def __init__(self, addr: int, objects: int) -> None:
        self.addr = addr
        self.entries: list[ObjCgroup | None] = [None] * objects


class ObjCgroupVectors:
    """The vectors of all slabs, by the slab's first page."""

    def __init__(self, mem_map: MemMap, source: VectorSource, places: SlabPlaces) -> None:
        self.mem_map = mem_map
        self.source = source
        self.places = places
        self.of_page: dict[int, ObjCgroupVector] = {}

    def find(self, cpu: Cpu, pfn: int) -> ObjCgroupVector | None:
        """The slab's vector, from the word in its struct page (page_has_obj_cgroups)."""
        cpu.read(self.mem_map.page_addr(pfn) + PAGE_OBJ_CGROUPS)
        return self.of_page.get(pfn)

    def alloc_page_obj_cgroups(
        self, cpu: Cpu, cache: Cache, flags: int, pfn: int, counts: MemcgCounts
    ) -> ObjCgroupVector | None:
        """A vector for a slab without one; None when there is no memory (memcg_alloc_page_obj_cgroups).

        Other CPUs run meanwhile: one that comes second frees its vector and uses the first.
        """
        cpu.insn_cold(insns.VECTOR)
        objects = self.places.objects(cache, pfn)
        path = cpu.path
        wanted = (flags & ~OBJCGS_CLEAR_MASK) | gfp.ZERO
        addr = self.source.kmalloc_node(cpu, objects * POINTER, wanted, self.mem_map.nid(pfn))
        if addr:
            self.enter(cpu, pfn, ObjCgroupVector(addr, objects), counts)
        else:
            counts.vectors_failed += 1
        cpu.path = path
        return self.of_page[pfn] if addr else None

    def enter(self, cpu: Cpu, pfn: int, vector: ObjCgroupVector, counts: MemcgCounts) -> None:
        """Write a vector's address into struct page unless one is there: a locked exchange."""
        cpu.settle()
        cpu.atomic(self.mem_map.page_addr(pfn) + PAGE_OBJ_CGROUPS)
        if self.of_page.setdefault(pfn, vector) is vector:
            counts.vectors += 1
        else:
            counts.vectors_raced += 1
            self.source.kfree(cpu, vector.addr)

    def free_page_obj_cgroups(self, cpu: Cpu, pfn: int) -> None:
        """Free the vector of a slab whose pages go back, if it has one (memcg_free_page_obj_cgroups)."""
        cpu.insn_cold(insns.FREE_VECTOR)
        vector = self.find(cpu, pfn)
        if vector is not None:
            if any(objcg is not None for objcg in vector.entries):
                raise KernelBugError(f"slab {pfn} goes back with objects that are charged")
            del self.of_page[pfn]
            path = cpu.path
            self.source.kfree(cpu, vector.addr)
            cpu.path = path
        cpu.write(self.mem_map.page_addr(pfn) + PAGE_OBJ_CGROUPS)

    def obj_to_index(self, cache: Cache, pfn: int, objp: int) -> int:
        """Which object of its slab `objp` is; no charge."""
        return (objp - self.places.first(pfn)) // cache.size

    def head(self, cpu: Cpu, objp: int) -> int:
        """The first page of the slab of `objp` (virt_to_head_page)."""
        pfn = objp >> layout.PAGE_SHIFT
        cpu.read(self.mem_map.page_addr(pfn) + layout.PAGE_COMPOUND_HEAD)
        return self.mem_map.get("head", pfn)
