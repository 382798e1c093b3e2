from simslab.slab.creation import kmalloc
from simslab.slab.creation.geometry import Rules


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


def test_the_96_byte_class_has_a_stride_of_128():
    assert kmalloc.kmalloc_geometries(Rules())["kmalloc-96"].size == 128
