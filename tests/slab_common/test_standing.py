"""The tables of standing caches."""

from simslab.slab.cflgs import CFLGS_NAMES
from simslab.slab_common import flags as fl
from simslab.slab_common.standing import StandingCache, read_standing_caches


def test_columns_that_a_table_has_not_are_empty():
    first = read_standing_caches("simslab.slab.creation", "standing_caches.csv", CFLGS_NAMES)[0]
    assert first == StandingCache("vmap_area", "early", 64, 0, 8, fl.SLAB_PANIC, 0, 0, 0, 3)


def test_slub_records_what_aliases_raised():
    table = read_standing_caches("simslab.slub.creation", "standing_caches.csv")
    assert any(standing.raised_size > standing.object_size for standing in table)
    assert all(standing.phase == "" for standing in table)
