"""What a cache has whichever allocator it belongs to (mm/slab.h: the fields of struct kmem_cache that all share)."""

from __future__ import annotations


class Cache:
    """One cache. An allocator's own struct kmem_cache derives from it; fields of no kernel structure say `model`."""

    def __init__(self, index: int, addr: int, name: str) -> None:
        self.index = index  # model: number in order of creation, from 1; what MemMap.slab_cache holds
        self.addr = addr  # model: the simulated address of the structure
        self.name = name
        self.size = 0  # bytes from one object to the next
        self.object_size = 0  # bytes
        self.align = 0
        self.flags = 0
        self.ctor = 0  # model: 1 when there is a constructor
        self.refcount = 0
        self.useroffset = 0
        self.usersize = 0
        self.allocflags = 0  # GFP bits of every page request
        self.reciprocal_m = 0
        self.reciprocal_sh1 = 0
        self.reciprocal_sh2 = 0
        self.random_seq: list[int] | None = None  # with SLAB_FREELIST_RANDOM
        self.random_seq_addr = 0  # model: where its memory is, NULL without
