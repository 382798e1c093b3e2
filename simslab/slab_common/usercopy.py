"""Which part of an object user space may copy (CONFIG_HARDENED_USERCOPY)."""

from __future__ import annotations

from simslab.allocator.cache import Cache


def usercopy_window_is_valid(size: int, useroffset: int, usersize: int) -> bool:
    """Whether the part of an object that user space may copy lies inside it (kmem_cache_create_usercopy)."""
    return not (usersize == 0 and useroffset) and usersize <= size and useroffset <= size - usersize


def usercopy_fault(allocator: str, cache: Cache, offset: int, length: int) -> str:
    """What is wrong with copying `length` bytes from `offset` in an object of `cache`, empty if nothing.

    `allocator` is the word before "object", SLAB or SLUB.

    The copy must lie in the window that the cache was created with (the end of __check_heap_object, the same in
    mm/slab.c and mm/slub.c). Not modelled: usercopy_fallback, which lets copies outside the window pass with a warning;
    usercopy_abort, the caller's part.
    """
    if cache.useroffset <= offset and offset + length <= cache.useroffset + cache.usersize:
        return ""
    return f"{allocator} object '{cache.name}' (offset {offset}, size {length})"
