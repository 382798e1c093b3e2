"""Where a freed object goes: the CPU's array, the shared one, slabs, or the alien array of its node."""

import pytest

from simslab.conform.topologies import new_system
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.slab import paths
from simslab.slab.creation.options import SlabOptions


class Bench:
    def __init__(self, topology="2n8c", size=512, **options):
        self.allocator = new_system(topology, SlabOptions(**options))
        self.cpus = self.allocator.kernel.machine.cpus
        self.cache = self.allocator.kmem_cache_create("files", size, ctor=1)
        self.array = self.cache.cpu_cache[0]

    def alloc(self, cpu=0, count=1):
        return [self.allocator.kmem_cache_alloc(self.cpus[cpu], self.cache, gfp.GFP_KERNEL) for _ in range(count)]

    def free(self, objects, cpu=0):
        for objp in objects:
            self.allocator.kmem_cache_free(self.cpus[cpu], self.cache, objp)
        return self.cpus[cpu].path


def test_a_free_goes_on_top_of_the_cpus_array():
    bench = Bench()
    objp = bench.alloc()[0]
    assert bench.free([objp]) == paths.FREE_HIT
    assert bench.array.entries()[-1] == objp


def test_a_full_array_gives_its_oldest_batch_to_the_shared_one():
    bench = Bench()
    objects = bench.alloc(count=bench.array.limit + 1)
    bench.allocator.kmem_cache_shrink(bench.cpus[0], bench.cache)
    assert bench.free(objects) == paths.FREE_FLUSH_SHARED
    shared = bench.cache.node[0].shared
    assert shared.entries() == objects[: bench.array.batchcount]
    assert bench.array.entries() == objects[bench.array.batchcount :]


def test_without_a_shared_array_the_oldest_go_back_into_slabs():
    bench = Bench(size=8192)  # too large for shared arrays
    assert bench.cache.node[0].shared is None
    objects = bench.alloc(count=bench.array.limit + 1)
    bench.allocator.kmem_cache_shrink(bench.cpus[0], bench.cache)
    assert bench.free(objects) == paths.FREE_FLUSH_SLABS
    assert bench.array.entries() == objects[bench.array.batchcount :]


def test_an_object_of_another_node_waits_in_the_alien_array():
    bench = Bench()
    objp = bench.alloc(cpu=4)[0]
    assert bench.free([objp]) == paths.FREE_ALIEN
    assert bench.cache.node[0].alien[1].ac.entries() == [objp]


def test_a_full_alien_array_goes_home_first():
    bench = Bench()
    alien = bench.cache.node[0].alien[1].ac
    objects = bench.alloc(cpu=4, count=alien.limit + 1)
    bench.allocator.kmem_cache_shrink(bench.cpus[0], bench.cache)
    assert bench.free(objects) == paths.FREE_ALIEN_DRAIN
    assert alien.entries() == objects[-1:]
    assert sorted(bench.cache.node[1].shared.entries()) == sorted(objects[:-1])


def test_without_alien_arrays_it_goes_straight_into_its_slab():
    bench = Bench(noaliencache=True)
    objp = bench.alloc(cpu=4)[0]
    before = bench.cache.node[1].free_objects
    assert bench.free([objp]) == paths.FREE_REMOTE_SLABS
    assert bench.cache.node[1].free_objects == before + 1


def home_locks(bench):
    """How often the list_lock of node 1 is taken when CPU 0 frees 1,200 of its objects; node 0's is left alone."""
    objects = bench.alloc(cpu=4, count=1200)
    stats = bench.allocator.kernel.lock_stats
    stats.reset()
    bench.free(objects)
    return sum(row["acquisitions"] for row in stats.table() if row["name"] == "files:list_lock")


def test_aliens_take_the_home_nodes_lock_once_for_twelve_objects():
    assert home_locks(Bench()) == 1200 // 12 - 1  # the last twelve are in the array


def test_without_aliens_every_object_takes_the_home_nodes_lock():
    assert home_locks(Bench(noaliencache=True)) == 1200


def test_an_address_outside_every_slab_has_no_cache():
    bench = Bench()
    page = bench.allocator.kernel.page_allocator.alloc_pages(bench.cpus[0], gfp.GFP_KERNEL, 0, 0)
    with pytest.raises(KernelBugError, match="is not in a slab"):
        bench.allocator.kfree(bench.cpus[0], page << 12)


@pytest.mark.parametrize(("turns", "foreseen"), [(12, True), (13, False)])
def test_the_end_of_a_bulk_loop_is_foreseen_where_it_is_short(turns, foreseen):
    bench = Bench()
    cpu, before = bench.cpus[0], bench.cpus[0].now
    bench.allocator.freeing.loop_ended(cpu, turns)
    assert (cpu.now == before) == foreseen
