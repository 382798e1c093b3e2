"""Where an object goes, alone and in bulk."""

import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp

KERNEL = gfp.GFP_KERNEL


@pytest.fixture
def system(booted):
    allocator = booted("2n8c", slab_nomerge=True)
    return allocator, allocator.kernel.machine.cpus, allocator.kmem_cache_create("c", 192)


def fill(allocator, cpu, cache, slabs):
    """All objects of some slabs, slab by slab, none of which is then the CPU's."""
    found = [[allocator.kmem_cache_alloc(cpu, cache, KERNEL) for _ in range(cache.oo_objects)] for _ in range(slabs)]
    allocator.kmem_cache_alloc(cpu, cache, KERNEL)
    return found


def test_a_full_slab_goes_to_the_list_of_the_cpu_that_frees(system):
    allocator, cpus, cache = system
    slabs = fill(allocator, cpus[0], cache, 3)
    for slab in slabs:
        allocator.kmem_cache_free(cpus[5], cache, slab[0])
    entries = allocator.partial.entries(cache.cpu_slab[5])
    assert [entry[0] for entry in entries] == [slab[0] >> 12 for slab in reversed(slabs)]
    assert [entry[1:] for entry in entries] == [(3, 3), (2, 2), (1, 1)]


def test_a_list_that_is_too_long_goes_to_the_nodes_first(system):
    allocator, cpus, cache = system
    allocator.write_attribute(cpus[0], cache, "cpu_partial", 1)
    slabs = fill(allocator, cpus[0], cache, 3)
    for slab in slabs:
        allocator.kmem_cache_free(cpus[5], cache, slab[0])
    assert len(allocator.partial.entries(cache.cpu_slab[5])) == 1
    assert cache.get_node(0).nr_partial == 2


def test_with_no_room_on_the_cpu_a_slab_goes_to_its_node_at_once(system):
    allocator, cpus, cache = system
    allocator.write_attribute(cpus[0], cache, "cpu_partial", 0)
    [slab] = fill(allocator, cpus[0], cache, 1)
    allocator.kmem_cache_free(cpus[5], cache, slab[0])
    assert cache.cpu_slab[5].partial == -1
    assert cache.get_node(0).nr_partial == 1


def test_empty_slabs_beyond_min_partial_are_given_back(system):
    allocator, cpus, cache = system
    allocator.write_attribute(cpus[0], cache, "cpu_partial", 0)
    for slab in fill(allocator, cpus[0], cache, 8):
        for objp in slab:
            allocator.kmem_cache_free(cpus[5], cache, objp)
    assert cache.get_node(0).nr_partial == cache.min_partial - 1  # the sixth found five on the list, itself among them
    assert cache.get_node(0).nr_slabs == cache.min_partial


def test_a_bulk_frees_the_objects_of_a_slab_together_and_turns_their_order_round(system):
    allocator, cpus, cache = system
    objects = allocator.kmem_cache_alloc_bulk(cpus[0], cache, KERNEL, 5)
    tid = cache.cpu_slab[0].tid
    given = list(objects)
    allocator.kmem_cache_free_bulk(cpus[0], cache, objects)
    assert cache.cpu_slab[0].tid == tid + 1
    assert objects == given
    assert allocator.pages.freelists.objects(cache, cache.cpu_slab[0].freelist)[:5] == given[::-1]


def test_a_bulk_looks_past_two_objects_of_other_slabs(system):
    allocator, cpus, cache = system
    first, second = fill(allocator, cpus[0], cache, 2)
    slow = cache.cpu_slab[5].stats()[3]
    allocator.kmem_cache_free_bulk(cpus[5], cache, [first[0], second[0], second[1], first[1]])
    assert cache.cpu_slab[5].stats()[3] == slow + 2
    allocator.kmem_cache_free_bulk(cpus[5], cache, [first[2], second[2], second[3], second[4], first[3]])
    assert cache.cpu_slab[5].stats()[3] == slow + 5


@pytest.mark.parametrize(
    "free",
    [
        lambda allocator, cpu, cache, objp: allocator.kmem_cache_free(cpu, cache, objp),
        lambda allocator, cpu, cache, objp: allocator.kfree(cpu, objp),
        lambda allocator, cpu, cache, objp: allocator.kmem_cache_free_bulk(cpu, cache, [objp]),
    ],
    ids=["kmem_cache_free", "kfree", "bulk"],
)
def test_a_cpu_that_is_ahead_takes_a_slabs_page_after_those_that_are_behind(system, free):
    allocator, cpus, cache = system
    ahead, behind = cpus[1], cpus[5]
    [slab] = fill(allocator, cpus[0], cache, 1)
    page = allocator.kernel.mem_map.page_addr(slab[0] >> 12)
    behind.atomic(page)
    ahead.now = behind.now = max(cpu.now for cpu in cpus)
    start = behind.now
    took = []

    def run_ahead():
        ahead.insn(20_000)
        free(allocator, ahead, cache, slab[0])

    def look():
        while behind.now < start + 2_000:
            before = behind.now
            behind.atomic(page)
            took.append(behind.now - before)
            behind.insn(100)
            behind.settle()

    allocator.kernel.machine.engine.spawn(ahead, run_ahead)
    allocator.kernel.machine.engine.spawn(behind, look)
    allocator.kernel.machine.engine.run()
    assert ahead.now > start + 2_000
    assert len(took) > 20
    assert len(set(took)) == 1  # its line stayed with it


def test_a_bulk_that_names_an_object_twice_before_its_last_is_a_bug_and_ends(system):
    allocator, cpus, cache = system
    twice, last = fill(allocator, cpus[0], cache, 1)[0][:2]
    with pytest.raises(KernelBugError, match="names an object twice"):
        allocator.kmem_cache_free_bulk(cpus[0], cache, [twice, twice, last])


def test_an_object_of_another_cache_is_a_bug(system):
    allocator, cpus, cache = system
    objp = allocator.kmalloc(cpus[0], 192, KERNEL)
    with pytest.raises(KernelBugError, match="of another cache"):
        allocator.kmem_cache_free(cpus[0], cache, objp)
    with pytest.raises(KernelBugError, match="of another cache"):
        allocator.kmem_cache_free_bulk(cpus[0], cache, [objp])


LOOKING = pytest.mark.parametrize("options", [{"freelist_hardened": True}, {"slub_debug": "F"}])


@LOOKING
def test_a_bulk_goes_to_the_cache_of_the_last_object_of_each_slab_with_a_warning(booted, options):
    allocator = booted("1n1c", slab_nomerge=True, **options)
    cpu, own = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("own", 64)
    other = allocator.kmem_cache_create("other", 64)
    mine = [allocator.kmem_cache_alloc(cpu, own, gfp.GFP_KERNEL) for _ in range(3)]
    theirs = [allocator.kmem_cache_alloc(cpu, other, gfp.GFP_KERNEL) for _ in range(2)]
    allocator.kmem_cache_free_bulk(cpu, other, [*mine, *theirs])
    warned = [line for line in allocator.kernel.log.lines if "Wrong slab cache. other but object is from own" in line]
    assert len(warned) == 1
    for cache in (own, other):
        allocator.kmem_cache_shrink(cpu, cache)
        assert cache.get_node(0).nr_slabs == 0


def test_a_warning_of_the_wrong_cache_tells_who_had_the_object_where_that_is_tracked(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FU")
    cpu, own = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("own", 64)
    objp = allocator.kmem_cache_alloc(cpu, own, gfp.GFP_KERNEL)
    allocator.kmem_cache_free(cpu, allocator.kmem_cache_create("other", 64), objp)
    assert "INFO: Allocated in " in allocator.kernel.log.lines[1]


def test_a_bulk_of_an_object_of_no_slab_follows_a_null_cache(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="F")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 64)
    with pytest.raises(KernelBugError, match="in no slab, its cache is NULL"):
        allocator.kmem_cache_free_bulk(cpu, cache, [allocator.kmalloc(cpu, 1 << 20, KERNEL)])


@LOOKING
def test_a_kernel_that_looks_frees_to_the_objects_own_cache_with_a_warning(booted, options):
    allocator = booted("1n1c", slab_nomerge=True, **options)
    cpu, own = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("own", 64)
    other = allocator.kmem_cache_create("other", 64)
    objp = allocator.kmem_cache_alloc(cpu, own, gfp.GFP_KERNEL)
    allocator.kmem_cache_free(cpu, other, objp)
    assert "Wrong slab cache. other but object is from own" in allocator.kernel.log.lines[0]
    assert allocator.kmem_cache_alloc(cpu, own, gfp.GFP_KERNEL) == objp


def test_an_object_of_no_slab_is_warned_of_once_and_left(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="F")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 64)
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    allocator.kmem_cache_free(cpu, cache, objp)
    allocator.kmem_cache_shrink(cpu, cache)
    for _ in range(2):
        allocator.kmem_cache_free(cpu, cache, objp)
    assert [line.split("] ")[1] for line in allocator.kernel.log.lines] == ["virt_to_cache: Object is not a Slab page!"]


def test_a_kernel_that_does_not_look_is_stopped_where_it_would_go_wrong(booted):
    allocator = booted("1n1c", slab_nomerge=True)
    cpu, own = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("own", 64)
    objp = allocator.kmem_cache_alloc(cpu, own, gfp.GFP_KERNEL)
    with pytest.raises(KernelBugError, match="is of another cache, or of none"):
        allocator.kmem_cache_free(cpu, allocator.kmem_cache_create("other", 64), objp)


@pytest.mark.parametrize("wiped", [False, True])
def test_with_init_on_free_what_is_behind_an_object_is_wiped_as_well(booted, wiped):
    """The last line of a slot of 512 bytes, far behind the object's own (slab_free_freelist_hook)."""
    allocator = booted("1n1c", slab_nomerge=True, init_on_free=wiped)
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 136, 512)
    assert (cache.inuse, cache.size) == (136, 512)
    objects = [allocator.kmem_cache_alloc(cpu, cache, KERNEL) for _ in range(2)]
    allocator.kmem_cache_free(cpu, cache, objects[0])
    allocator.kmem_cache_free_bulk(cpu, cache, objects[1:])
    assert [cpu.look(objp + 448) == 0 for objp in objects] == [wiped, wiped]
