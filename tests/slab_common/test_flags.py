import pytest

from simslab.slab_common import flags as fl


def test_names_and_numbers_are_inverse():
    for _, value in fl.FLAG_NAMES:
        assert fl.parse_flags(fl.flag_names(value)) == value


def test_unnamed_bits_are_printed_as_a_number():
    assert fl.flag_names(0x2001) == "HWCACHE_ALIGN|0x1"
    assert fl.flag_names(0) == "0"


def test_kernel_spelling_is_read_too():
    assert fl.parse_flags("SLAB_PANIC, slab_hwcache_align") == fl.SLAB_PANIC | fl.SLAB_HWCACHE_ALIGN


def test_an_unknown_name_is_refused_with_the_choices():
    with pytest.raises(ValueError, match=r"unknown cache flag 'HWCACH'.*HWCACHE_ALIGN"):
        fl.parse_flags("HWCACH")
