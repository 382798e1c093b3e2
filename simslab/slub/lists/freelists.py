"""Free pointers: the word in each free object that names the next one (mm/slub.c: get_freepointer).

The kernel keeps them in the objects. Here they are in one array by slab and index, since simulated memory has no
contents; whoever follows a pointer charges the line of the object that holds it (`object + cache.offset`).

With SLAB_FREELIST_HARDENED the word is the pointer xor the cache's random number xor its own address, bytes swapped
(freelist_ptr), and an object that would name itself is a bug. Not modelled: that the fields behind `random` in struct
kmem_cache lie 8 bytes further; addresses are physical ones.
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm.page import MemMap
from simslab.machine.core.cpu import Cpu
from simslab.slub import layout
from simslab.slub.kmem_cache import KmemCache

FIRST_WORDS: Final = 1 << 14
SIZE_CLASSES: Final = 17  # rows of up to 1 << 16 objects
INSNS_FREELIST_PTR: Final = 5  # estimate: freelist_ptr with hardening: an addition, a load, bswap, two xor
BYTE: Final = 0xFF
WORD_BYTES: Final = 8
SIGN: Final = 0x80  # of a byte
TOP_BYTE: Final = 1 << 56


class FreeLists:
    """The free pointers of all slabs of one kernel; `MemMap.slot[pfn]` says where those of slab `pfn` begin.

    `words` moves when it grows: never keep a copy. `hardened` is 1 with SLAB_FREELIST_HARDENED.
    """

    def __init__(self, mem_map: MemMap) -> None:
        self.mem_map = mem_map
        self.hardened = 0
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

    def word(self, cache: KmemCache, objp: int) -> int:
        """The word that is a free pointer, as it lies in memory."""
        return self.words[self.place(cache, objp)]

    def get_freepointer(self, cache: KmemCache, objp: int) -> int:
        """The object after `objp`, 0 for none; no charge (mm/slub.c: get_freepointer)."""
        word = self.words[self.place(cache, objp)]
        return self.freelist_ptr(cache, objp, word) if self.hardened else word

    def set_freepointer(self, cache: KmemCache, objp: int, following: int) -> int:
        """Let `following` come after `objp`; no charge (mm/slub.c: set_freepointer)."""
        if self.hardened:
            if objp == following:
                raise KernelBugError(f"set_freepointer: object {objp:#x} of {cache.name} freed twice in a row")
            following = self.freelist_ptr(cache, objp, following)
        self.words[self.place(cache, objp)] = following
        return 0

    def freelist_ptr(self, cache: KmemCache, objp: int, word: int) -> int:
        """A free pointer of `objp` made unreadable, or one made readable again (mm/slub.c: freelist_ptr)."""
        return word ^ cache.random ^ self.swab(objp + cache.offset)

    def swab(self, word: int) -> int:
        """A 64-bit word with its bytes in reverse order, as a signed number (swab64)."""
        top = ((word & BYTE) ^ SIGN) - SIGN  # the byte that has the sign
        swapped = 0
        for place in range(1, WORD_BYTES):
            swapped |= ((word >> (8 * place)) & BYTE) << (8 * (WORD_BYTES - 1 - place))
        return top * TOP_BYTE + swapped

    def charge_hardening(self, cpu: Cpu, cache: KmemCache) -> int:
        """What it costs more to read or write a free pointer with SLAB_FREELIST_HARDENED."""
        cpu.read(cache.addr + layout.KMEM_CACHE_RANDOM)
        return cpu.insn(INSNS_FREELIST_PTR)

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
