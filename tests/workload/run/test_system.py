"""A booted system, and what a workload may ask of it."""

import gc

import numpy as np
import pytest

from simslab.base.errors import BadValue
from simslab.kernel.mm import gfp
from simslab.machine.accounting import causes
from simslab.machine.library import load_machine
from simslab.slab_common.flags import SLAB_ACCOUNT, SLAB_FAILSLAB
from simslab.workload.description.kernel_options import FailSlabSpec, KernelOptions
from simslab.workload.description.spec import CacheSpec
from simslab.workload.description.tunables import Tunables
from simslab.workload.run.system import (
    MANY_OBJECTS,
    boot_system,
    collector_off,
    create_caches,
    inject_faults,
    named_cache,
    other_sizes,
    start_clocks,
    start_housekeeping,
    trace_cache,
    tune,
)
from simslab.workload.trace.pairing import TraceCache


def boot(**options):
    spec = load_machine("two-socket", ("layout.cores=2", "nodes=[{each: package, memory: 64 MiB}]"))
    return boot_system(spec, KernelOptions.model_validate(options), 10_000, seed=3)


@pytest.fixture
def system():
    return boot()


def test_all_cpus_begin_at_one_time_with_nothing_counted(system):
    assert len({cpu.now for cpu in system.machine.cpus}) == 1
    assert not any(np.asarray(cpu.cause_owner).any() for cpu in system.machine.cpus)


@pytest.mark.parametrize("was_on", [True, False])
def test_the_garbage_collector_is_as_it_was_after_a_boot_that_fails(was_on):
    (gc.enable if was_on else gc.disable)()
    try:
        seen = []
        with pytest.raises(ZeroDivisionError), collector_off():
            seen.append(gc.isenabled() or 1 / 0)
        assert seen == []
        assert gc.isenabled() == was_on
    finally:
        gc.enable()


@pytest.mark.parametrize(("many", "old"), [(1.1, True), (0.1, False)])
def test_what_a_boot_of_very_many_objects_made_is_old_without_a_collection(many, old):
    gc.collect()
    gc.unfreeze()  # 3.12 begins with a few hundred objects frozen
    before = [generation["collections"] for generation in gc.get_stats()]
    with collector_off():
        kept = [[] for _ in range(int(many * MANY_OBJECTS))]
        stats = [generation["collections"] for generation in gc.get_stats()]
    found = {id(each) for each in gc.get_objects(generation=2)}
    assert [id(each) in found for each in kept] == [old] * len(kept)
    assert gc.get_freeze_count() == 0
    assert stats == before


def test_stand_in_pages_on_a_machine_with_a_memoryless_node_are_refused_with_their_place():
    with pytest.raises(BadValue, match="as node 1 is") as refused:
        boot_system(load_machine("memoryless-node"), KernelOptions(stand_in_pages=True), 10_000)
    assert refused.value.at == ("kernel", "stand_in_pages")


def test_clocks_are_set_to_the_latest(system):
    system.machine.cpus[2].now += 500
    latest = system.machine.cpus[2].now
    start_clocks(system)
    assert [cpu.now for cpu in system.machine.cpus] == [latest] * 4


def test_hz_is_the_kernels(system):
    assert boot(hz=1000).kernel.cycles_per_jiffy * 4 == system.kernel.cycles_per_jiffy


def test_options_and_seed_reach_the_allocator():
    options = boot(slab_nomerge=True, slab_max_order=0, freelist_random=True).allocator.options
    assert (options.slab_nomerge, options.slab_max_order, options.freelist_seed) == (True, 0, 3)


def test_slubs_options_reach_it():
    options = boot(allocator="slub", slub_nomerge=True, slub_min_order=1, slub_debug="U,mine").allocator.options
    shared = boot(allocator="slub", freelist_random=True, freelist_hardened=True).allocator.options
    assert (shared.freelist_random, shared.freelist_hardened, shared.freelist_seed) == (True, True, 3)
    assert (options.slab_nomerge, options.slub_min_order, options.slub_debug) == (True, 1, "U,mine")
    assert not boot(allocator="slub").allocator.options.slab_nomerge


def test_what_no_kernel_has_can_be_asked_for():
    asked = ("no_colouring", "no_objfreelist", "node_lists_apart", "reap_all_nodes")
    asked += ("colour_under_list_lock", "refill_under_list_lock", "look_under_list_lock")
    options, plain = (boot(**dict.fromkeys(names, True)).allocator.options for names in (asked, ()))
    assert [getattr(options, name) for name in asked] == [True] * 7
    assert [getattr(plain, name) for name in asked] == [False] * 7


@pytest.mark.parametrize(
    ("cost", "masking"), [(None, (10, 27)), ("0 cycles", (0, 0)), ("74 cycles", (20, 54)), ("10 ns", (7, 19))]
)
def test_what_masking_interrupts_costs_may_be_set_by_hand_in_the_machines_ratio(cost, masking):
    system = boot(irq_cost=cost)
    cpu, cache = system.machine.cpus[0], system.find_cache("kmalloc-256")
    for _ in range(2):
        before = cpu.cause_owner[causes.IRQ_MASK]
        system.allocator.kmem_cache_free(cpu, cache, system.allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL))
    assert cpu.cause_owner[causes.IRQ_MASK] - before == 2 * sum(masking)
    assert (cpu.costs.kernel.irq_save, cpu.costs.kernel.irq_restore) == masking


def test_spinlocks_know_of_nodes_where_asked_and_pass_others_over_for_a_millisecond_at_most():
    plain, aware, short = (
        boot(**asked)
        for asked in ({}, {"numa_spinlock": True}, {"numa_spinlock": True, "numa_spinlock_threshold": "2 us"})
    )
    hz = plain.machine.frequency_hz
    assert plain.allocator.caches[0].node[0].list_lock.numa is None
    locks = [system.allocator.caches[0].node[0].list_lock for system in (aware, short)]
    assert [lock.numa.threshold for lock in locks] == [hz // 1000, hz // 500_000]


def test_of_caches_with_one_name_the_newest_is_meant(system):
    first, second = (system.allocator.kmem_cache_create("twin", size, 0, 0, 1) for size in (200, 400))
    assert first is not second
    assert system.find_cache("twin") is second
    assert system.find_cache("none") is None


def test_caches_are_created_with_size_alignment_flags_and_constructor(system):
    spec = CacheSpec.model_validate({"size": 200, "align": 128, "flags": ["HWCACHE_ALIGN"], "ctor": True})
    cache = create_caches(system, {"mine": spec})["mine"]
    assert (cache.name, cache.object_size, cache.size % 128, cache.align) == ("mine", 200, 0, 128)
    assert cache.ctor == 1
    assert create_caches(system, {"own": CacheSpec(size=200, ctor=True)})["own"] is not cache


def test_a_cache_without_a_constructor_may_be_one_with_another(system):
    made = create_caches(system, {"one": CacheSpec(size=200), "two": CacheSpec(size=200)})
    assert made["one"] is made["two"]
    assert made["one"].ctor == 0


def test_a_cache_that_the_kernel_refuses_is_told_with_its_place(system):
    spec = CacheSpec.model_construct(size=(4 << 20) + 8, align=0, flags=[], ctor=False)
    with pytest.raises(BadValue, match="the kernel cannot create a cache") as error:
        create_caches(system, {"huge": spec})
    assert error.value.faults[0].at == ("caches", "huge")


def test_a_recorded_cache_is_the_standing_one_or_a_new_one_of_its_size(system):
    dentry = trace_cache(system, TraceCache("dentry", 999, 999))
    assert dentry is system.find_cache("dentry")
    made = trace_cache(system, TraceCache("recorded", 712, 768))
    assert (made.object_size, made.size) == (712, 768)


@pytest.mark.parametrize(("memcg", "account"), [(True, True), (True, False), (False, True)])
def test_a_recorded_cache_whose_objects_were_accounted_is_one_where_the_kernel_knows_cgroups(memcg, account):
    system = boot_system(load_machine("one-node"), KernelOptions(memcg=memcg), quantum=0)
    made = trace_cache(system, TraceCache("recorded", 712, 768, account), memcg)
    assert bool(made.flags & SLAB_ACCOUNT) == (memcg and account)


def test_standing_caches_of_other_sizes_than_recorded_are_told_with_both(system):
    wanted = [TraceCache("dentry", 312, 320), TraceCache("filp", 9, 9), TraceCache("seq_file", 120, 120)]
    assert other_sizes(system, wanted, {"dentry": 39, "filp": 1, "seq_file": 2}) == {
        "cache 'dentry': 312 bytes in 320 recorded, 192 in 192 simulated (not skipped)": 39
    }


def test_a_name_of_the_workloads_comes_before_the_kernels(system):
    mine = create_caches(system, {"dentry": CacheSpec(size=64, ctor=True)})
    assert named_cache(system, "dentry", mine) is mine["dentry"]
    with pytest.raises(BadValue, match="there is no cache 'dentri'") as error:
        named_cache(system, "dentri", mine)
    assert error.value.near == "dentry"


@pytest.fixture
def slub_system():
    return boot(allocator="slub", slub_max_order=1, slub_min_objects=4)


def test_the_allocator_and_its_parameters_are_those_asked_for(slub_system):
    options = slub_system.allocator.options
    assert slub_system.allocator.path_names[1] == "alloc_fast"
    assert (options.slub_min_order, options.slub_max_order, options.slub_min_objects) == (0, 1, 4)
    assert max(cache.oo_order for cache in slub_system.allocator.caches if cache.size <= 4096) == 1


def test_attributes_are_written_to_slubs_caches(slub_system):
    tune(slub_system, {"kmalloc-64": Tunables(cpu_partial=7, min_partial=9, remote_node_defrag_ratio=50)}, {})
    cache = slub_system.find_cache("kmalloc-64")
    assert (cache.cpu_partial, cache.min_partial, cache.remote_node_defrag_ratio) == (7, 9, 500)


def test_a_cache_that_only_the_other_recorded_kernel_had_is_made_when_it_is_named(slub_system):
    assert slub_system.find_cache("skbuff_head_cache") is None
    assert named_cache(slub_system, "skbuff_head_cache", {}).object_size == 200
    with pytest.raises(BadValue, match="there is no cache 'skbuff'"):
        named_cache(slub_system, "skbuff", {})


def test_tunables_that_the_kernel_refuses_are_told_with_what_is_in_force(system):
    with pytest.raises(BadValue, match=r"kernel refuses it for cache 'kmalloc-64' \(ENOMEM\)") as error:
        tune(system, {"kmalloc-64": Tunables(limit=1024, batchcount=1024, shared=1024)}, {})
    assert error.value.faults[0].at == ("tunables", "kmalloc-64")
    debugged = boot(allocator="slub", slub_debug="F")
    with pytest.raises(BadValue, match=r"\(EINVAL\) and leaves cpu_partial 0") as error:
        tune(debugged, {"kmalloc-64": Tunables(min_partial=7, cpu_partial=30)}, {})
    assert error.value.faults[0].at == ("tunables", "kmalloc-64", "cpu_partial")
    tune(debugged, {"kmalloc-64": Tunables(cpu_partial=0)}, {})


def test_tunables_are_written_to_their_cache(system):
    tune(system, {"kmalloc-64": Tunables(limit=10, batchcount=5, shared=2)}, {})
    cache = system.find_cache("kmalloc-64")
    assert (cache.limit, cache.batchcount, cache.shared) == (10, 5, 2)
    with pytest.raises(BadValue) as error:
        tune(system, {"none": Tunables(limit=10, batchcount=5)}, {})
    assert error.value.faults[0].at == ("tunables", "none")


def test_faults_are_injected_into_the_caches_named(system):
    spec = FailSlabSpec.model_validate({"probability": 20, "times": 5, "cache_filter": ["kmalloc-64"]})
    inject_faults(system, spec, 7, {})
    assert system.allocator.allocating.failslab is not None
    with pytest.raises(BadValue) as error:
        inject_faults(system, FailSlabSpec(probability=1, cache_filter=["dentry", "none"]), 7, {})
    assert error.value.faults[0].at == ("failslab", "cache_filter", 1)


def test_the_filter_without_names_lets_marked_caches_fail_alone(system):
    spec = FailSlabSpec(probability=100, cache_filter=True)
    with pytest.raises(BadValue, match="no cache is marked for failslab"):
        inject_faults(system, spec, 7, {})
    system.find_cache("kmalloc-64").flags |= SLAB_FAILSLAB
    inject_faults(system, spec, 7, {})
    faults = system.allocator.allocating.failslab
    assert faults.should_failslab(system.find_cache("kmalloc-64"), 0)
    assert not faults.should_failslab(system.find_cache("kmalloc-96"), 0)


def test_without_the_filter_marked_caches_fail_like_the_others(system):
    system.find_cache("kmalloc-64").flags |= SLAB_FAILSLAB
    inject_faults(system, FailSlabSpec(probability=100), 7, {})
    assert system.allocator.allocating.failslab.should_failslab(system.find_cache("kmalloc-96"), 0)


@pytest.mark.parametrize("reap", [True, False])
def test_caches_are_reaped_on_every_cpu_only_if_wanted(system, reap):
    start_housekeeping(system, system.machine.cpus[:1], reap)
    bases = system.kernel.timers.deferrable
    waiting = {number for number, base in bases.items() if any(base.buckets.values())}
    assert waiting == (set(range(4)) if reap else set())


def test_the_cpus_that_work_tick(system):
    start_housekeeping(system, system.machine.cpus[:1], reap=False)
    jiffy = system.kernel.cycles_per_jiffy
    assert [cpu.next_irq <= cpu.now + jiffy for cpu in system.machine.cpus] == [True, False, False, False]


@pytest.mark.parametrize(
    "given", [{"slab_nomerge": True}, {"slub_nomerge": True}, {"slab_nomerge": True, "slub_nomerge": True}]
)
def test_either_name_of_the_parameter_keeps_caches_of_slub_apart(given):
    assert boot(allocator="slub", **given).allocator.options.slab_nomerge


def test_debug_pagealloc_maps_memory_by_4k_and_takes_free_pages_out():
    system = boot(debug_pagealloc=True, debug_slab=True)
    assert system.machine.tlb.page_shift == 12
    assert system.kernel.page_allocator.direct_map is system.allocator.debug.direct_map
    assert boot(debug_slab=True).kernel.page_allocator.direct_map is None


def test_debug_pagealloc_needs_tlb_entries_for_4k():
    spec = load_machine("two-socket", ("layout.cores=2",))
    level = spec.tlb.l1.model_copy(update={"page_4k": None})
    spec = spec.model_copy(update={"tlb": spec.tlb.model_copy(update={"l1": level})})
    with pytest.raises(BadValue, match="no entries for pages of 4K") as refused:
        boot_system(spec, KernelOptions(debug_pagealloc=True), 10_000)
    assert refused.value.at == ("kernel", "debug_pagealloc")
