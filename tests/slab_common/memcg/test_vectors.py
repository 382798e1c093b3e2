import pytest
from memcg_systems import MemcgSystem

from simslab.kernel.bug import KernelBugError
from simslab.kernel.memcg.layout import PAGE_OBJ_CGROUPS, PAGE_STRIDE
from simslab.kernel.memcg.structures import MemcgCounts
from simslab.kernel.mm import gfp
from simslab.slab_common.memcg.vectors import ObjCgroupVector


@pytest.fixture(params=["slab", "slub"])
def system(request):
    return MemcgSystem(request.param)


@pytest.fixture
def vectors(system):
    return system.allocator.memcg.vectors


def test_a_vector_has_an_entry_for_every_object_and_lies_on_the_slabs_node(system, vectors):
    objp = system.allocator.kmem_cache_alloc_node(system.cpus[0], system.files, gfp.GFP_KERNEL, 1)
    ((pfn, vector),) = vectors.of_page.items()
    mem_map = system.kernel.mem_map
    assert mem_map.nid(objp >> 12) == mem_map.nid(vector.addr >> 12) == 1
    assert len(vector.entries) == vectors.places.objects(system.files, pfn)
    assert system.allocator.ksize(system.cpus[0], vector.addr) >= 8 * len(vector.entries)


def test_every_object_of_a_slab_has_its_own_entry(system, vectors):
    objects = [system.alloc() for _ in range(16)]
    places = {
        (objp >> 12, vectors.obj_to_index(system.files, vectors.head(system.cpus[0], objp), objp)) for objp in objects
    }
    assert len(places) == 16
    assert all(0 <= index < 32 for _, index in places)


def test_a_vector_goes_with_its_slab(system, vectors):
    objects = [system.alloc() for _ in range(100)]
    assert len(vectors.of_page) > 2
    for objp in objects:
        system.free(objp)
    system.allocator.kmem_cache_shrink(system.cpus[0], system.files)
    assert vectors.of_page == {}


def test_who_comes_second_frees_his_vector_and_uses_the_first(system, vectors):
    first, counts = ObjCgroupVector(0x5000, 20), MemcgCounts()
    vectors.of_page[7] = first
    cpu = system.cpus[0]
    addr = system.allocator.kmalloc(cpu, 160, gfp.GFP_KERNEL)
    vectors.enter(cpu, 7, ObjCgroupVector(addr, 20), counts)
    assert (vectors.of_page[7], counts.vectors, counts.vectors_raced) == (first, 0, 1)
    assert system.allocator.kmalloc(cpu, 160, gfp.GFP_KERNEL) == addr


def test_vectors_are_not_charged_and_come_from_plain_kmalloc(system, vectors):
    dma = gfp.GFP_KERNEL_ACCOUNT | gfp.DMA
    assert system.allocator.kmalloc(system.cpus[0], 200, dma)
    (vector,) = vectors.of_page.values()
    cache = system.allocator.by_index[system.kernel.mem_map.get("slab_cache", vector.addr >> 12)]
    assert cache.name.startswith("kmalloc-")
    assert system.jobs.counts.charges == 1


def test_a_slab_with_charged_objects_does_not_go_back(system, vectors):
    system.alloc()
    (pfn,) = vectors.of_page
    with pytest.raises(KernelBugError, match="objects that are charged"):
        vectors.free_page_obj_cgroups(system.cpus[0], pfn)


def test_the_word_of_a_vector_is_the_last_of_a_struct_page(system):
    assert system.kernel.mem_map.stride == PAGE_STRIDE == PAGE_OBJ_CGROUPS + 8
