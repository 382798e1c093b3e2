"""Flags as SLUB tells them."""

import pytest

from simslab.slub import flags as fl


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (0, "0"),
        (fl.SLAB_CONSISTENCY_CHECKS, "CONSISTENCY_CHECKS"),
        (fl.CMPXCHG_DOUBLE | fl.SLAB_POISON, "POISON|CMPXCHG_DOUBLE"),
        (fl.OBJECT_POISON, "OBJECT_POISON"),
    ],
)
def test_flags_are_told_by_name(flags, names):
    assert fl.flag_names(flags) == names


def test_every_flag_has_one_name_and_one_bit():
    values = [value for _, value in fl.SLUB_FLAG_NAMES]
    assert all(value and value & (value - 1) == 0 for value in values)
    assert len(set(values)) == len(values) == len({name for name, _ in fl.SLUB_FLAG_NAMES})


def test_what_slub_debug_alone_asks_for_traces_nothing():
    assert fl.DEBUG_DEFAULT_FLAGS | fl.SLAB_TRACE == fl.SLAB_DEBUG_FLAGS
    assert not fl.DEBUG_DEFAULT_FLAGS & fl.SLAB_TRACE


def test_what_the_allocator_keeps_for_itself_cannot_be_asked_for():
    assert not (fl.CMPXCHG_DOUBLE | fl.OBJECT_POISON) & (fl.CACHE_CREATE_MASK | fl.SLAB_FLAGS_PERMITTED)
