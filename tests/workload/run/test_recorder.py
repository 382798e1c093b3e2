"""Latencies by operation, path and cache; cycles by cause, once each."""

import numpy as np
import pytest

from simslab.machine.accounting import causes
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.workload.run.recorder import Recorder, Shape
from simslab.workload.streams import operations as ops

ROW = causes.NR_CAUSES + 2


@pytest.fixture
def cpu():
    return build_machine(load_machine("one-node")).cpus[0]


@pytest.fixture
def recorder():
    return Recorder(Shape(cpus=2, nodes=2, caches=3, paths=4), (0, 1))


def operate(recorder, cpu, cycles, path=2, cache=1, operation=ops.RECORD_FREE):
    start = recorder.begin(cpu)
    cpu.charge(causes.INSTRUCTIONS, cycles)
    cpu.path = path
    recorder.end(cpu, start, operation, cache)


def test_a_latency_is_counted_with_its_operation_path_and_cache(recorder, cpu):
    operate(recorder, cpu, 70)
    operate(recorder, cpu, 70)
    kept = {i: list(h.items()) for i, h in enumerate(recorder.histograms) if h is not None}
    assert kept == {(ops.RECORD_FREE * 4 + 2) * 3 + 1: [(70, 2)]}


def test_cycles_are_attributed_to_the_operation_and_the_cpu(recorder, cpu):
    operate(recorder, cpu, 70)
    row = np.asarray(recorder.attribution_owner).reshape(-1, ROW)[ops.RECORD_FREE * 4 + 2]
    assert row[:2].tolist() == [1, 70]
    assert row[2 + causes.INSTRUCTIONS] == 70
    assert np.asarray(recorder.cpus_owner).reshape(-1, ROW)[0][:2].tolist() == [1, 70]


def test_an_operation_begins_without_a_path(recorder, cpu):
    cpu.path = 3
    recorder.begin(cpu)
    assert cpu.path == 0


def test_what_happens_between_operations_is_the_cpus_only(recorder, cpu):
    cpu.charge(causes.WORK, 500)
    operate(recorder, cpu, 70)
    assert np.asarray(recorder.cpus_owner).reshape(-1, ROW)[0][2 + causes.WORK] == 500
    assert not np.asarray(recorder.attribution_owner).reshape(-1, ROW)[:, 2 + causes.WORK].any()


def test_cycles_without_a_cause_are_a_violation(recorder, cpu):
    start = recorder.begin(cpu)
    cpu.now += 5
    recorder.end(cpu, start, ops.RECORD_ALLOC, 1)
    assert recorder.violations == 1


def test_operations_of_handlers_are_no_cycles_of_the_cpus_a_second_time(recorder, cpu):
    start = recorder.begin(cpu)
    cpu.in_interrupt = 1
    operate(recorder, cpu, 30)
    cpu.in_interrupt = 0
    recorder.end(cpu, start, ops.RECORD_ALLOC, 1)
    assert (recorder.in_handlers, recorder.counted_twice) == (1, 30)
    assert np.asarray(recorder.cpus_owner).reshape(-1, ROW)[0][0] == 2


def test_objects_are_counted_by_the_nodes_of_cpu_and_memory(recorder, cpu):
    recorder.object_allocated(cpu, 1 << 27)  # in section 1, of node 1
    recorder.object_freed(cpu, 64)
    assert list(recorder.allocated_owner) == [0, 1, 0, 0]
    assert list(recorder.freed_owner) == [1, 0, 0, 0]


def test_the_end_of_warm_up_forgets_all_but_conservation(recorder, cpu):
    operate(recorder, cpu, 70)
    recorder.object_allocated(cpu, 64)
    recorder.clear()
    assert recorder.objects_allocated == 1
    assert set(recorder.histograms) == {None}
    assert not np.asarray(recorder.attribution_owner).any()
    assert not np.asarray(recorder.allocated_owner).any()
