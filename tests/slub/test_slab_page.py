"""A slab from its pages to its end: counters, layout, what a request may have, what is given back."""

import pytest
from slub_systems import KERNEL, Bench

from simslab.kernel.bug import KernelBugError
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.kernel.mm.mempolicy import INTERLEAVE, MemPolicies, MemPolicy
from simslab.kernel.mm.page import PG_SLAB
from simslab.machine.accounting import causes
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.slub import flags as fl
from simslab.slub import layout
from simslab.slub.allocator import SlubAllocator


@pytest.fixture
def bench(booted):
    return Bench(booted("2n8c", slab_nomerge=True))


def new_slab(bench, flags=gfp.GFP_NOWAIT, node=-1):
    return bench.irqs_off(bench.pages.new_slab, flags, node)


def test_a_new_slab_is_frozen_full_and_counted_on_its_node(bench):
    pfn, _ = new_slab(bench)
    num = bench.cache.oo_objects
    assert (bench.pages.inuse(pfn), bench.pages.objects(pfn), bench.pages.frozen(pfn)) == (num, num, 1)
    assert (bench.node.nr_slabs, bench.node.total_objects) == (1, num)
    assert bench.mem_map.get("slab_cache", pfn) == bench.cache.index
    assert bench.mem_map.get("flags", pfn) & PG_SLAB


def test_without_slub_debug_nobody_pays_for_counting_slabs(booted):
    spent = []
    for options in ({}, {"no_slub_debug": True}):
        bench = Bench(booted("2n8c", slab_nomerge=True, **options))
        before = bench.cpus[0].cause_owner[causes.LOCKED]
        pfn, _ = new_slab(bench)
        assert (bench.node.nr_slabs, bench.node.total_objects) == (1, bench.cache.oo_objects)
        bench.irqs_off(bench.pages.discard_slab, pfn)
        assert (bench.node.nr_slabs, bench.node.total_objects) == (0, 0)
        spent.append(bench.cpus[0].cause_owner[causes.LOCKED] - before)
    counted, uncounted = spent
    assert counted - uncounted == 4 * bench.cpus[0].costs.kernel.atomic


def test_its_freelist_names_every_object_in_order(bench):
    pfn, _ = new_slab(bench)
    first = bench.mem_map.get("freelist", pfn)
    objects = bench.pages.freelists.objects(bench.cache, first)
    assert objects == [(pfn << 12) + 192 * index for index in range(bench.cache.oo_objects)]


@pytest.mark.parametrize(("node", "nid"), [(-1, 0), (1, 1)])
def test_its_pages_are_of_the_node_that_was_asked_for_or_that_of_the_cpu(bench, node, nid):
    assert bench.mem_map.nid(new_slab(bench, node=node)[0]) == nid


def test_a_denied_node_is_passed_over_unless_it_alone_is_wanted(bench):
    bench.pages.deny_cache, bench.pages.deny_mask = bench.cache.index, 0b01
    assert bench.mem_map.nid(new_slab(bench)[0]) == 1
    assert new_slab(bench, gfp.GFP_NOWAIT | gfp.THISNODE)[0] == -1
    bench.pages.deny_mask = 0b11
    assert new_slab(bench)[0] == -1


def test_without_a_large_block_a_smaller_slab_serves(bench):
    cache = bench.cache = bench.allocator.kmem_cache_create("large", 700)
    assert cache.oo_order > cache.min_order
    bench.pages.deny_cache, bench.pages.deny_high_order = cache.index, 1
    pfn, counts = new_slab(bench)
    assert bench.pages.objects(pfn) == cache.min_objects < cache.oo_objects
    assert bench.mem_map.get("order", pfn) == cache.min_order
    assert counts == {"ORDER_FALLBACK": 1}


def bench_with(cmpxchg16b, flags=0):
    """A cache on a machine whose exchange of two words takes `cmpxchg16b` cycles."""
    spec = load_machine("i7-4790k", [f"kernel.cmpxchg16b={cmpxchg16b} cycles"])
    allocator = SlubAllocator(Kernel(build_machine(spec), page_stride=layout.PAGE_STRIDE))
    allocator.boot(standing=False)
    return Bench(allocator, flags)


def slow_free(cmpxchg16b, flags=0):
    """Cycles of a free into a slab that is not the CPU's, whose lines are at hand: one exchange of its counters."""
    bench = bench_with(cmpxchg16b, flags)
    [slab] = bench.full_slabs(1)
    for objp in slab[:4]:
        start = bench.cpus[0].now
        bench.free(objp)
    return bench.cpus[0].now - start


def test_an_exchange_of_a_slabs_counters_is_one_of_two_words():
    assert slow_free(32) - slow_free(19) == 32 - 19


def test_a_cache_that_checks_its_objects_has_the_lock_of_the_page_for_it():
    assert slow_free(32, fl.SLAB_CONSISTENCY_CHECKS) == slow_free(19, fl.SLAB_CONSISTENCY_CHECKS)


def slab_taken(bench):
    """Take a slab from the node's list: one exchange."""
    bench.cache.cpu_partial = 0
    (objp,) = bench.full_slabs(1)[0][:1]
    bench.free(objp)
    bench.irqs_off(bench.allocator.slabs.flush_slab, bench.c)
    start = bench.cpus[0].now
    bench.alloc()
    return start


def slab_given_up(bench):
    """Give up a CPU's slab: an exchange for each of its free objects."""
    bench.alloc(bench.cache.oo_objects - 5)
    start = bench.cpus[0].now
    bench.irqs_off(bench.allocator.slabs.flush_slab, bench.c)
    return start


def slabs_unfrozen(bench):
    """Move three slabs of the CPU's list to the node's: an exchange each."""
    bench.cache.cpu_partial = 1000
    for slab in bench.full_slabs(3):
        bench.free(slab[0])
    start = bench.cpus[0].now
    bench.irqs_off(bench.allocator.partial.unfreeze_partials, bench.c)
    return start


def difference(act, flags=0):
    """How much longer `act` takes for 13 cycles more an exchange."""
    times = []
    for cycles in (19, 32):
        bench = bench_with(cycles, flags)
        start = act(bench)
        times.append(bench.cpus[0].now - start)
    return times[1] - times[0]


@pytest.mark.parametrize(("act", "exchanges"), [(slab_taken, 1), (slab_given_up, 5), (slabs_unfrozen, 3)])
def test_slabs_change_hands_by_exchanges_of_two_words(act, exchanges):
    assert difference(act) == exchanges * 13


@pytest.mark.parametrize("act", [slab_taken, slab_given_up, slabs_unfrozen])
def test_checked_slabs_change_hands_under_the_locks_of_their_pages(act):
    assert difference(act, fl.SLAB_CONSISTENCY_CHECKS) == 0


def test_a_request_that_may_block_has_interrupts_on_while_pages_are_sought(bench):
    seen = []

    class Observer:
        def slab_obtained(self, cache, pfn, nid, objects):
            seen.append(bench.cpus[0].irqs_off)

    bench.pages.observer = Observer()
    new_slab(bench, KERNEL)
    new_slab(bench, gfp.GFP_ATOMIC)
    assert [bool(off) for off in seen] == [False, True]


def test_interrupts_must_be_off(bench):
    with pytest.raises(KernelBugError, match="new_slab with interrupts on"):
        bench.pages.new_slab(bench.cpus[0], bench.cache, KERNEL, -1)


def test_flags_that_no_slab_may_have_are_told_and_dropped(bench):
    pfn, _ = new_slab(bench, gfp.GFP_NOWAIT | gfp.DMA32)
    assert pfn >= 0
    assert any("Unexpected gfp" in line for line in bench.allocator.kernel.log.lines)


def cycles_of_slow_free(bench, flags):
    """Cycles of a free into a slab that no CPU has, on a CPU that knows all its lines."""
    bench.cache.flags = flags
    (slab,) = bench.full_slabs(1)
    for objp in slab[:3]:
        before = bench.cpus[0].now
        bench.free(objp)
    return bench.cpus[0].now - before


def test_without_a_double_exchange_the_slab_is_locked_for_it(bench):
    assert cycles_of_slow_free(bench, 0) > cycles_of_slow_free(bench, fl.CMPXCHG_DOUBLE) + 10


def test_counters_changed_by_fields_are_loaded_once_the_stores_are_in_the_l1(bench):
    cpu = bench.cpus[0]
    before = cpu.now
    bench.pages.load_new_counters(cpu)
    assert cpu.now - before == cpu.commit + cpu.forward


def test_a_discarded_slab_is_pages_again_and_counted_no_more(bench):
    pfn, _ = new_slab(bench)
    bench.irqs_off(bench.pages.discard_slab, pfn)
    assert (bench.node.nr_slabs, bench.node.total_objects) == (0, 0)
    assert not bench.mem_map.get("flags", pfn) & PG_SLAB
    assert bench.mem_map.get("slab_cache", pfn) == 0
    assert new_slab(bench)[0] == pfn


def test_the_pages_of_a_typesafe_cache_stay_until_a_grace_period_is_over(booted):
    bench = Bench(booted("2n8c", slab_nomerge=True), flags=fl.SLAB_TYPESAFE_BY_RCU)
    pfn, _ = new_slab(bench)
    bench.irqs_off(bench.pages.discard_slab, pfn)
    assert bench.node.nr_slabs == 0
    assert bench.mem_map.get("flags", pfn) & PG_SLAB
    bench.pages.rcu_free_slab(bench.cpus[0], (bench.cache, pfn))
    assert not bench.mem_map.get("flags", pfn) & PG_SLAB


@pytest.mark.parametrize("sockets", [0, 1])
def test_slabs_of_the_page_reserves_are_kept_for_who_may_use_them_whether_sockets_swap_or_not(booted, sockets):
    bench = Bench(booted("1n1c", slab_nomerge=True))
    bench.allocator.kernel.reserves.sk_memalloc_socks = sockets
    pages, cpu = bench.pages.page_allocator, bench.cpus[0]
    for order in range(10, -1, -1):
        while pages.alloc_pages(cpu, gfp.GFP_ATOMIC, order, -1) >= 0:
            pass
    assert bench.allocator.kmem_cache_alloc(cpu, bench.cache, KERNEL | gfp.MEMALLOC)
    bench.flush()
    assert bench.allocator.kmem_cache_alloc(cpu, bench.cache, KERNEL) == 0


def masking_of(work, cache_flags):
    """Cycles of turning interrupts off and on in `work(bench)`, with a cache of these flags."""
    bench = bench_with(19, cache_flags)
    [slab] = bench.full_slabs(1)
    causes_of = bench.cpus[0].cause_owner
    before = causes_of[causes.IRQ_MASK]
    work(bench, slab)
    return causes_of[causes.IRQ_MASK] - before


def test_the_lock_of_a_page_turns_interrupts_off_only_where_they_are_on():
    checked = fl.SLAB_CONSISTENCY_CHECKS
    assert masking_of(lambda bench, _: bench.flush(), checked) == masking_of(lambda bench, _: bench.flush(), 0)
    assert masking_of(lambda bench, slab: bench.free(slab[0]), checked) > 0


def test_new_slabs_and_large_blocks_are_where_the_tasks_policy_has_them(bench):
    policies = MemPolicies(bench.allocator.kernel.zonelists)
    policies.of_cpu[0] = MemPolicy(INTERLEAVE, (0, 1))
    bench.allocator.set_policies(policies)
    assert [bench.mem_map.nid(new_slab(bench)[0]) for _ in range(4)] == [0, 1, 0, 1]
    assert bench.mem_map.nid(new_slab(bench, node=1)[0]) == 1
    large = [bench.allocator.kmalloc(bench.cpus[0], 1 << 20, KERNEL) for _ in range(2)]
    assert [bench.mem_map.nid(objp >> layout.PAGE_SHIFT) for objp in large] == [0, 1]
    here = bench.allocator.kmalloc_node(bench.cpus[0], 1 << 20, KERNEL, -1)
    assert bench.mem_map.nid(here >> layout.PAGE_SHIFT) == 0
