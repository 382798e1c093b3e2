"""Which counter an operation's cycles go to."""

import types

import numpy as np
import pytest

from simslab.kernel.kernel import Kernel
from simslab.machine.accounting import causes
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.slab import paths
from simslab.workload.run.recorder import Recorder
from simslab.workload.streams import operations as ops

ATTRIBUTION_ROW = CPU_ROW = causes.NR_CAUSES + 2  # operations, cycles, causes


@pytest.fixture
def bench():
    """A machine with a recorder of three caches."""
    machine = build_machine(load_machine("two-socket", ("layout.cores=2",)))
    Kernel(machine)
    recorder = Recorder(len(machine.cpus), 2, 3, machine.topology.section_node)
    for cpu in machine.cpus:
        np.asarray(cpu.cause_owner)[:] = 0
    return types.SimpleNamespace(machine=machine, cpus=machine.cpus, recorder=recorder)


def operate(bench, cpu, cycles, path=0, operation=ops.RECORD_ALLOC, cache=1, cause=causes.INSTRUCTIONS):
    start = bench.recorder.begin(cpu)
    cpu.charge(cause, cycles)
    cpu.path = path
    bench.recorder.end(cpu, start, operation, cache)


def attribution(bench, operation, path):
    row = (operation * paths.NR_PATHS + path) * ATTRIBUTION_ROW
    return np.asarray(bench.recorder.attribution_owner)[row : row + ATTRIBUTION_ROW].tolist()


def of_cpu(bench, cpu):
    return np.asarray(bench.recorder.cpus_owner)[cpu.id * CPU_ROW : (cpu.id + 1) * CPU_ROW].tolist()


def test_an_operation_is_counted_by_its_kind_its_path_and_its_cache(bench):
    operate(bench, bench.cpus[0], 40, path=2, operation=ops.RECORD_FREE, cache=1)
    operate(bench, bench.cpus[1], 60, path=2, operation=ops.RECORD_FREE, cache=2)
    count, total, *by_cause = attribution(bench, ops.RECORD_FREE, 2)
    assert (count, total, by_cause[causes.INSTRUCTIONS], sum(by_cause)) == (2, 100, 100, 100)
    kept = {index: list(h.items()) for index, h in enumerate(bench.recorder.histograms) if h is not None}
    base = (ops.RECORD_FREE * paths.NR_PATHS + 2) * 3
    assert kept == {base + 1: [(40, 1)], base + 2: [(60, 1)]}


def test_cycles_between_operations_are_the_cpus_alone(bench):
    cpu = bench.cpus[0]
    cpu.charge(causes.WORK, 500)
    operate(bench, cpu, 40)
    count, total, *by_cause = of_cpu(bench, cpu)
    assert (count, total) == (1, 40)
    assert (by_cause[causes.WORK], by_cause[causes.INSTRUCTIONS]) == (500, 40)
    assert attribution(bench, ops.RECORD_ALLOC, 0)[2 + causes.WORK] == 0


def test_causes_that_do_not_add_up_are_counted(bench):
    cpu = bench.cpus[0]
    operate(bench, cpu, 40)
    assert bench.recorder.violations == 0
    start = bench.recorder.begin(cpu)
    cpu.now += 7
    bench.recorder.end(cpu, start, ops.RECORD_ALLOC, 0)
    assert bench.recorder.violations == 1


def test_a_handlers_operation_inside_another_is_counted_twice_and_told(bench):
    cpu, recorder = bench.cpus[0], bench.recorder
    outer = recorder.begin(cpu)
    cpu.charge(causes.INSTRUCTIONS, 10)
    cpu.in_interrupt = 1
    saved, cpu_before = np.array(cpu.cause_owner), of_cpu(bench, cpu)
    np.asarray(cpu.cause_owner)[:] = 0
    operate(bench, cpu, 30)
    np.asarray(cpu.cause_owner)[:] = saved
    cpu.in_interrupt = 0
    assert of_cpu(bench, cpu)[1:] == cpu_before[1:]  # a handler's cycles are those of what it interrupted
    cpu.cause_owner[causes.IRQ_HANDLER] = 30
    cpu.path = 0
    recorder.end(cpu, outer, ops.RECORD_ALLOC, 0)
    assert (recorder.in_handlers, recorder.counted_twice, recorder.violations) == (1, 30, 0)
    assert of_cpu(bench, cpu)[:2] == [2, 40]


def test_a_handlers_operation_between_others_is_counted_once(bench):
    cpu = bench.cpus[0]
    cpu.in_interrupt = 1
    operate(bench, cpu, 30)
    assert (bench.recorder.in_handlers, bench.recorder.counted_twice) == (1, 0)


def test_objects_are_counted_by_the_nodes_of_cpu_and_memory(bench):
    far = next(i for i, node in enumerate(bench.machine.topology.section_node) if node == 1) << 27
    recorder, cpu = bench.recorder, bench.cpus[0]
    recorder.object_allocated(cpu, far)
    recorder.object_allocated(cpu, 4096)
    recorder.object_freed(bench.cpus[2], far)
    assert np.asarray(recorder.allocated_owner).tolist() == [1, 1, 0, 0]
    assert np.asarray(recorder.freed_owner).tolist() == [0, 0, 0, 1]
    assert (recorder.objects_allocated, recorder.objects_freed) == (2, 1)


def test_clearing_keeps_what_conservation_needs(bench):
    recorder, cpu = bench.recorder, bench.cpus[0]
    operate(bench, cpu, 40)
    recorder.object_allocated(cpu, 4096)
    recorder.clear()
    assert attribution(bench, ops.RECORD_ALLOC, 0)[:2] == of_cpu(bench, cpu)[:2] == [0, 0]
    assert not any(np.asarray(recorder.allocated_owner))
    assert all(histogram is None for histogram in recorder.histograms)
    assert recorder.objects_allocated == 1


def test_a_cpu_that_waited_while_warm_up_ended_begins_anew(bench):
    cpu, other = bench.cpus[0], bench.cpus[1]
    for each in (cpu, other):
        operate(bench, each, 40)
    cpu.charge(causes.WAIT, 99)
    bench.recorder.clear_cpu(cpu)
    assert (of_cpu(bench, cpu), sum(cpu.cause_owner)) == ([0] * CPU_ROW, 0)
    assert of_cpu(bench, other)[0] == 1
