"""Whether user space may copy part of an object (CONFIG_HARDENED_USERCOPY)."""

from __future__ import annotations

from simslab.kernel.layout import PAGE_SHIFT
from simslab.machine.core.cpu import Cpu
from simslab.slab.core import SlabCore


def check_heap_object(core: SlabCore, cpu: Cpu, addr: int, length: int) -> str:
    """What is wrong with copying `length` bytes at `addr`, empty if nothing (mm/slab.c: __check_heap_object).

    The copy must lie in the window that the cache was created with. Not modelled: usercopy_fallback, which lets copies
    outside the window pass with a warning; usercopy_abort, the caller's part.
    """
    cache = core.virt_to_cache(cpu, addr)
    mem_map = core.pages.mem_map
    head = mem_map.get("head", addr >> PAGE_SHIFT)
    first = mem_map.get("s_mem", head)
    index = core.pages.lists.obj_to_index(cache, head, addr)
    if not 0 <= index < cache.num:
        return f"SLAB object of {cache.name}: index {index} of {cache.num}"
    offset = addr - (first + index * cache.size) - cache.obj_offset
    window = cache.useroffset, cache.useroffset + cache.usersize
    if window[0] <= offset and offset + length <= window[1]:
        return ""
    return f"SLAB object '{cache.name}' (offset {offset}, size {length})"
