"""Boot parameters: which caches are debugged, and what is refused."""

import pytest

from simslab.base.errors import BadValue
from simslab.slub import flags as fl
from simslab.slub.creation.options import SlubOptions


def test_without_slub_debug_nothing_is_debugged():
    options = SlubOptions()
    assert not options.debug_enabled()
    assert options.kmem_cache_flags(0, "any") == 0


def test_slub_debug_without_letters_means_all_of_fzpu():
    assert SlubOptions(slub_debug="").kmem_cache_flags(0, "any") == fl.DEBUG_DEFAULT_FLAGS


def test_letters_choose_flags_in_either_case():
    assert SlubOptions(slub_debug="zU").kmem_cache_flags(0, "any") == fl.SLAB_RED_ZONE | fl.SLAB_STORE_USER


def test_names_behind_a_comma_restrict_debugging_to_those_caches():
    options = SlubOptions(slub_debug="P,dentry,kmalloc-*")
    assert options.kmem_cache_flags(0, "dentry") == fl.SLAB_POISON
    assert options.kmem_cache_flags(0, "kmalloc-64") == fl.SLAB_POISON
    assert options.kmem_cache_flags(0, "dentry2") == 0


def test_blocks_behind_a_semicolon_add_to_one_another_by_cache():
    options = SlubOptions(slub_debug="F;Z,dentry")
    assert options.kmem_cache_flags(0, "dentry") == fl.SLAB_RED_ZONE
    assert options.kmem_cache_flags(0, "other") == fl.SLAB_CONSISTENCY_CHECKS


def test_the_letter_a_marks_caches_for_faults_without_debugging_them():
    options = SlubOptions(slub_debug="A,dentry")
    assert options.kmem_cache_flags(0, "dentry") == fl.SLAB_FAILSLAB
    assert not fl.SLAB_FAILSLAB & fl.SLAB_DEBUG_FLAGS


def test_the_letter_o_in_any_block_holds_for_all_caches_and_sets_no_flag():
    options = SlubOptions(slub_debug="F;zO,dentry")
    assert options.disable_higher_order_debug()
    assert options.kmem_cache_flags(0, "dentry") == fl.SLAB_RED_ZONE
    assert not SlubOptions(slub_debug="FZPU").disable_higher_order_debug()


@pytest.mark.parametrize(("given", "counts"), [("O", False), ("F;-", False), ("-", False), ("F-O,x", True), ("", True)])
def test_debugging_counts_where_the_last_block_for_all_caches_or_any_for_some_asks_for_it(given, counts):
    assert SlubOptions(slub_debug=given).debug_enabled() == counts


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"slub_max_order": 11}, "slub_max_order is 11"),
        ({"slub_min_order": -1}, "slub_min_order is -1"),
        ({"slub_min_objects": -5}, "slub_min_objects is -5"),
        ({"slub_debug": "FX"}, "slub_debug option 'x'"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(BadValue, match=message):
        SlubOptions(**arguments)
