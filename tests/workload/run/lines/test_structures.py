"""What lies at an address, of either allocator."""

from simslab.machine.library import load_machine
from simslab.slub import layout
from simslab.workload.description.kernel_options import KernelOptions
from simslab.workload.run.lines import structures
from simslab.workload.run.lines.structures import OF_SLAB, OF_SLUB, Region, regions_of, told
from simslab.workload.run.system import boot_system

LINE = 64


def test_fields_are_those_of_the_allocators_layout():
    assert OF_SLUB.fields("kmem_cache_cpu") == [("freelist", 0), ("tid", 8), ("page", 16), ("partial", 24)]
    assert OF_SLUB.fields("kmem_cache_node")[0] == ("list_lock", 0)
    names = [name for name, _ in OF_SLAB.fields("kmem_cache_node")]
    assert names[-1] == "free_touched"
    assert "next_node" not in names


def test_structures_of_two_caches_in_one_line_are_both_told():
    regions = [
        Region(0x1000, 0x1020, "kmem_cache_cpu", "a, CPU 0", OF_SLUB),
        Region(0x1020, 0x1040, "kmem_cache_cpu", "b, CPU 0", OF_SLUB),
    ]
    expected = "kmem_cache_cpu of a, CPU 0: freelist..partial; kmem_cache_cpu of b, CPU 0: freelist..partial"
    assert told(regions, 0x1000, 0x1040) == expected
    assert told(regions, 0x1040, 0x1080) == "kernel data"


def test_every_structure_and_slab_of_slub_has_its_place():
    system = boot_system(load_machine("two-socket"), KernelOptions(allocator="slub"), 10_000)
    cache = system.allocator.caches[5]
    regions = regions_of(system)
    assert regions == sorted(regions, key=lambda region: region.start)
    by_start = {(region.start, region.struct): region for region in regions}
    c, n = cache.cpu_slab[3], cache.get_node(1)
    assert by_start[c.addr, "kmem_cache_cpu"].owner == f"{cache.name}, CPU 3"
    assert by_start[n.addr, "kmem_cache_node"].owner == f"{cache.name}, node 1"
    assert by_start[cache.addr, "kmem_cache"].end == cache.addr + layout.KMEM_CACHE_BYTES
    head = system.kernel.mem_map.get("head", cache.addr >> 12)
    assert by_start[head << 12, structures.OBJECT].owner == "kmem_cache"
    assert by_start[system.kernel.mem_map.page_addr(head), "page"].owner == "a slab of kmem_cache"
