from simslab.slab import cflgs
from simslab.slab_common import flags as fl


def test_internal_flags_are_not_permitted():
    assert not (cflgs.CFLGS_OFF_SLAB | cflgs.CFLGS_OBJFREELIST_SLAB) & fl.SLAB_FLAGS_PERMITTED


def test_slabs_own_flags_are_written_and_read_by_name():
    both = cflgs.CFLGS_OFF_SLAB | fl.SLAB_PANIC
    assert cflgs.flag_names(both) == "PANIC|CFLGS_OFF_SLAB"
    assert cflgs.parse_flags("PANIC|CFLGS_OFF_SLAB") == both


def test_debug_flags_reach_a_cache_in_debug_kernels_only():
    assert not cflgs.cache_create_mask(debug_slab=False) & fl.SLAB_DEBUG_FLAGS
    assert cflgs.cache_create_mask(debug_slab=True) & fl.SLAB_DEBUG_FLAGS == fl.SLAB_DEBUG_FLAGS
