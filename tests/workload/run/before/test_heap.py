"""What a heap is like that was aged before a run."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import CHURN, check, group, workload

from simslab.base.errors import UserError
from simslab.conform.slab import invariants
from simslab.conform.slub.audit import SlubAudit
from simslab.kernel.layout import PAGE_SHIFT
from simslab.machine.library import load_machine
from simslab.report.run.summary import summary_text
from simslab.workload.description.heap import HeapAge
from simslab.workload.description.kernel_options import KernelOptions
from simslab.workload.run.before.heap import age_heap
from simslab.workload.run.runner import prepare, run_workload
from simslab.workload.run.system import boot_system

FILES = {"files": {"size": 512}}
KEEP = {"pattern": "alloc", "cache": "files", "count": 400}


class Aged:
    """A kernel whose cache `files` (8 in a slab) was aged by CPUs 0, 1 and 16, the last on node 1."""

    def __init__(self, seed=1, cpus=(0, 1, 16), allocator="slab", **how):
        options = KernelOptions(allocator=allocator, slab_nomerge=True)
        self.system = boot_system(load_machine("two-socket"), options, 10_000)
        self.allocator = self.system.allocator
        self.cache = self.allocator.kmem_cache_create("files", 512)
        self.audit = SlubAudit(self.allocator, self.cache)
        if allocator == "slub":
            self.allocator.observe(self.audit)
        threads = [SimpleNamespace(cpu=number) for number in cpus]
        heap = age_heap(self.system, HeapAge(**how), [self.cache], threads, seed)
        (self.row,) = heap.rows
        self.held = heap.held[self.cache.index]

    def by_slab(self):
        slabs = {}
        for objp in self.held:
            slabs.setdefault(self.system.kernel.mem_map.get("head", objp >> PAGE_SHIFT), []).append(objp)
        return list(slabs.values())


def test_an_aged_heap_holds_the_share_asked_for_in_slabs_of_any_fill():
    aged = Aged(age="aged", occupancy=0.25, slabs=16)
    assert (aged.row.allocated, aged.row.held, aged.row.slabs) == (256, 64, len(aged.by_slab()))
    assert len(set(aged.held)) == 64
    assert len({len(slab) for slab in aged.by_slab()}) > 2


def test_a_fragmented_heap_holds_the_same_number_in_each_slab_and_none_can_be_given_back():
    aged = Aged(age="fragmented", occupancy=0.25, slabs=16)
    by_slab = [len(slab) for slab in aged.by_slab()]
    assert by_slab.count(2) >= 30
    assert set(by_slab) <= {1, 2}  # 1 of slabs in whose objects were in a CPU's array meanwhile
    total = aged.row.slabs
    aged.allocator.kmem_cache_shrink(aged.system.machine.cpus[0], aged.cache)
    assert sum(node.total_slabs for node in aged.cache.node) == total


def test_each_slab_of_a_fragmented_heap_keeps_an_object_however_small_the_share():
    assert {len(slab) for slab in Aged(age="fragmented", occupancy=0.01, slabs=8).by_slab()} == {1}


def test_each_node_with_threads_is_aged_by_its_own_cpus():
    node_of = Aged(age="aged", slabs=4)
    nodes = [node_of.system.machine.topology.node_of_address(objp) for objp in node_of.held]
    assert (nodes.count(0), nodes.count(1)) == (16, 16)
    alone = Aged(age="aged", slabs=4, cpus=(16,))
    assert {alone.system.machine.topology.node_of_address(objp) for objp in alone.held} == {1}
    assert alone.cache.cpu_cache[0].avail == 0 < alone.cache.cpu_cache[16].avail


def test_the_same_seed_gives_the_same_heap_and_another_another():
    first, again, other = (Aged(seed=seed, age="aged", slabs=4).held for seed in (1, 1, 2))
    assert first == again != other


@settings(max_examples=8)
@given(
    age=st.sampled_from(["aged", "fragmented"]),
    occupancy=st.floats(0.01, 1),
    slabs=st.integers(1, 12),
    cpus=st.sets(st.integers(0, 31), min_size=1, max_size=6),
)
def test_any_age_keeps_every_invariant(age, occupancy, slabs, cpus):
    aged = Aged(age=age, occupancy=occupancy, slabs=slabs, cpus=tuple(cpus))
    assert invariants.check(aged.allocator, {aged.cache.index: aged.held}) == []


@pytest.mark.parametrize("age", ["aged", "fragmented"])
def test_slub_ages_in_the_same_way(age):
    aged = Aged(allocator="slub", age=age, occupancy=0.5, slabs=8)
    assert aged.audit.check(aged.held) == []
    assert aged.row.held == pytest.approx(aged.row.allocated / 2, abs=aged.row.slabs)


def test_every_cache_that_a_workload_makes_or_uses_is_aged():
    load = workload(group(KEEP, CHURN), caches=FILES | {"idle": {"size": 3000}}, heap={"age": "aged", "slabs": 2})
    rows = prepare(load_machine("two-socket"), load).collector.aged
    assert [row.cache for row in rows] == ["kmalloc-64", "files", "idle"]


def test_age_is_in_the_state_and_neither_in_the_counts_nor_in_the_time():
    machine = load_machine("two-socket")
    fresh, aged = (
        run_workload(machine, workload(group(KEEP), caches=FILES, heap=heap)) for heap in ("fresh", "fragmented")
    )
    check(aged)
    assert aged.conservation == fresh.conservation
    assert aged.cycles < fresh.cycles  # objects come from partial slabs, which need no pages
    grown = [sum(sum(row.counts) for row in each.latency if row.path == "grow") for each in (fresh, aged)]
    assert grown[1] < grown[0]
    assert (fresh.aged, len(aged.aged)) == ([], 1)
    assert "Heap before the run" in summary_text(aged)
    assert "Heap before the run" not in summary_text(fresh)


def test_a_heap_too_old_for_the_memory_is_refused_with_its_place():
    machine = load_machine("two-socket", ["nodes=[{each: package, memory: 256 MiB}]"])
    load = workload(group(KEEP), caches={"files": {"size": 1 << 22}}, heap={"age": "aged", "slabs": 5000})
    with pytest.raises(UserError, match="heap: there is no memory left for so old a heap: 'files' cannot grow"):
        run_workload(machine, load)
