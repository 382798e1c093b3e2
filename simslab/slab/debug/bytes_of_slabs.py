"""The bytes of slabs: the one place where objects have contents, kept only by DEBUG_SLAB kernels."""

from __future__ import annotations

from typing import Final

from simslab.base.errors import UserError
from simslab.kernel import layout
from simslab.kernel.mm.page import FIELDS, MemMap

PAGE_SHIFT: Final = layout.PAGE_SHIFT
ROW_SHIFT: Final = 8  # of MemMap.rows
WORD: Final = 8  # bytes


class ObjectBytes:
    """Contents of the slabs that exist, by the pfn of their first page; addresses are simulated physical ones.

    Not modelled: what kernel code writes into objects beside constructors, zeroing and the checks themselves. The
    array of free indices is copied in only to be looked at (`show_index`), so writing over it misleads nobody.
    """

    def __init__(self, mem_map: MemMap) -> None:
        self.mem_map = mem_map
        self.heads = mem_map.owners[FIELDS.index("head")]
        self.slabs: dict[int, bytearray] = {}

    def create(self, pfn: int, order: int) -> None:
        """Begin to keep the bytes of a new slab, all zero."""
        self.slabs[pfn] = bytearray(1 << (PAGE_SHIFT + order))

    def drop(self, pfn: int) -> None:
        """Forget a slab whose pages are given back."""
        self.slabs.pop(pfn, None)

    def slab_of(self, addr: int) -> int:
        """The first pfn of the slab at `addr`, -1 when no slab is there."""
        pfn = addr >> PAGE_SHIFT
        if not 0 <= pfn < self.mem_map.nr_pages:
            return -1
        head: int = self.heads[pfn]
        return head if head in self.slabs else -1

    def place(self, addr: int, size: int) -> tuple[bytearray, int]:
        """The slab that holds [addr, addr + size) and the offset in it; UserError when none does."""
        head = self.slab_of(addr)
        slab = self.slabs.get(head)
        offset = addr - (head << PAGE_SHIFT)
        if slab is None or size < 0 or offset + size > len(slab):
            raise UserError(f"no slab holds the {size} bytes at {addr:#x}", expected="an address inside a slab")
        return slab, offset

    def read(self, addr: int, size: int) -> bytes:
        """`size` bytes at `addr`."""
        slab, offset = self.place(addr, size)
        return bytes(slab[offset : offset + size])

    def write(self, addr: int, data: bytes) -> None:
        """Store `data` at `addr`."""
        slab, offset = self.place(addr, len(data))
        slab[offset : offset + len(data)] = data

    def word(self, addr: int) -> int:
        """The 64-bit word at `addr`."""
        return int.from_bytes(self.read(addr, WORD), "little")

    def set_word(self, addr: int, value: int) -> None:
        """Store a 64-bit word."""
        self.write(addr, value.to_bytes(WORD, "little"))

    def show_index(self, pfn: int, num: int) -> None:
        """Put the slab's array of `num` free indices where it lies, if that is in the slab itself."""
        mem_map = self.mem_map
        slab, offset = self.slabs[pfn], mem_map.get("freelist", pfn) - (pfn << PAGE_SHIFT)
        if 0 <= offset <= len(slab) - num:
            row = mem_map.get("slot", pfn) << ROW_SHIFT
            slab[offset : offset + num] = bytes(mem_map.rows_owner[row : row + num])
