import pytest

from simslab.slab_common.alignment import (
    EndlessAlignmentError,
    align_up,
    boot_alignment,
    calculate_alignment,
    reciprocal_value,
)
from simslab.slab_common.flags import SLAB_HWCACHE_ALIGN


@pytest.mark.parametrize(("value", "rounded"), [(0, 0), (1, 8), (8, 8), (9, 16)])
def test_values_are_rounded_up(value, rounded):
    assert align_up(value, 8) == rounded


@pytest.mark.parametrize(
    ("size", "align"), [(1, 8), (8, 8), (16, 16), (17, 32), (32, 32), (33, 64), (64, 64), (65, 64)]
)
def test_small_objects_share_a_line_in_halves(size, align):
    assert calculate_alignment(SLAB_HWCACHE_ALIGN, 0, size) == align


@pytest.mark.parametrize(("asked", "align"), [(0, 8), (4, 8), (16, 16), (20, 24)])
def test_without_the_flag_a_word_is_enough_and_what_was_asked_is_rounded_to_words(asked, align):
    assert calculate_alignment(0, asked, 100) == align


def test_the_larger_of_line_and_request_is_taken():
    assert calculate_alignment(SLAB_HWCACHE_ALIGN, 128, 20) == 128
    assert calculate_alignment(SLAB_HWCACHE_ALIGN, 0, 20, cache_line_size=128) == 32


def test_a_size_of_nothing_is_refused_where_the_kernel_would_hang():
    with pytest.raises(EndlessAlignmentError, match="the real kernel hangs here"):
        calculate_alignment(SLAB_HWCACHE_ALIGN, 0, 0)


@pytest.mark.parametrize(("size", "align"), [(64, 64), (4096, 4096), (96, 8), (192, 8)])
def test_boot_caches_of_powers_of_two_are_aligned_to_their_size(size, align):
    assert boot_alignment(size, 0) == align


@pytest.mark.parametrize("divisor", [1, 2, 3, 7, 8, 24, 96, 192, 4096, 12345])
def test_a_multiplication_divides_as_the_kernel_divides(divisor):
    m, sh1, sh2 = reciprocal_value(divisor)
    for value in (0, 1, divisor - 1, divisor, divisor + 1, 10 * divisor - 1, 0xFFFFFFFF):
        high = value * m >> 32
        assert (high + ((value - high) >> sh1)) >> sh2 == value // divisor
