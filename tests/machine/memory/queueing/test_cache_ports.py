import pytest

from simslab.instruments.measure.prober import Prober
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine


def burst(prober, cpus, line):
    """Latencies of one line read by each CPU at the same time."""
    memory = prober.machine.memory
    return [memory.transact(prober.place(cpu).core, line, 0, prober.now) for cpu in cpus]


def test_reads_of_many_cores_queue_at_their_l3():
    prober = Prober(load_machine("two-socket", ["l3.bandwidth=26 GB/s"]))  # a line takes 6.4 cycles
    line = prober.fresh_lines(0, 1)
    prober.read(0, line)
    latencies = burst(prober, range(1, 9), line)
    assert latencies[-1] - latencies[1] == pytest.approx(6 * 64 * 2.6 / 26, abs=2)


def test_one_cores_own_reads_queue_at_what_it_can_take():
    prober = Prober(load_machine("two-socket", ["l3.core_bandwidth=26 GB/s"]))
    first = prober.fresh_lines(0, 64)
    memory = prober.machine.memory
    latencies = []
    for line in range(8):
        latencies.append(memory.transact(0, first + line * 7, 0, prober.now) - memory.link_queue - memory.dram_queue)
    assert latencies[-1] - latencies[1] == pytest.approx(6 * 64 * 2.6 / 26, abs=2)


def test_a_run_charges_the_queueing_to_a_cause_of_its_own():
    machine = build_machine(load_machine("two-socket", ["l3.bandwidth=1 GB/s", "tlb=null"]))
    for cpu in machine.cpus[:16]:
        for line in range(64):
            cpu.read((1 << 24) + 64 * line)
    causes = machine.cpus[15].cause_owner.tolist()
    assert causes[22] > 0
    assert sum(causes) == machine.cpus[15].now


def test_idle_latency_has_no_queueing():
    limited = Prober(load_machine("two-socket", ["l3.bandwidth=200 GB/s", "l2.bandwidth=100 GB/s"]))
    free = Prober(load_machine("two-socket", ["l3.bandwidth=null", "l2.bandwidth=null", "l3.core_bandwidth=null"]))
    for prober in (limited, free):
        prober.fresh_lines(0, 64)
    assert limited.read(0, 5000) == free.read(0, 5000)
