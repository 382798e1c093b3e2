"""The bytes of slabs: the one place where objects have contents, kept only by kernels that debug them."""

from __future__ import annotations

from typing import Final

from simslab.base.errors import UserError
from simslab.kernel import layout
from simslab.kernel.mm.page import FIELDS, MemMap

PAGE_SHIFT: Final = layout.PAGE_SHIFT

# include/linux/poison.h
POISON_INUSE: Final = 0x5A  # allocated, not written to
POISON_FREE: Final = 0x6B
POISON_END: Final = 0xA5  # last byte
WORD: Final = 8  # bytes
LINE: Final = 16  # bytes of a hex dump's line
ASCII_COLUMN: Final = 2 * LINE + LINE + 1


class ObjectBytes:
    """Contents of the slabs that exist, by the pfn of their first page; addresses are simulated physical ones.

    Not modelled: what kernel code writes into objects beside constructors, zeroing and the checks themselves.
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


def hex_dump(line: bytes) -> str:
    """Up to 16 bytes in hexadecimal and as characters (lib/hexdump.c: hex_dump_to_buffer)."""
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in line)
    return line.hex(" ").ljust(ASCII_COLUMN) + text
