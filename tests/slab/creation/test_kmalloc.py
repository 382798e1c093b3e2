import csv
from pathlib import Path

import pytest

from simslab.conform.topologies import new_system
from simslab.slab.creation import kmalloc
from simslab.slab.creation.geometry import FreelistCache, Rules
from simslab.slab.creation.options import SlabOptions


def test_the_smallest_class_is_32_bytes():
    assert kmalloc.SIZES.kmalloc_name(0, kmalloc.SIZES.kmalloc_index(1)) == "kmalloc-32"


def test_96_and_192_have_classes_of_their_own():
    sizes = (64, 65, 96, 97, 128, 129, 192, 193)
    assert [kmalloc.SIZES.kmalloc_index(size) for size in sizes] == [6, 1, 1, 7, 7, 2, 2, 8]


def test_sizes_beyond_four_mebibytes_have_no_class():
    assert kmalloc.SIZES.kmalloc_index(4 << 20) == 22
    assert kmalloc.SIZES.kmalloc_index((4 << 20) + 1) == -1


def test_the_cache_of_node_structures_is_made_first():
    names = [cache.name for cache in kmalloc.creation_order()]
    assert names[:6] == ["kmalloc-128", "kmalloc-32", "kmalloc-64", "kmalloc-96", "kmalloc-192", "kmalloc-256"]
    assert len(names) == len(set(names)) == 60


def test_dma_caches_come_last_by_ascending_class():
    names = [cache.name for cache in kmalloc.creation_order()]
    assert names[40:43] == ["dma-kmalloc-96", "dma-kmalloc-192", "dma-kmalloc-32"]


@pytest.mark.parametrize("wiped", [False, True])
def test_sizes_computed_are_those_of_the_caches_that_boot_makes(wiped):
    """init_on_free keeps freelists out of free objects, so that some lie in objects of other caches."""
    allocator = new_system("2n8c", SlabOptions(init_on_free=wiped))
    computed = kmalloc.kmalloc_geometries(Rules(init_on_free=wiped))
    made = {cache.name: cache for cache in allocator.caches if cache.name in computed}
    assert list(computed) == list(made)
    for name, geometry in computed.items():
        cache = made[name]
        holder = cache.freelist_cache.name if cache.freelist_cache else ""
        assert (geometry.size, geometry.num, geometry.gfporder) == (cache.size, cache.num, cache.gfporder)
        assert (geometry.flags, geometry.freelist_cache) == (cache.flags, holder)
    assert any(geometry.freelist_cache for geometry in computed.values()) is wiped


def test_a_freelist_of_a_running_kernel_has_the_cache_of_its_size():
    find = kmalloc.running_rules(Rules(init_on_free=True)).kmalloc_slab
    assert find(33) == FreelistCache("kmalloc-64", 64, off_slab=False)
    assert find(4096) == FreelistCache("kmalloc-4k", 4096, off_slab=True)
    assert find((4 << 20) + 1) is None
    assert kmalloc.freelist_cache({}, 33) is None


def test_the_96_byte_class_has_a_stride_of_128():
    assert kmalloc.kmalloc_geometries(Rules())["kmalloc-96"].size == 128


# 32 bytes: 124 of them and a freelist of 124 bytes fill a page of 4,096; all others have the freelist in a free object,
# and 96 bytes lie 128 apart for HWCACHE_ALIGN
NUM = {32: 124, 64: 64, 96: 32, 128: 32, 192: 21, 256: 16, 512: 8, 1024: 4, 2048: 2, 4096: 1}


def label(size):
    return f"kmalloc-{size // 1024}k" if size >= 1024 else f"kmalloc-{size}"


def test_a_slab_of_kmalloc_32_to_4096_is_a_page_with_the_kernels_number_of_objects():
    made = {cache.name: (cache.num, cache.gfporder) for cache in new_system("2n8c", SlabOptions()).caches}
    assert {size: made[label(size)] for size in NUM} == {size: (num, 0) for size, num in NUM.items()}


def test_those_numbers_are_the_recorded_kernels():
    with (Path(__file__).parents[2] / "golden" / "caches-2n8c.csv").open(newline="") as table:
        recorded = {row["name"]: (int(row["num"]), int(row["gfporder"])) for row in csv.DictReader(table)}
    assert {size: recorded[label(size)] for size in NUM} == {size: (num, 0) for size, num in NUM.items()}
