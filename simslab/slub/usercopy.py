"""Whether user space may copy part of an object (CONFIG_HARDENED_USERCOPY)."""

from __future__ import annotations

from simslab.kernel.layout import PAGE_SHIFT
from simslab.slab_common.usercopy import usercopy_fault
from simslab.slub.core import SlubCore


def check_heap_object(core: SlubCore, addr: int, length: int) -> str:
    """What is wrong with copying `length` bytes at `addr`, empty if nothing (mm/slub.c: __check_heap_object)."""
    mem_map = core.pages.mem_map
    pfn = mem_map.get("head", addr >> PAGE_SHIFT)
    cache = core.by_index[mem_map.get("slab_cache", pfn)]
    assert cache is not None
    offset = (addr - (pfn << PAGE_SHIFT)) % cache.size - cache.left
    if offset < 0:
        return f"SLUB object in left red zone '{cache.name}' (offset {offset + cache.left}, size {length})"
    return usercopy_fault("SLUB", cache, offset, length)
