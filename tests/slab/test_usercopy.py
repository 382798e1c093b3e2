"""Whether user space may copy a part of an object: window and bounds of the object itself."""

import pytest

from simslab.conform.topologies import new_system
from simslab.kernel.mm import gfp
from simslab.slab.creation.options import SlabOptions
from simslab.slab.usercopy import check_heap_object


class Bench:
    """Two objects of a slab whose bytes 16 to 79 may be copied."""

    def __init__(self, **options):
        self.allocator = new_system("1n1c", SlabOptions(slab_nomerge=True, **options))
        self.cpu = self.allocator.kernel.machine.cpus[0]
        self.cache = self.allocator.kmem_cache_create("bench", 200, useroffset=16, usersize=64)
        self.objects = [self.allocator.kmem_cache_alloc(self.cpu, self.cache, gfp.GFP_KERNEL) for _ in range(2)]

    def check(self, addr, length):
        return check_heap_object(self.allocator, self.cpu, addr, length)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("offset", "length", "told"),
    [(16, 64, ""), (79, 1, ""), (15, 1, "offset 15, size 1"), (72, 16, "offset 72, size 16"), (199, 2, "offset 199")],
)
def test_the_window_counts_from_the_objects_first_byte(debug, offset, length, told):
    bench = Bench(debug_slab=debug)
    for objp in bench.objects:
        fault = bench.check(objp + offset, length)
        assert told in fault
        assert bool(fault) is bool(told)


def test_an_address_behind_the_last_object_is_none():
    bench = Bench()
    pfn = bench.objects[0] >> 12
    first = bench.allocator.pages.mem_map.get("s_mem", pfn)
    behind = first + bench.cache.num * bench.cache.size
    assert behind >> 12 == pfn
    assert bench.check(behind, 1) == f"SLAB object of bench: index {bench.cache.num} of {bench.cache.num}"
