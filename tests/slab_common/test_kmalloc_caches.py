"""Which kmalloc cache serves a request."""

import pytest

from simslab.allocator.cache import Cache
from simslab.kernel.mm import gfp
from simslab.slab_common import kmalloc
from simslab.slab_common.kmalloc_caches import KmallocCaches

SIZES = kmalloc.KmallocSizes(3, 13)


@pytest.fixture
def caches():
    """All caches of an allocator with classes of 8 bytes to 8 KiB."""
    made = KmallocCaches(SIZES)
    for index, described in enumerate(SIZES.creation_order(), start=1):
        made.rows[described.type][described.index] = Cache(index, 0, described.name)
    return made


@pytest.mark.parametrize("size", [1, 8, 9, 64, 65, 96, 97, 128, 129, 192, 193, 256, 257, 4097, 8192])
def test_a_size_is_served_by_the_class_of_the_kernels_rule(caches, size):
    assert caches.kmalloc_slab(size, 0).name == SIZES.kmalloc_name(0, SIZES.kmalloc_index(size))


def test_nobody_serves_nothing_nor_more_than_the_largest_class(caches):
    assert caches.kmalloc_slab(0, 0) is None
    assert caches.kmalloc_slab(8193, 0) is None


def test_the_type_follows_the_flags(caches):
    names = [caches.kmalloc_slab(100, flags).name for flags in (0, gfp.RECLAIMABLE, gfp.DMA, gfp.DMA | gfp.RECLAIMABLE)]
    assert names == ["kmalloc-128", "kmalloc-rcl-128", "dma-kmalloc-128", "dma-kmalloc-128"]


def test_a_cache_that_boot_has_not_made_yet_is_none():
    assert KmallocCaches(SIZES).kmalloc_slab(100, 0) is None
