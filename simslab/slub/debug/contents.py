"""What lies in and around the objects of debugged caches (mm/slub.c: object layout, init_object, set_track).

An object of `object_size` bytes has its red zones before it (`red_left_pad`) and behind it (to `inuse`), then, where it
cannot lie in the object, the free pointer, then two tracks of 24 bytes (who allocated and who freed), then padding.

Not modelled: bytes that kernel code writes into objects; of use are those written on purpose (`write`). A free pointer
that is written over is found spoiled by checks (`Freepointer corrupt`); without checks the allocator goes on along the
list that it had, where the kernel would follow the spoiled pointer. So it does after checks if NULL or the address of
another object of the slab was written, which they let pass.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from simslab.kernel.mm.page import MemMap
from simslab.slab_common.object_bytes import POISON_END, POISON_FREE, POISON_INUSE, ObjectBytes
from simslab.slub import flags as fl
from simslab.slub import layout
from simslab.slub.kmem_cache import KmemCache
from simslab.slub.lists.freelists import FreeLists

RED_INACTIVE: Final = 0xBB  # include/linux/poison.h: SLUB_RED_INACTIVE, SLUB_RED_ACTIVE
RED_ACTIVE: Final = 0xCC
POINTER_BYTES: Final = 8
TRACK: Final = struct.Struct("<QIiQ")  # addr, cpu, pid, when
TRACK_ALLOC: Final = 0
TRACK_FREE: Final = 1


@dataclass(frozen=True)
class Track:
    """Who used an object (mm/slub.c: struct track without CONFIG_STACKTRACE). `addr` 0: nobody."""

    addr: int
    cpu: int = 0
    pid: int = 0
    when: int = 0


class SlubContents:
    """Bytes of the slabs of debugged caches. `spoiled[objp]` is the word that was written over a free pointer."""

    def __init__(self, mem_map: MemMap, freelists: FreeLists) -> None:
        self.bytes = ObjectBytes(mem_map)
        self.mem_map = mem_map
        self.freelists = freelists
        self.spoiled: dict[int, int] = {}

    def create(self, cache: KmemCache, pfn: int) -> None:
        """Begin to keep a new slab's bytes (mm/slub.c: setup_page_debug)."""
        order = self.mem_map.get("order", pfn)
        self.bytes.create(pfn, order)
        if cache.flags & fl.SLAB_POISON:
            self.fill(pfn << layout.PAGE_SHIFT, POISON_INUSE, layout.PAGE_SIZE << order)

    def fill(self, addr: int, value: int, count: int) -> None:
        """Memset."""
        self.bytes.write(addr, bytes([value]) * count)

    def init_object(self, cache: KmemCache, objp: int, red: int) -> None:
        """Write red zones and pattern (mm/slub.c: init_object)."""
        if cache.flags & fl.SLAB_RED_ZONE:
            self.fill(objp - cache.red_left_pad, red, cache.red_left_pad)
        if cache.flags & fl.OBJECT_POISON:
            self.fill(objp, POISON_FREE, cache.object_size - 1)
            self.fill(objp + cache.object_size - 1, POISON_END, 1)
        if cache.flags & fl.SLAB_RED_ZONE:
            self.fill(objp + cache.object_size, red, cache.inuse - cache.object_size)

    def init_tracking(self, cache: KmemCache, objp: int) -> None:
        """Nobody has used an object (mm/slub.c: init_tracking)."""
        if cache.flags & fl.SLAB_STORE_USER:
            self.fill(objp + info_end(cache), 0, 2 * layout.TRACK_BYTES)

    def set_track(self, cache: KmemCache, objp: int, which: int, track: Track) -> None:
        """Say who used an object (mm/slub.c: set_track)."""
        place = objp + info_end(cache) + which * layout.TRACK_BYTES
        self.bytes.write(place, TRACK.pack(track.addr, track.cpu, track.pid, track.when))

    def get_track(self, cache: KmemCache, objp: int, which: int) -> Track:
        """Who used an object last (mm/slub.c: get_track)."""
        place = objp + info_end(cache) + which * layout.TRACK_BYTES
        return Track(*TRACK.unpack(self.bytes.read(place, layout.TRACK_BYTES)))

    # -- free pointers ------------------------------------------------------------------------------------------------

    def write(self, cache: KmemCache, addr: int, data: bytes) -> None:
        """Store `data` inside one slab, as buggy code may, over free pointers, too."""
        first = addr - cache.size - cache.left
        base = addr >> layout.PAGE_SHIFT << layout.PAGE_SHIFT
        start = self.mem_map.get("head", base >> layout.PAGE_SHIFT) << layout.PAGE_SHIFT
        touched = []
        for objp in range(start + cache.left, addr + len(data), cache.size):
            place = objp + cache.offset
            if objp >= first and place < addr + len(data) and addr < place + POINTER_BYTES:
                touched.append(objp)
                self.show_pointer(cache, objp)
        self.bytes.write(addr, data)
        for objp in touched:
            self.spoiled[objp] = int.from_bytes(self.pointer_bytes(cache, objp), "little", signed=True)

    def pointer_bytes(self, cache: KmemCache, objp: int) -> bytes:
        """What lies where an object's free pointer is."""
        return self.bytes.read(objp + cache.offset, POINTER_BYTES)

    def show_pointer(self, cache: KmemCache, objp: int) -> None:
        """Put an object's free pointer where it lies, unless it was written over or is the user's."""
        if objp not in self.spoiled and freeptr_outside_object(cache):
            word = self.freelists.word(cache, objp)
            self.bytes.write(objp + cache.offset, word.to_bytes(POINTER_BYTES, "little", signed=True))

    def pointer(self, cache: KmemCache, objp: int) -> int:
        """The free pointer that a check reads, which may be spoiled."""
        if objp not in self.spoiled:
            return self.freelists.get_freepointer(cache, objp)
        word = self.spoiled[objp]
        return self.freelists.freelist_ptr(cache, objp, word) if self.freelists.hardened else word


def freeptr_outside_object(cache: KmemCache) -> bool:
    """Whether the free pointer lies behind the object (mm/slub.c: freeptr_outside_object)."""
    return cache.offset >= cache.inuse


def info_end(cache: KmemCache) -> int:
    """Offset behind object, right red zone and a free pointer outside (mm/slub.c: get_info_end)."""
    return cache.inuse + POINTER_BYTES if freeptr_outside_object(cache) else cache.inuse


def padding(cache: KmemCache) -> tuple[int, int]:
    """Offset and length of the padding behind an object and its tracks (mm/slub.c: check_pad_bytes)."""
    begin = info_end(cache) + (2 * layout.TRACK_BYTES if cache.flags & fl.SLAB_STORE_USER else 0)
    return begin, size_from_object(cache) - begin


def size_from_object(cache: KmemCache) -> int:
    """Bytes from an object to the left red zone of the next (mm/slub.c: size_from_object)."""
    return cache.size - cache.red_left_pad if cache.flags & fl.SLAB_RED_ZONE else cache.size
