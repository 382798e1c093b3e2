"""Slots: what an operation leaves there, takes from there and records."""

import types

import numpy as np
import pytest

from simslab.machine.library import load_machine
from simslab.workload.description.kernel_options import KernelOptions
from simslab.workload.run.executor import Executor
from simslab.workload.run.recorder import Recorder
from simslab.workload.run.system import boot_system
from simslab.workload.streams import operations as ops

KINDS = {
    "alloc": ops.kind(ops.ALLOC, 0, gfp=0xCC0, touch=200),
    "alloc on 1": ops.kind(ops.ALLOC, 0, gfp=0xCC0, node=1),
    "free": ops.kind(ops.FREE, 0),
    "kmalloc": ops.kind(ops.KMALLOC, size=100, gfp=0xCC0),
    "kmalloc on 1": ops.kind(ops.KMALLOC, size=100, gfp=0xCC0, node=1),
    "kmalloc of nothing": ops.kind(ops.KMALLOC, 0, gfp=0xCC0, touch=8),
    "kmalloc of too much": ops.kind(ops.KMALLOC, 0, size=1 << 30, gfp=0xCC0),
    "kfree": ops.kind(ops.KFREE),
    "bulk alloc": ops.kind(ops.BULK_ALLOC, 0, gfp=0xCC0, count=4),
    "bulk free": ops.kind(ops.BULK_FREE, 0, count=4),
}
OFFSET = {name: index * ops.NR_FIELDS for index, name in enumerate(KINDS)}


@pytest.fixture
def bench():
    small = ("layout.cores=1", "core.store_buffer=1", "nodes=[{each: package, memory: 64 MiB}]")
    system = boot_system(load_machine("two-socket", small), KernelOptions(), 10_000)
    allocator, topology = system.allocator, system.machine.topology
    cache = allocator.kmem_cache_create("mine", 200, 0, 0, 1)
    recorder = Recorder(2, 2, len(allocator.by_index), topology.section_node)
    kinds = np.array(list(KINDS.values()), dtype=np.int64)
    kinds[list(KINDS).index("kmalloc")][ops.CACHE] = system.find_cache("kmalloc-128").index
    executor = Executor(system.machine.engine, allocator, recorder, kinds.ravel(), 8, [cache])
    executor.cpus = system.machine.cpus
    return types.SimpleNamespace(
        recorder=recorder, executor=executor, cpu=system.machine.cpus[0], node_of=topology.node_of_address
    )


def address(bench, slot):
    return np.asarray(bench.executor.address_owner)[slot]


def do(bench, name, slot=0):
    call = {"alloc": "allocate", "kmalloc": "allocate", "free": "release", "kfree": "release"}.get(name.split()[0])
    call = {"bulk alloc": "allocate_bulk", "bulk free": "release_bulk"}.get(name, call)
    getattr(bench.executor, call)(bench.cpu, OFFSET[name], slot)


def recorded(bench):
    """Operations and objects counted."""
    recorder = bench.recorder
    latencies = sum(histogram.count for histogram in recorder.histograms if histogram is not None)
    return latencies, recorder.objects_allocated, recorder.objects_freed


@pytest.mark.parametrize(("alloc", "free"), [("alloc", "free"), ("kmalloc", "kfree")])
def test_an_object_stays_in_its_slot_until_it_is_freed(bench, alloc, free):
    do(bench, alloc, 3)
    assert address(bench, 3) > 4096
    assert (bench.executor.live(), recorded(bench)) == (1, (1, 1, 0))
    do(bench, free, 3)
    assert address(bench, 3) == ops.EMPTY
    assert (bench.executor.live(), recorded(bench)) == (0, (2, 1, 1))


@pytest.mark.parametrize("name", ["alloc on 1", "kmalloc on 1"])
def test_a_node_that_is_asked_for_is_where_the_object_lies(bench, name):
    do(bench, name)
    assert bench.node_of(int(address(bench, 0))) == 1
    do(bench, name.split()[0], 1)
    assert bench.node_of(int(address(bench, 1))) == 0


def test_a_failed_allocation_leaves_a_mark_and_its_free_is_skipped(bench):
    do(bench, "kmalloc of too much")
    assert (address(bench, 0), bench.recorder.failed) == (ops.FAILED, 1)
    do(bench, "kfree")
    assert (address(bench, 0), bench.executor.skipped_frees) == (ops.EMPTY, 1)
    assert recorded(bench) == (1, 0, 0)


def test_memory_of_no_size_is_freed_but_is_no_object(bench):
    do(bench, "kmalloc of nothing")
    assert 0 < address(bench, 0) <= 16
    assert (bench.executor.live(), bench.recorder.failed) == (0, 0)
    do(bench, "kfree")
    assert recorded(bench) == (2, 0, 0)


def test_a_bulk_call_fills_and_empties_as_many_slots_as_it_says(bench):
    do(bench, "bulk alloc", 2)
    assert [address(bench, slot) > 0 for slot in range(8)] == [False] * 2 + [True] * 4 + [False] * 2
    assert recorded(bench) == (1, 4, 0)
    do(bench, "bulk free", 2)
    assert (bench.executor.live(), recorded(bench)) == (0, (2, 4, 4))


def test_a_bulk_free_leaves_out_what_was_never_allocated(bench):
    do(bench, "bulk alloc", 0)
    do(bench, "free", 1)
    bench.executor.drop(bench.cpu, 1)
    do(bench, "bulk free", 0)
    assert (bench.executor.skipped_frees, bench.recorder.objects_freed) == (1, 4)
    for slot in range(4):
        bench.executor.drop(bench.cpu, slot)
    before = recorded(bench)
    do(bench, "bulk free", 0)
    assert recorded(bench) == before


@pytest.mark.parametrize(("name", "touches"), [("alloc", True), ("kmalloc", False)])
def test_an_object_is_written_to_outside_the_operation(bench, name, touches):
    """The latency is the allocator's; touching takes the CPU's time."""
    before = bench.cpu.now
    do(bench, name)
    (latency,) = (value for h in bench.recorder.histograms if h is not None for value, _ in h.items())
    assert (bench.cpu.now - before > latency) == touches
    assert bench.recorder.violations == 0


def test_a_slot_is_stamped_with_the_time_of_its_change(bench):
    do(bench, "alloc", 5)
    assert np.asarray(bench.executor.since_owner)[5] == bench.cpu.now
