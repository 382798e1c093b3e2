import pytest

from simslab.slab_common import kmalloc

SLUB_LIKE = kmalloc.KmallocSizes(3, 13)


def test_dma_wins_over_reclaimable():
    assert kmalloc.kmalloc_type(0x11) == kmalloc.KMALLOC_DMA
    assert kmalloc.kmalloc_type(0x10) == kmalloc.KMALLOC_RECLAIM
    assert kmalloc.kmalloc_type(0xCC0) == kmalloc.KMALLOC_NORMAL


def test_an_allocator_has_the_classes_between_its_shifts():
    assert [SLUB_LIKE.kmalloc_index(size) for size in (1, 8, 9, 96, 8192, 8193)] == [3, 3, 4, 1, 13, -1]
    assert [SLUB_LIKE.kmalloc_size(index) for index in (1, 2, 3, 13, 14)] == [96, 192, 8, 8192, 0]


@pytest.mark.parametrize(
    ("kind", "index", "name"), [(0, 5, "kmalloc-32"), (1, 10, "kmalloc-rcl-1k"), (2, 1, "dma-kmalloc-96")]
)
def test_a_cache_is_called_by_type_and_size(kind, index, name):
    assert SLUB_LIKE.kmalloc_cache(kind, index).name == name


def test_96_and_192_follow_64_and_128_but_for_dma():
    sizes = [cache.size for cache in SLUB_LIKE.creation_order()]
    assert sizes[:8] == [8, 16, 32, 64, 96, 128, 192, 256]
    assert sizes[-13:-10] == [96, 192, 8]


def test_flags_that_no_slab_can_have_are_dropped_with_a_warning():
    fixed, told = kmalloc.kmalloc_fix_flags(0x802)
    assert fixed == 0x800
    assert "Unexpected gfp: 0x2" in told
