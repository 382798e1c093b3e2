"""The bytes of slabs with, to be looked at, SLAB's arrays of free indices."""

from __future__ import annotations

from typing import Final

from simslab.slab_common.object_bytes import PAGE_SHIFT, ObjectBytes

ROW_SHIFT: Final = 8  # of MemMap.rows


class SlabBytes(ObjectBytes):
    """Contents of SLAB's slabs.

    Not modelled: the array of free indices is copied in only to be looked at (`show_index`), so writing over it
    misleads nobody.
    """

    def show_index(self, pfn: int, num: int) -> None:
        """Put the slab's array of `num` free indices where it lies, if that is in the slab itself."""
        mem_map = self.mem_map
        slab, offset = self.slabs[pfn], mem_map.get("freelist", pfn) - (pfn << PAGE_SHIFT)
        if 0 <= offset <= len(slab) - num:
            row = mem_map.get("slot", pfn) << ROW_SHIFT
            slab[offset : offset + num] = bytes(mem_map.rows_owner[row : row + num])
