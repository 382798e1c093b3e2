"""Charging of objects as their users see it, with either allocator."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memcg_systems import ACCOUNT, MemcgSystem

from simslab.base.build import running_build
from simslab.kernel.mm import gfp
from simslab.slab_common import flags as fl
from simslab.slab_common.failslab import FailSlab
from simslab.slab_common.memcg.hooks import obj_full_size, vmstat_item

COMPILED = running_build().kind == "compiled"
VECTOR_CACHES = frozenset({"kmalloc-128", "kmalloc-192", "kmalloc-256"})  # a slab of `files` has 16 to 21 objects


@pytest.fixture(params=["slab", "slub"])
def system(request):
    return MemcgSystem(request.param)


def fail_vectors(system, times=-1):
    system.allocator.set_failslab(
        FailSlab(100, times=times, ignore_gfp_reclaim=False, cache_filter=True, caches=VECTOR_CACHES)
    )


def test_an_object_is_charged_with_its_entry_of_the_vector(system):
    system.alloc()
    assert system.allocator.memcg.owed() == {system.jobs: (1, system.files.size + 8)}
    assert obj_full_size(system.files) == system.files.size + 8
    assert system.faults() == []


@pytest.mark.parametrize(("flags", "charged"), [(gfp.GFP_KERNEL, 0), (ACCOUNT, 1)])
def test_objects_of_other_caches_are_charged_by_request(system, flags, charged):
    system.alloc(system.plain, flags)
    assert system.jobs.counts.charges == charged
    assert system.allocator.kmalloc(system.cpus[0], 100, flags)
    assert system.jobs.counts.charges == 2 * charged


def test_the_first_charged_object_of_a_slab_brings_its_vector(system):
    first, second = system.alloc(), system.alloc()
    (vector,) = system.allocator.memcg.vectors.of_page.values()
    assert system.jobs.counts.vectors == 1
    assert [objcg for objcg in vector.entries if objcg is not None] == [system.jobs.objcg] * 2
    system.free(first)
    system.free(second)
    assert set(vector.entries) == {None}


def test_a_freed_object_is_uncharged_from_its_own_cgroup_whoever_frees_it(system):
    objp = system.alloc()
    system.charging.current = [system.web.objcg] * 4
    system.free(objp, cpu=3)
    assert (system.jobs.counts.uncharges, system.web.counts.uncharges) == (1, 0)
    assert system.faults() == []
    system.drain()
    assert (system.jobs.objcg.nr_charged_bytes, system.jobs.vmstats.sum()) == (4096, 0)  # less a page: kept, as in 5.10


def test_tasks_of_the_root_are_charged_for_nothing(system):
    system.charging.current = [None] * 4
    system.free(system.alloc())
    assert (system.root.memory.usage, system.allocator.memcg.vectors.of_page) == (0, {})


def test_an_interrupt_is_charged_for_nothing(system):
    system.cpus[0].in_interrupt = 1
    assert system.alloc(flags=gfp.GFP_ATOMIC)
    system.cpus[0].in_interrupt = 0
    assert system.root.memory.usage == 0


@pytest.mark.parametrize("which", ["slab", "slub"])
def test_at_the_limit_an_allocation_returns_null(which):
    system = MemcgSystem(which, limit=1)
    held = [system.alloc() for _ in range(30)]
    fitting = 4096 // obj_full_size(system.files)
    assert all(held[:fitting])
    assert not any(held[fitting:])
    assert system.jobs.counts.failures == 30 - fitting
    assert system.alloc(system.plain)
    for objp in held[:fitting]:
        system.free(objp)
    assert (system.faults(), system.alloc() != 0) == ([], True)


def test_without_memory_for_a_vector_the_object_is_had_uncharged(system):
    fail_vectors(system, times=1)
    uncharged = system.alloc()
    assert uncharged
    assert (system.jobs.counts.vectors_failed, system.jobs.counts.charges, system.faults()) == (1, 0, [])
    charged = system.alloc()
    assert system.jobs.counts.charges == 1
    system.free(uncharged)
    system.free(charged)
    assert (system.jobs.counts.uncharges, system.faults()) == (1, [])


def test_an_allocation_that_fails_after_its_charge_is_uncharged(system):
    pages = system.allocator.pages
    pages.deny_cache, pages.deny_mask = system.files.index, 0b11
    assert system.alloc(flags=gfp.GFP_NOWAIT | gfp.NOWARN) == 0
    assert (system.jobs.counts.page_charges, system.faults()) == (1, [])


def test_failslab_comes_before_the_charge(system):
    system.allocator.set_failslab(FailSlab(100, ignore_gfp_reclaim=False))
    assert system.alloc() == 0
    assert system.jobs.counts.page_charges == 0
    system.allocator.set_failslab(None)
    assert system.alloc()
    assert system.jobs.counts.page_charges == 1


def test_bulk_requests_are_charged_at_once_and_freed_one_by_one(system):
    cpu = system.cpus[0]
    objects = system.allocator.kmem_cache_alloc_bulk(cpu, system.files, gfp.GFP_KERNEL, 40)
    assert (len(objects), system.jobs.counts.charges, system.jobs.counts.page_charges) == (40, 40, 1)
    assert system.faults() == []
    system.allocator.kmem_cache_free_bulk(cpu, system.files, objects)
    assert (system.jobs.counts.uncharges, system.faults()) == (40, [])


@pytest.mark.parametrize("which", ["slab", "slub"])
def test_a_bulk_request_above_the_limit_gets_nothing_and_loses_nothing(which):
    system = MemcgSystem(which, limit=1)
    assert system.allocator.kmem_cache_alloc_bulk(system.cpus[0], system.files, gfp.GFP_KERNEL, 40) == []
    assert (system.jobs.memory.usage, system.jobs.bytes_lost, system.faults()) == (0, 0, [])


def test_a_bulk_request_that_fails_half_way_loses_the_rest_of_its_charge_as_the_kernel_does(system):
    system.alloc()  # a slab, from which some can be had
    pages = system.allocator.pages
    pages.deny_cache, pages.deny_mask = system.files.index, 0b11
    assert system.allocator.kmem_cache_alloc_bulk(system.cpus[0], system.files, gfp.GFP_NOWAIT, 200) == []
    lost, rest = divmod(system.jobs.bytes_lost, obj_full_size(system.files))
    assert 100 < lost < 200
    assert rest == 0
    assert system.faults() == []


def test_reclaimable_caches_are_counted_as_such(system):
    cache = system.allocator.kmem_cache_create("inodes", 500, 0, fl.SLAB_ACCOUNT | fl.SLAB_RECLAIM_ACCOUNT)
    system.alloc(cache)
    assert (vmstat_item(cache), vmstat_item(system.files)) == (0, 1)
    assert system.jobs.vmstats.parts[0] == [obj_full_size(cache), 0]


def test_hooks_cost_time_and_leave_the_path_of_the_operation(system):
    cpu = system.cpus[0]
    system.free(system.alloc())
    times, paths = [], []
    for cache in (system.plain, system.files):
        system.free(system.alloc(cache), cache)
        before = cpu.now
        objp = system.alloc(cache)
        times.append(cpu.now - before)
        paths.append(cpu.path)
        system.free(objp, cache)
    assert times[1] > times[0] + 50
    assert paths[0] == paths[1]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["alloc", "alloc", "kmalloc", "free", "free", "bulk", "task", "shrink", "vectors", "deny", "work"]
        ),
        st.integers(0, 3),
        st.integers(0, 60),
        st.sampled_from([ACCOUNT, ACCOUNT, gfp.GFP_KERNEL, gfp.GFP_ATOMIC | gfp.ACCOUNT, gfp.GFP_NOWAIT | gfp.ACCOUNT]),
    ),
    max_size=120 if COMPILED else 40,
)


@settings(max_examples=25 if COMPILED else 5)
@given(which=st.sampled_from(["slab", "slub"]), limit=st.sampled_from([1, 3, 40, 1 << 40]), steps=STEPS)
def test_after_every_step_of_any_program_charges_are_conserved(which, limit, steps):
    system = MemcgSystem(which, limit)
    allocator, held = system.allocator, []
    allocator.pages.deny_cache = system.files.index

    def step(kind, number, amount, flags):
        cpu = system.cpus[number]
        if kind == "alloc":
            for _ in range(amount):
                held.append((system.files, system.alloc(flags=flags, cpu=number)))
        elif kind == "kmalloc":
            objp = allocator.kmalloc(cpu, 16 * amount, flags)
            held.append((None, objp if objp > 16 else 0))
        elif kind == "bulk":
            objects = allocator.kmem_cache_alloc_bulk(cpu, system.files, flags, amount)
            if number % 2:
                allocator.kmem_cache_free_bulk(cpu, system.files, objects)
            else:
                held.extend((system.files, objp) for objp in objects)
        elif kind == "free":
            for _ in range(min(amount, len(held))):
                release(*held.pop(amount % len(held)), number)
        elif kind == "task":
            system.charging.current[number] = (None, system.jobs.objcg, system.web.objcg)[amount % 3]
        elif kind == "shrink":
            allocator.kmem_cache_shrink(cpu, system.files)
        elif kind == "vectors":
            fail_vectors(system, times=number)
        elif kind == "deny":
            allocator.pages.deny_mask = number
        else:
            system.kernel.workqueue.run_due_work(cpu)

    def release(cache, objp, number):
        if objp and cache is None:
            allocator.kfree(system.cpus[number], objp)
        elif objp:
            system.free(objp, cache, number)

    for one in steps:
        step(*one)
        assert system.faults() == []
    for cache, objp in held:
        release(cache, objp, 0)
    allocator.kmem_cache_shrink(system.cpus[0], system.files)
    system.drain()
    assert (system.faults(), allocator.memcg.owed()) == ([], {})
    for memcg in (system.jobs, system.web):
        assert memcg.memory.usage * 4096 == memcg.objcg.nr_charged_bytes + memcg.bytes_lost
