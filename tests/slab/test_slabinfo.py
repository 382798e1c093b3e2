from simslab.conform.topologies import new_system
from simslab.slab.creation.options import SlabOptions
from simslab.slab.slabinfo import get_slabinfo, slabinfo_line, slabinfo_text


def test_objects_in_arrays_count_as_active():
    allocator = new_system("2n8c", SlabOptions())
    cache = allocator.kmem_cache_create("objects", 192)
    allocator.kmem_cache_alloc(allocator.kernel.machine.cpus[0], cache, 0xCC0)
    info = get_slabinfo(cache)
    assert (info.active_objs, info.num_objs, info.active_slabs, info.num_slabs) == (16, 21, 1, 1)
    assert slabinfo_line(cache) == (
        "objects               16     21    192   21    1 : tunables  120   60    8 : slabdata      1      1      0\n"
    )


def test_the_newest_cache_comes_first():
    allocator = new_system("1n1c", SlabOptions())
    lines = slabinfo_text(allocator.caches).splitlines()
    assert lines[0] == "slabinfo - version: 2.1"
    assert lines[2].startswith("dma-kmalloc-4M ")
    assert lines[-1].startswith("kmem_cache ")


def test_statistics_add_columns():
    allocator = new_system("1n1c", SlabOptions(debug_slab=True))
    text = slabinfo_text(allocator.caches, statistics=True)
    assert text.startswith("slabinfo - version: 2.1 (statistics)\n")
    assert " : cpustat " in text.splitlines()[2]


def test_only_a_debug_kernel_counts_objects_taken_from_another_nodes_slabs():
    counted = {}
    for debug in (False, True):
        allocator = new_system("2n8c", SlabOptions(debug_slab=debug))
        cache = allocator.kmem_cache_create("objects", 192)
        for _ in range(3):  # the first one makes a slab, which is not counted
            allocator.kmem_cache_alloc_node(allocator.kernel.machine.cpus[0], cache, 0xCC0, 1)
        counted[debug] = cache.node_allocs
    assert counted == {False: 0, True: 2}
