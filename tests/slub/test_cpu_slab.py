"""What becomes of a CPU's slab when it is given up."""

import pytest
from slub_systems import KERNEL, Bench

from simslab.kernel.bug import KernelBugError
from simslab.slub.layout import FROZEN, FULL


@pytest.fixture
def bench(booted):
    return Bench(booted("2n8c", slab_nomerge=True))


def test_a_slab_with_free_objects_goes_to_the_head_of_its_nodes_list(bench):
    (objp,) = bench.alloc()
    assert bench.flush() == {"CPUSLAB_FLUSH": 1, "DEACTIVATE_TO_HEAD": 1}
    assert bench.listed() == [objp >> 12]
    assert (bench.c.page, bench.c.freelist) == (-1, 0)


def test_the_cpus_free_objects_are_back_in_the_slab_which_belongs_to_no_cpu(bench):
    (objp,) = bench.alloc()
    pfn, pages = objp >> 12, bench.allocator.pages
    assert (pages.inuse(pfn), pages.frozen(pfn)) == (bench.cache.oo_objects, 1)
    bench.flush()
    assert (pages.inuse(pfn), pages.frozen(pfn)) == (1, 0)
    free = bench.allocator.pages.freelists.objects(bench.cache, bench.allocator.kernel.mem_map.get("freelist", pfn))
    first = pfn << 12
    assert sorted(free) == [first + 192 * index for index in range(1, bench.cache.oo_objects)]


def test_a_slab_into_which_others_freed_goes_to_the_tail(bench):
    objects = bench.alloc(3)
    bench.allocator.kmem_cache_free(bench.cpus[1], bench.cache, objects[0])
    assert bench.flush() == {"CPUSLAB_FLUSH": 1, "DEACTIVATE_REMOTE_FREES": 1, "DEACTIVATE_TO_TAIL": 1}
    assert bench.allocator.pages.inuse(objects[0] >> 12) == 2


def test_an_empty_slab_stays_listed_while_its_node_has_few_and_is_given_back_when_it_has_plenty(bench):
    for plenty in (0, 1):
        bench.cache.min_partial = 0 if plenty else 5
        (objp,) = bench.alloc()
        bench.allocator.kmem_cache_free(bench.cpus[0], bench.cache, objp)
        counts = bench.flush()
        assert counts.get("DEACTIVATE_EMPTY", 0) == counts.get("FREE_SLAB", 0) == plenty
        assert len(bench.listed()) == bench.node.nr_slabs == 1 - plenty


def test_a_slab_in_use_is_kept_however_many_its_node_has(bench):
    bench.cache.min_partial = 0
    (objp,) = bench.alloc()
    bench.flush()
    assert bench.listed() == [objp >> 12]


def test_a_full_slab_enters_no_list(bench):
    bench.alloc(bench.cache.oo_objects)
    assert bench.flush() == {"CPUSLAB_FLUSH": 1, "DEACTIVATE_FULL": 1}
    assert bench.listed() == bench.listed(FULL) == []
    assert bench.node.nr_slabs == 1


def test_the_transaction_number_changes_so_that_an_interrupted_fast_path_notices(bench):
    bench.alloc()
    before = bench.c.tid
    bench.flush()
    assert bench.c.tid > before


def test_partial_slabs_of_the_cpu_go_to_the_node_with_its_slab(bench):
    num = bench.cache.oo_objects
    objects = bench.alloc(2 * num + 1)
    bench.allocator.kmem_cache_free(bench.cpus[0], bench.cache, objects[0])
    assert [pfn for pfn, *_ in bench.allocator.partial.entries(bench.c)] == [objects[0] >> 12]
    bench.flush()
    assert bench.c.partial == -1
    assert bench.listed() == [objects[-1] >> 12, objects[0] >> 12]


def test_another_cpus_slab_may_be_flushed_and_that_of_this_one_stays(bench):
    (mine,) = bench.alloc()
    theirs = bench.allocator.kmem_cache_alloc(bench.cpus[1], bench.cache, KERNEL)
    bench.flush(of_cpu=1)
    assert (bench.c.page, bench.cache.cpu_slab[1].page) == (mine >> 12, -1)
    assert bench.listed() == [theirs >> 12]


def test_interrupts_must_be_off(bench):
    bench.alloc()
    with pytest.raises(KernelBugError, match="deactivate_slab with interrupts on"):
        bench.allocator.slabs.flush_slab(bench.cpus[0], bench.cache, bench.c)


def test_a_cpus_slab_that_is_not_frozen_is_a_bug(bench):
    (objp,) = bench.alloc()
    mem_map, pfn = bench.allocator.kernel.mem_map, objp >> 12
    mem_map.set("s_mem", pfn, mem_map.get("s_mem", pfn) & ~FROZEN)
    with pytest.raises(KernelBugError, match=f"CPU slab {pfn} of c is not frozen"):
        bench.flush()
