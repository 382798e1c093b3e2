"""Whether user space may copy part of an object (CONFIG_HARDENED_USERCOPY)."""

from __future__ import annotations

from simslab.kernel.layout import PAGE_SHIFT
from simslab.machine.core.cpu import Cpu
from simslab.slab.core import SlabCore
from simslab.slab_common.usercopy import usercopy_fault


def check_heap_object(core: SlabCore, cpu: Cpu, addr: int, length: int) -> str:
    """What is wrong with copying `length` bytes at `addr`, empty if nothing (mm/slab.c: __check_heap_object)."""
    cache = core.virt_to_cache(cpu, addr)
    mem_map = core.pages.mem_map
    head = mem_map.get("head", addr >> PAGE_SHIFT)
    first = mem_map.get("s_mem", head)
    index = core.pages.lists.obj_to_index(cache, head, addr)
    if not 0 <= index < cache.num:
        return f"SLAB object of {cache.name}: index {index} of {cache.num}"
    return usercopy_fault("SLAB", cache, addr - (first + index * cache.size) - cache.obj_offset, length)
