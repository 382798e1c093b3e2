"""SLAB's arrays of free indices among the bytes of its slabs."""

import pytest

from simslab.kernel.mm.page import MemMap
from simslab.slab.debug.bytes_of_slabs import SlabBytes

PFN, PAGE = 4, 4096
START = PFN * PAGE


@pytest.mark.parametrize(("offset", "shown"), [(100, True), (2 * PAGE - 3, True), (2 * PAGE - 2, False), (-8, False)])
def test_free_indices_are_shown_where_they_lie_in_the_slab(offset, shown):
    mem_map = MemMap(64, [0], [1 << 20])
    contents = SlabBytes(mem_map)
    contents.create(PFN, 1)
    for pfn in (PFN, PFN + 1):
        mem_map.set("head", pfn, PFN)
    mem_map.slot_alloc(PFN)
    for position, index in enumerate((2, 0, 1)):
        mem_map.freelist_set(PFN, position, index)
    mem_map.set("freelist", PFN, START + offset)
    contents.show_index(PFN, 3)
    expected = bytes((2, 0, 1)) if shown else b""
    assert bytes(contents.slabs[PFN]).strip(b"\0") == expected.strip(b"\0")
    if shown:
        assert contents.read(START + offset, 3) == expected
