"""The paths of debugged caches, and what checks find in their objects."""

import pytest

from simslab.base.errors import UserError
from simslab.kernel.mm import gfp
from simslab.slub.debug.checks import faults
from simslab.slub.debug.contents import padding
from simslab.slub.layout import FULL, PARTIAL


@pytest.fixture
def system(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FZPU")
    return allocator, allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 2048)


def test_the_slab_goes_back_to_its_node_after_every_allocation(system):
    allocator, cpu, cache = system
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert objp % 4096 == cache.red_left_pad == 8
    assert cache.cpu_slab[0].page == -1
    assert cache.get_node(0).nr_partial == 1


def test_a_full_slab_is_on_the_full_list_until_an_object_comes_back(system):
    allocator, cpu, cache = system
    n = cache.get_node(0)
    objects = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(cache.oo_objects)]
    assert (len(allocator.lists.list_pfns(n, FULL)), n.nr_partial) == (1, 0)
    allocator.kmem_cache_free(cpu, cache, objects[0])
    assert allocator.lists.list_pfns(n, FULL) == []
    assert allocator.lists.list_pfns(n, PARTIAL) == [objects[0] >> 12 & -8]


def test_only_named_caches_are_debugged(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FZPU,mine")
    assert allocator.kmem_cache_create("mine", 64).debug == 1
    assert allocator.kmem_cache_create("yours", 64).debug == 0


def test_checks_are_paid_for(system):
    allocator, cpu, cache = system
    plain = allocator.kmem_cache_create("plain", 2048)
    plain.debug = 0
    cost = []
    for which in (plain, cache):
        allocator.kmem_cache_alloc(cpu, which, gfp.GFP_KERNEL)
        before = cpu.instructions
        allocator.kmem_cache_alloc(cpu, which, gfp.GFP_KERNEL)
        cost.append(cpu.instructions - before)
    assert cost[1] > 5 * cost[0]


@pytest.fixture
def checked(booted):
    """A kernel that checks objects, a cache of it with one object out, and its CPU."""
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="F")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 192)
    return allocator, cpu, cache, allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)


def inuse(allocator, objp):
    return allocator.pages.inuse(allocator.kernel.mem_map.get("head", objp >> 12))


def test_an_object_freed_twice_is_told_and_not_freed(checked):
    allocator, cpu, cache, objp = checked
    allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    allocator.kmem_cache_free(cpu, cache, objp)
    assert inuse(allocator, objp) == 1
    allocator.kmem_cache_free(cpu, cache, objp)
    assert inuse(allocator, objp) == 1
    log = "\n".join(allocator.kernel.log.lines)
    assert "BUG c (Not tainted): Object already free" in log
    assert f"FIX c: Object at 0x{objp:016x} not freed" in log
    assert allocator.debug.errors() == 1


def test_an_address_within_an_object_is_told_and_not_freed(checked):
    allocator, cpu, cache, objp = checked
    allocator.kmem_cache_free(cpu, cache, objp + 8)
    assert inuse(allocator, objp) == 1
    assert f"BUG c (Not tainted): Invalid object pointer 0x{objp + 8:016x}" in "\n".join(allocator.kernel.log.lines)


def test_several_objects_of_a_slab_are_checked_one_by_one(checked):
    allocator, cpu, cache, first = checked
    second = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    allocator.kmem_cache_free_bulk(cpu, cache, [first, second])
    assert allocator.debug.errors() == 0
    third = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert inuse(allocator, third) == 1


def test_a_slab_whose_freelist_leads_astray_is_left_alone(checked):
    allocator, cpu, cache, objp = checked
    mem_map = allocator.kernel.mem_map
    spoiled = mem_map.get("head", objp >> 12)
    astray = mem_map.get("freelist", spoiled) + 4
    mem_map.set("freelist", spoiled, astray)
    found = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert mem_map.get("head", found >> 12) != spoiled
    assert allocator.pages.inuse(spoiled) == allocator.pages.objects(spoiled)
    log = "\n".join(allocator.kernel.log.lines)
    assert "BUG c (Not tainted): Freelist Pointer check fails" in log
    assert f"INFO: Object 0x{astray:016x} @offset={astray % 4096} fp=" in log
    assert "FIX c: Marking all objects used" in log
    assert allocator.kernel.log.tainted().startswith("Tainted")


def test_without_checks_nothing_is_looked_for(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="U")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 192)
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    other = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    allocator.kmem_cache_free(cpu, cache, objp)
    allocator.kmem_cache_free(cpu, cache, other)
    assert allocator.debug.errors() == 0


@pytest.fixture
def debugged(booted):
    """A kernel with all of F, Z, P and U, its CPU, a cache of 52 bytes and three objects of a slab."""
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FZPU")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 52)
    return allocator, cpu, cache, [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(3)]


def bugs(allocator):
    return [line.split("): ", 1)[1] for line in allocator.kernel.log.lines if "BUG " in line]


@pytest.mark.parametrize(
    ("offset", "data", "found"),
    [
        (52, b"A", "Right Redzone overwritten"),
        (55, b"A", "Right Redzone overwritten"),
        (-1, b"A", "Left Redzone overwritten"),
        (-8, b"A", "Left Redzone overwritten"),
    ],
)
def test_a_write_beside_an_object_in_use_is_found_when_it_is_freed_and_keeps_it(debugged, offset, data, found):
    allocator, cpu, cache, objects = debugged
    allocator.debug.write(objects[1] + offset, data)
    allocator.kmem_cache_free(cpu, cache, objects[1])
    assert bugs(allocator) == [found]
    assert inuse(allocator, objects[1]) == 3
    allocator.kmem_cache_free(cpu, cache, objects[1])
    assert (bugs(allocator), inuse(allocator, objects[1])) == ([found], 2)


@pytest.mark.parametrize(
    ("offset", "found"),
    [(0, "Poison overwritten"), (50, "Poison overwritten"), (51, "End Poison overwritten"), (-3, "Left Redzone")],
)
def test_a_write_into_a_free_object_is_found_when_it_would_be_handed_out_and_its_slab_given_up(debugged, offset, found):
    allocator, cpu, cache, objects = debugged
    allocator.kmem_cache_free(cpu, cache, objects[1])
    allocator.debug.write(objects[1] + offset, b"A")
    again = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert bugs(allocator)[0].startswith(found)
    assert again >> 12 != objects[1] >> 12
    assert "FIX c: Marking all objects used" in "\n".join(allocator.kernel.log.lines)


def test_a_write_over_a_free_pointer_is_found(debugged):
    allocator, cpu, cache, objects = debugged
    allocator.kmem_cache_free(cpu, cache, objects[1])
    allocator.debug.write(objects[1] + cache.offset, b"\xff\xff")
    allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert bugs(allocator) == ["Freepointer corrupt"]


def test_a_write_into_the_padding_is_mended_and_the_object_goes_on(debugged):
    allocator, cpu, cache, objects = debugged
    begin, length = padding(cache)
    assert length
    allocator.debug.write(objects[0] + begin, b"A")
    allocator.kmem_cache_free(cpu, cache, objects[0])
    assert bugs(allocator) == ["Object padding overwritten"]
    assert inuse(allocator, objects[0]) == 2


def test_a_write_behind_the_last_object_of_a_slab_is_found_and_mended(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FZPU")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 700)
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    begin, end = allocator.debug.slab_at(objp)
    assert (end - begin) % cache.size
    allocator.debug.write(end - 1, b"A")
    for _ in range(2):
        allocator.kmem_cache_free(cpu, cache, objp)
        objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert [found.split(".")[0] for found in bugs(allocator)] == ["Padding overwritten"]


def test_what_was_written_over_is_found_at_last_when_the_slab_goes(debugged):
    allocator, cpu, cache, objects = debugged
    for objp in objects:
        allocator.kmem_cache_free(cpu, cache, objp)
    allocator.debug.write(objects[2] + 4, b"A")
    allocator.kmem_cache_shrink(cpu, cache)
    assert bugs(allocator) == ["Poison overwritten"]


def free_three(allocator, cpu, cache, first):
    """Free three of four objects of a slab; the object that is left."""
    others = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(3)]
    for objp in (first, *others[:2]):
        allocator.kmem_cache_free(cpu, cache, objp)
    return others[2]


def test_a_list_that_leads_out_of_its_slab_ends_there_at_the_next_free(checked):
    allocator, cpu, cache, first = checked
    mem_map = allocator.kernel.mem_map
    last = free_three(allocator, cpu, cache, first)
    pfn = mem_map.get("head", last >> 12)
    allocator.debug.write(mem_map.get("freelist", pfn) + cache.offset, b"\xff")
    allocator.kmem_cache_free(cpu, cache, last)
    objects = cache.oo_objects
    assert bugs(allocator) == ["Freechain corrupt", f"Wrong object count. Counter is 1 but counted were {objects - 1}"]
    assert "FIX c: Object count adjusted." in "\n".join(allocator.kernel.log.lines)
    assert allocator.pages.inuse(pfn) == objects - 2
    assert len(allocator.pages.freelists.objects(cache, mem_map.get("freelist", pfn))) == 2


def test_a_list_whose_head_leads_astray_is_cleared_at_the_next_free(checked):
    allocator, cpu, cache, objp = checked
    mem_map = allocator.kernel.mem_map
    pfn = mem_map.get("head", objp >> 12)
    mem_map.set("freelist", pfn, objp + 4)
    assert not allocator.debug.on_freelist(cpu, cache, pfn, objp)
    assert bugs(allocator) == ["Freepointer corrupt"]
    assert (mem_map.get("freelist", pfn), allocator.pages.inuse(pfn)) == (0, allocator.pages.objects(pfn))


def test_a_wrong_number_of_objects_is_put_right(checked):
    allocator, cpu, cache, objp = checked
    mem_map, fits = allocator.kernel.mem_map, cache.oo_objects
    for _ in range(fits - 1):  # of the full slab no free pointer leads to the last object
        allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    pfn = mem_map.get("head", objp >> 12)
    mem_map.set("s_mem", pfn, mem_map.get("s_mem", pfn) - (1 << 16))
    assert allocator.debug.on_freelist(cpu, cache, pfn, 0)
    assert bugs(allocator) == [f"Wrong number of objects. Found {fits - 1} but should be {fits}"]
    assert (allocator.pages.objects(pfn), allocator.pages.inuse(pfn)) == (fits, fits)


def test_a_bulk_with_a_bad_object_is_told_with_its_counts(checked):
    allocator, cpu, cache, first = checked
    others = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(2)]
    allocator.kmem_cache_free_bulk(cpu, cache, [first, others[0] + 8, others[1]])
    assert bugs(allocator) == [f"Invalid object pointer 0x{others[0] + 8:016x}", "Bulk freelist count(3) invalid(2)"]


def test_a_bulk_that_names_an_object_twice_is_told(checked):
    allocator, cpu, cache, first = checked
    allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    allocator.kmem_cache_free_bulk(cpu, cache, [first, first])
    assert bugs(allocator) == ["Bulk freelist count(2) invalid(1)"]


def test_addresses_of_other_memory_are_refused(debugged):
    with pytest.raises(UserError, match="no slab holds"):
        debugged[0].debug.write(8, b"A")


def test_only_debugged_slabs_have_bytes(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="FZPU,mine")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("yours", 64)
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert allocator.debug.slab_at(objp) is None


@pytest.mark.parametrize(
    ("data", "found"), [(b"kkkk", None), (b"kAkk", (1, 2)), (b"AkkA", (0, 4)), (b"", None), (b"kkkA", (3, 4))]
)
def test_the_first_and_last_wrong_byte(data, found):
    assert faults(data, 0x6B) == found


def spoil_and_allocate(system, number):
    """Write over the free pointer of free object `number` of the slab, then allocate: the slab, its free objects."""
    allocator, cpu, cache, objp = system
    mem_map, freelists = allocator.kernel.mem_map, allocator.pages.freelists
    pfn = mem_map.get("head", objp >> 12)
    free = freelists.objects(cache, mem_map.get("freelist", pfn))
    allocator.debug.write(free[number] + cache.offset, b"A" * 8)
    assert allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) == free[0]
    return pfn, free


@pytest.mark.parametrize("number", [1, 3, -1])
def test_free_objects_behind_a_spoiled_pointer_are_given_up_when_a_cpu_gives_them_back(checked, number):
    allocator, cpu, cache, _ = checked
    pfn, free = spoil_and_allocate(checked, number)
    assert bugs(allocator) == ["Freechain corrupt"]
    assert allocator.kernel.log.lines[-1].endswith("FIX c: Isolate corrupted freechain")
    sound = free[1 : number % len(free)]
    assert sorted(allocator.pages.freelists.objects(cache, allocator.kernel.mem_map.get("freelist", pfn))) == sorted(
        sound
    )
    assert allocator.pages.inuse(pfn) == allocator.pages.objects(pfn) - len(sound)
    others = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in free]
    assert not {*free[number:]} & {*others}


def test_without_checks_the_free_objects_behind_a_spoiled_pointer_are_kept(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="P")
    cpu, cache = allocator.kernel.machine.cpus[0], allocator.kmem_cache_create("c", 192)
    system = allocator, cpu, cache, allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    pfn, _ = spoil_and_allocate(system, 1)
    assert (bugs(allocator), allocator.pages.inuse(pfn)) == ([], 2)


def test_a_pointer_written_anew_on_its_way_back_is_spoiled_no_longer(checked):
    allocator, cpu, cache, objp = checked
    mem_map = allocator.kernel.mem_map
    free = allocator.pages.freelists.objects(cache, mem_map.get("freelist", mem_map.get("head", objp >> 12)))
    allocator.debug.write(free[1] + cache.offset, free[2].to_bytes(8, "little"))
    assert free[1] in allocator.debug.contents.spoiled
    allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    assert free[1] not in allocator.debug.contents.spoiled


def test_the_free_pointer_of_the_last_object_that_a_cpu_gives_back_is_not_looked_at(checked):
    allocator, cpu, cache, objp = checked
    pfn = allocator.kernel.mem_map.get("head", objp >> 12)
    objects = allocator.pages.freelists.objects(cache, allocator.kernel.mem_map.get("freelist", pfn))
    costs = []
    for free in objects[-2:]:
        before = cpu.now
        assert not allocator.debug.freelist_corrupted(cpu, cache, pfn, free)
        costs.append(cpu.now - before)
    assert costs[0] > costs[1] == 0
