import dataclasses
import gzip
import types

import pytest

from simslab.slab.creation.geometry import Rules, cache_geometry, tunables, wants_debug_pagealloc
from simslab.slab.creation.kmalloc import running_rules
from simslab.slab_common import flags as fl
from simslab.slab_common.alignment import EndlessAlignmentError, calculate_alignment, reciprocal_value

RULES = running_rules(Rules())


def size(bytes_, flags=0, ctor=False, align=0, rules=RULES):
    return cache_geometry(bytes_, calculate_alignment(flags, align, bytes_), flags, ctor, rules)


def test_small_objects_are_spread_to_sixteen_bytes():
    assert size(1, ctor=True).size == 16


def test_a_free_object_holds_the_freelist_where_it_fits():
    assert (size(192).mgmt, size(192).num) == ("OBJFREELIST", 21)


def test_a_constructor_keeps_the_freelist_out_of_objects():
    assert size(1000, ctor=True).mgmt == "ON"


def test_a_full_slab_without_room_uses_a_kmalloc_object():
    geometry = size(256, flags=fl.SLAB_TYPESAFE_BY_RCU)
    assert (geometry.mgmt, geometry.freelist_cache) == ("OFF", "kmalloc-32")


def test_no_freelist_goes_off_slab_before_kmalloc_exists():
    assert size(256, flags=fl.SLAB_TYPESAFE_BY_RCU, rules=Rules()).mgmt == "ON"


def test_reclaimable_caches_take_the_first_order():
    assert size(2752, flags=fl.SLAB_RECLAIM_ACCOUNT).gfporder == 0
    assert size(2752).gfporder == 1


def test_too_large_an_object_is_e2big():
    assert size(4 << 20).err == 0
    assert size((4 << 20) + 8).err == -7


def test_every_rejected_order_says_why():
    attempts = size(2752).attempts
    assert [(a.order, a.taken) for a in attempts] == [(0, False), (1, True)]
    assert "1/8" in attempts[0].verdict
    assert "slab_max_order" in attempts[1].verdict


def test_size_zero_with_cache_line_alignment_is_refused():
    with pytest.raises(EndlessAlignmentError, match="real kernel hangs"):
        calculate_alignment(fl.SLAB_HWCACHE_ALIGN, 0, 0)


@pytest.mark.parametrize("divisor", [16, 24, 100, 192, 4096, 4194304])
def test_the_reciprocal_divides_exactly(divisor):
    multiplier, shift1, shift2 = reciprocal_value(divisor)
    for value in (0, 1, divisor - 1, divisor, 255 * divisor, 4194304):
        high = (value * multiplier) >> 32
        assert (high + ((value - high) >> shift1)) >> shift2 == value // divisor


@pytest.mark.parametrize(
    ("bytes_", "expected"),
    [(256, (120, 60, 8)), (257, (54, 27, 8)), (4096, (24, 12, 8)), (8192, (8, 4, 0)), (262144, (1, 1, 0))],
)
def test_tunables_follow_the_stride(bytes_, expected):
    assert tunables(bytes_, 8) == expected


def test_debug_caps_the_limit_and_one_cpu_shares_nothing():
    assert tunables(64, 8, debug_slab=True) == (32, 16, 8)
    assert tunables(64, 1) == (120, 60, 0)


def test_debug_adds_red_zones_and_the_callers_address():
    geometry = size(24, rules=running_rules(Rules(debug_slab=True)))
    assert (geometry.obj_offset, geometry.size) == (8, 48)


def test_golden_reader_takes_plain_and_compressed_tables(tmp_path):
    from simslab.conform.slab.geometry import check_geometry

    header = "req_size,req_align,req_flags,req_flags_decoded,ctor,err\n"
    row = "64,0,0x1,0x1,0,-22\n"
    plain = tmp_path / "cache_geometry.csv"
    plain.write_text(header + row)
    packed = tmp_path / "cache_geometry.csv.gz"
    packed.write_bytes(gzip.compress((header + row).encode()))
    assert check_geometry(plain).checks == check_geometry(packed).checks == 1


def test_a_difference_is_told_in_words(tmp_path):
    from simslab.conform.slab.geometry import check_geometry

    table = tmp_path / "cache_geometry.csv"
    table.write_text("req_size,req_align,req_flags,req_flags_decoded,ctor,err\n64,0,0x1,0x1,0,-7\n")
    assert "err: expected -7, got -22" in check_geometry(table).difference


@pytest.mark.parametrize(
    ("size", "own_pages"), [(255, False), (256, True), (4095, True), (4096, True), (4097, False), (8192, True)]
)
def test_debug_pagealloc_gives_pages_of_their_own_to_what_fills_them_or_is_smaller_than_one(size, own_pages):
    """__kmem_cache_create: `size < PAGE_SIZE || size % PAGE_SIZE == 0`, from 256 bytes on."""
    rules = dataclasses.replace(RULES, debug_slab=True, debug_pagealloc=True)
    asked = types.SimpleNamespace(flags=fl.SLAB_POISON, object_size=size)
    assert wants_debug_pagealloc(asked, size, rules) == own_pages
    assert not wants_debug_pagealloc(types.SimpleNamespace(flags=0, object_size=size), size, rules)


@pytest.mark.parametrize(("bytes_", "num", "mgmt"), [(100, 39, "ON"), (1024, 4, "OFF"), (4096, 1, "OFF")])
def test_without_freelists_in_objects_they_are_on_the_slab_or_in_kmalloc_objects(bytes_, num, mgmt):
    found = size(bytes_, rules=dataclasses.replace(RULES, no_objfreelist=True))
    assert (found.num, found.mgmt) == (num, mgmt)
    assert size(bytes_).mgmt == "OBJFREELIST"
    assert found.attempts[0].verdict.startswith("no_objfreelist")
