"""Bytes of slabs by address: kept from creation until the pages go, and of no other memory."""

import pytest

from simslab.base.errors import UserError
from simslab.kernel.mm.page import MemMap
from simslab.slab.debug.bytes_of_slabs import ObjectBytes

PFN, PAGE = 4, 4096
START = PFN * PAGE


@pytest.fixture
def mem_map():
    mem_map = MemMap(64, [0], [1 << 20])
    for pfn in (PFN, PFN + 1):
        mem_map.set("head", pfn, PFN)
    return mem_map


@pytest.fixture
def contents(mem_map):
    """A slab of two pages."""
    contents = ObjectBytes(mem_map)
    contents.create(PFN, 1)
    return contents


def test_a_new_slab_is_zero_and_keeps_what_is_written(contents):
    assert contents.read(START, 2 * PAGE) == bytes(2 * PAGE)
    contents.write(START + PAGE - 2, b"over")
    assert contents.read(START, 2 * PAGE) == bytes(PAGE - 2) + b"over" + bytes(PAGE - 2)
    assert len(contents.slabs[PFN]) == 2 * PAGE


def test_words_are_little_endian(contents):
    contents.set_word(START + 8, 0x0102030405060708)
    assert contents.read(START + 8, 8) == bytes([8, 7, 6, 5, 4, 3, 2, 1])
    assert contents.word(START + 8) == 0x0102030405060708


def test_every_page_of_a_slab_leads_to_its_first(contents):
    assert [contents.slab_of(START + page * PAGE) for page in (-1, 0, 1, 2)] == [-1, PFN, PFN, -1]


@pytest.mark.parametrize(
    ("addr", "size"), [(START - 1, 2), (START + 2 * PAGE - 1, 2), (START, -1), (-1, 1), (64 * PAGE, 1), (1 << 60, 1)]
)
def test_bytes_outside_of_every_slab_are_refused(contents, addr, size):
    with pytest.raises(UserError, match="no slab holds"):
        contents.read(addr, size)


def test_the_last_byte_of_a_slab_is_inside(contents):
    assert contents.read(START + 2 * PAGE - 1, 1) == b"\0"


def test_a_slab_given_back_has_no_bytes(contents):
    contents.drop(PFN)
    contents.drop(PFN)
    assert contents.slab_of(START) == -1


@pytest.mark.parametrize(("offset", "shown"), [(100, True), (2 * PAGE - 3, True), (2 * PAGE - 2, False), (-8, False)])
def test_free_indices_are_shown_where_they_lie_in_the_slab(contents, mem_map, offset, shown):
    mem_map.slot_alloc(PFN)
    for position, index in enumerate((2, 0, 1)):
        mem_map.freelist_set(PFN, position, index)
    mem_map.set("freelist", PFN, START + offset)
    contents.show_index(PFN, 3)
    expected = bytes((2, 0, 1)) if shown else b""
    assert bytes(contents.slabs[PFN]).strip(b"\0") == expected.strip(b"\0")
    if shown:
        assert contents.read(START + offset, 3) == expected
