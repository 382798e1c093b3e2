"""Strides, free pointers and orders of SLUB; the golden tables have thousands more."""

import pytest

from simslab.slub import flags as fl
from simslab.slub.creation.geometry import (
    OrderObjects,
    Rules,
    calculate_order,
    get_order,
    kmem_cache_open,
    set_min_partial,
)


def sized(size, flags=0, ctor=False, cpus=8, align=8, **rules):
    return kmem_cache_open(size, align, flags, ctor, Rules(cpus, **rules))


def test_the_free_pointer_lies_in_the_middle_of_a_plain_object():
    geometry = sized(100)
    assert (geometry.size, geometry.offset, geometry.inuse) == (104, 48, 104)


@pytest.mark.parametrize(("flags", "ctor"), [(0, True), (fl.SLAB_TYPESAFE_BY_RCU, False), (fl.SLAB_POISON, False)])
def test_the_free_pointer_lies_behind_an_object_whose_bytes_matter(flags, ctor):
    geometry = sized(100, flags, ctor)
    assert (geometry.size, geometry.offset) == (112, 104)


def test_more_cpus_get_larger_slabs():
    assert [sized(512, cpus=cpus).oo for cpus in (1, 4, 8)] == [
        OrderObjects(0, 8),
        OrderObjects(1, 16),
        OrderObjects(2, 32),
    ]


def test_the_fallback_is_the_least_order_that_holds_an_object():
    geometry = sized(5000)
    assert geometry.min == OrderObjects(1, 1)
    assert geometry.oo.order == 3


def test_an_order_above_the_largest_wished_is_taken_for_a_huge_object():
    assert calculate_order(40_000, Rules(8)) == 4


def test_an_object_larger_than_any_block_cannot_be_placed():
    assert sized((4 << 20) + 8).err == -22


def test_debug_flags_count_only_when_slub_debug_was_given():
    assert sized(192, fl.SLAB_RED_ZONE).cpu_partial == 30
    assert sized(192, fl.SLAB_RED_ZONE, slub_debug_enabled=True).cpu_partial == 0


def test_caches_that_check_users_exchange_under_the_slab_lock():
    assert sized(64).flags & fl.CMPXCHG_DOUBLE
    assert not sized(64, fl.SLAB_STORE_USER).flags & fl.CMPXCHG_DOUBLE


def test_slub_debug_o_leaves_metadata_out_where_the_least_slab_would_grow():
    wanted = {"slub_debug_enabled": True, "disable_higher_order_debug": True}
    small = sized(64, fl.DEBUG_DEFAULT_FLAGS, **wanted)
    assert small.flags & fl.DEBUG_METADATA_FLAGS == fl.DEBUG_METADATA_FLAGS
    page, plain = sized(4096, fl.DEBUG_DEFAULT_FLAGS, **wanted), sized(4096)
    assert page.flags == fl.SLAB_CONSISTENCY_CHECKS
    assert (page.size, page.offset, page.min, page.oo) == (plain.size, plain.offset, plain.min, plain.oo)
    assert page.red_left_pad == 8  # which the first sizing left
    assert sized(4096, fl.DEBUG_DEFAULT_FLAGS, slub_debug_enabled=True).min == OrderObjects(1, 1)


@pytest.mark.parametrize(("size", "order"), [(1, 0), (4096, 0), (4097, 1), (32768, 3)])
def test_get_order_is_the_least_that_holds_the_size(size, order):
    assert get_order(size) == order


@pytest.mark.parametrize(("wanted", "kept"), [(0, 5), (7, 7), (1000, 10)])
def test_min_partial_stays_between_five_and_ten(wanted, kept):
    assert set_min_partial(wanted) == kept
