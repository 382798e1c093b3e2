"""Slots: what is put there, taken out, marked as failed, and since when."""

import pytest

from simslab.conform.topologies import new_system
from simslab.slab.creation.options import SlabOptions
from simslab.workload.run.executor import Executor
from simslab.workload.run.recorder import Recorder, Shape
from simslab.workload.streams import operations as ops
from simslab.workload.streams.program import KindTable

GFP = 0xCC0


class Bench:
    def __init__(self):
        self.allocator = new_system("2n8c", SlabOptions())
        self.machine = self.allocator.kernel.machine
        self.cpu = self.machine.cpus[0]
        self.cache = self.allocator.kmem_cache_create("files", 256, ctor=1)
        self.kinds = KindTable()
        table = [
            ops.Kind(ops.ALLOC, 0, gfp=GFP, touch=64),
            ops.Kind(ops.FREE, 0),
            ops.Kind(ops.KMALLOC, self.allocator.kmalloc_slab(100, GFP).index, size=100, gfp=GFP),
            ops.Kind(ops.KFREE),
            ops.Kind(ops.KMALLOC, 0, size=0, gfp=GFP),
            ops.Kind(ops.ALLOC, 0, gfp=GFP, node=1),
            ops.Kind(ops.BULK_ALLOC, 0, gfp=GFP, objects=3),
            ops.Kind(ops.BULK_FREE, 0, objects=3),
        ]
        self.rows = [self.kinds.number(kind) * ops.NR_FIELDS for kind in table]
        shape = Shape(8, 2, len(self.allocator.by_index), len(self.allocator.path_names))
        self.recorder = Recorder(shape, self.machine.topology.section_node)
        engine = self.machine.engine
        self.executor = Executor(engine, self.allocator, self.recorder, self.kinds.rows(), 10, [self.cache])

    def allocate(self, kind, slot=0):
        self.executor.allocate(self.cpu, self.rows[kind], slot)
        return self.executor.address_in(slot)

    def release(self, kind, slot=0):
        self.executor.release(self.cpu, self.rows[kind], slot)


ALLOC, FREE, KMALLOC, KFREE, NOTHING, ON_NODE_1, BULK_ALLOC, BULK_FREE = range(8)


@pytest.fixture
def bench():
    return Bench()


@pytest.mark.parametrize(("alloc", "free"), [(ALLOC, FREE), (KMALLOC, KFREE)])
def test_an_object_is_in_its_slot_from_allocation_to_free(bench, alloc, free):
    assert bench.allocate(alloc) > 0
    assert bench.executor.changed_at(0) == bench.cpu.now
    assert bench.executor.live() == 1
    bench.release(free)
    assert (bench.executor.address_in(0), bench.executor.live()) == (ops.EMPTY, 0)
    assert (bench.recorder.objects_allocated, bench.recorder.objects_freed) == (1, 1)


def test_an_object_of_the_node_asked_for(bench):
    assert bench.allocator.pages.mem_map.nid(bench.allocate(ON_NODE_1) >> 12) == 1


def test_a_failed_allocation_leaves_a_mark_whose_free_is_skipped(bench):
    bench.allocator.pages.deny_cache, bench.allocator.pages.deny_mask = bench.cache.index, 0b11
    assert bench.allocate(ALLOC) == ops.FAILED
    bench.release(FREE)
    assert (bench.recorder.failed, bench.executor.skipped_frees, bench.recorder.objects_freed) == (1, 1, 0)


def test_no_bytes_are_no_object(bench):
    assert bench.allocate(NOTHING) == 16
    assert (bench.executor.live(), bench.recorder.objects_allocated) == (0, 0)
    bench.release(KFREE)
    assert bench.recorder.objects_freed == 0


def test_a_bulk_operation_takes_neighbouring_slots(bench):
    bench.executor.allocate_bulk(bench.cpu, bench.rows[BULK_ALLOC], 4)
    assert [slot for slot in range(10) if bench.executor.address_in(slot)] == [4, 5, 6]
    bench.executor.release_bulk(bench.cpu, bench.rows[BULK_FREE], 4)
    assert bench.executor.live() == 0
    assert bench.recorder.objects_freed == 3


def test_a_dropped_packets_slot_is_marked_as_failed(bench):
    bench.executor.drop(bench.cpu, 2)
    assert bench.executor.address_in(2) == ops.FAILED
