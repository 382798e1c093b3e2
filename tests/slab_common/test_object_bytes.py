"""Bytes of slabs by address: kept from creation until the pages go, and of no other memory."""

import pytest

from simslab.base.errors import UserError
from simslab.kernel.mm.page import MemMap
from simslab.slab_common.object_bytes import ObjectBytes, hex_dump

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


def test_a_dump_has_a_column_of_characters():
    assert hex_dump(b"AB\x00\x7f~ ") == "41 42 00 7f 7e 20".ljust(49) + "AB..~ "
    assert hex_dump(bytes(range(0x61, 0x71))).endswith("6f 70  abcdefghijklmnop")
