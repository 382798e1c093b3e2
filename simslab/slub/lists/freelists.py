"""Free pointers: the word in each free object that names the next one (mm/slub.c: get_freepointer).

The kernel keeps them in the objects. Here they are in one array by slab and index, since simulated memory has no
contents; whoever follows a pointer charges the line of the object that holds it (`object + cache.offset`).

Not modelled: SLAB_FREELIST_HARDENED, which scrambles the pointers.
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers
from simslab.kernel.mm.page import MemMap
from simslab.slub import layout
from simslab.slub.kmem_cache import KmemCache

FIRST_WORDS: Final = 1 << 14
SIZE_CLASSES: Final = 17  # rows of up to 1 << 16 objects


class FreeLists:
    """The free pointers of all slabs of one kernel; `MemMap.slot[pfn]` says where those of slab `pfn` begin.

    `words` moves when it grows: never keep a copy.
    """

    def __init__(self, mem_map: MemMap) -> None:
        self.mem_map = mem_map
        self.owner = buffers.int64_zeros(FIRST_WORDS)
        self.words = buffers.int64_pointer(self.owner)
        self.room = FIRST_WORDS
        self.used = 1  # 0 is no row: pages start zeroed
        self.free_rows: list[list[int]] = [[] for _ in range(SIZE_CLASSES)]

    def new_row(self, pfn: int, objects: int) -> int:
        """Give slab `pfn` room for `objects` pointers."""
        size_class = (objects - 1).bit_length()
        rows = self.free_rows[size_class]
        if rows:
            self.mem_map.slot[pfn] = rows.pop()
            return 0
        while self.used + (1 << size_class) > self.room:
            self.grow()
        self.mem_map.slot[pfn] = self.used
        self.used += 1 << size_class
        return 0

    def drop_row(self, pfn: int, objects: int) -> int:
        """Take back the room of slab `pfn`."""
        self.free_rows[(objects - 1).bit_length()].append(self.mem_map.slot[pfn])
        self.mem_map.slot[pfn] = 0
        return 0

    def grow(self) -> None:
        """Double the array."""
        owner = buffers.int64_zeros(2 * self.room)
        owner[: self.room] = self.owner
        self.room *= 2
        self.owner = owner
        self.words = buffers.int64_pointer(self.owner)

    def obj_to_index(self, cache: KmemCache, offset: int) -> int:
        """Index of the object at `offset` bytes in its slab, by the reciprocal of the size (obj_to_index)."""
        t = (offset * cache.reciprocal_m) >> 32
        return (t + ((offset - t) >> cache.reciprocal_sh1)) >> cache.reciprocal_sh2

    def place(self, cache: KmemCache, objp: int) -> int:
        """Where in `words` the pointer of an object is."""
        pfn = self.mem_map.head[objp >> layout.PAGE_SHIFT]
        return self.mem_map.slot[pfn] + self.obj_to_index(cache, objp - (pfn << layout.PAGE_SHIFT))

    def get_freepointer(self, cache: KmemCache, objp: int) -> int:
        """The object after `objp`, 0 for none; no charge (mm/slub.c: get_freepointer)."""
        return self.words[self.place(cache, objp)]

    def set_freepointer(self, cache: KmemCache, objp: int, following: int) -> int:
        """Let `following` come after `objp`; no charge (mm/slub.c: set_freepointer)."""
        self.words[self.place(cache, objp)] = following
        return 0

    # -- views --------------------------------------------------------------------------------------------------------

    def objects(self, cache: KmemCache, first: int) -> list[int]:
        """The objects of a freelist, first to last; ends at one that came before (a broken list)."""
        found: list[int] = []
        seen: set[int] = set()
        while first and first not in seen:
            seen.add(first)
            found.append(first)
            first = self.get_freepointer(cache, first)
        return [*found, first] if first else found

    def index(self, cache: KmemCache, objp: int) -> int:
        """Index of an object in its slab."""
        pfn = self.mem_map.get("head", objp >> layout.PAGE_SHIFT)
        return self.obj_to_index(cache, objp - (pfn << layout.PAGE_SHIFT))

    def indices(self, cache: KmemCache, first: int) -> list[int]:
        """Indices of the objects of a freelist, first to last."""
        return [self.index(cache, objp) for objp in self.objects(cache, first)]
