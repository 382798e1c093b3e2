import pytest

from simslab.machine import causes
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine


def build(*changes):
    """one-node, whose CPU 4 is the sibling of CPU 0; IPC 4, throughput of two threads 1.25."""
    return build_machine(load_machine("one-node", ["core.ipc=4", *changes]), quantum=1000)


def pace(machine, cpus, sleeper=None):
    """Cycles that CPU 0 takes for 40,000 instructions while `cpus` execute the same."""

    def work(cpu):
        cpu.busy = 1
        if cpu.id == sleeper:
            cpu.idle_until(1_000_000, causes.WAIT)
        for _ in range(400):
            cpu.insn(100)
            cpu.settle()
        cpu.busy = 0

    for number in cpus:
        cpu = machine.cpus[number]
        machine.engine.spawn(cpu, lambda cpu=cpu: work(cpu))
    machine.engine.run()
    return machine.cpus[0].cause_owner[causes.INSTRUCTIONS]


def test_siblings_are_a_ring_of_the_threads_of_a_core():
    cpus = build().cpus
    assert cpus[0].sibling is cpus[4]
    assert cpus[4].sibling is cpus[0]
    assert build_machine(load_machine("two-socket")).cpus[0].sibling.id == 0


def test_a_thread_alone_on_its_core_has_all_of_it():
    assert pace(build(), [0]) == 10_000
    assert pace(build(), [0, 1, 2]) == 10_000


def test_two_busy_siblings_share_the_issue_slots():
    assert pace(build(), [0, 4]) == pytest.approx(10_000 * 2 / 1.25, rel=0.01)


def test_an_idle_sibling_leaves_them_to_the_other():
    assert pace(build(), [0, 4], sleeper=4) == pytest.approx(10_000, rel=0.01)


def test_a_sibling_that_has_ended_leaves_them_to_the_other():
    machine = build()
    pace(machine, [0, 4])
    assert pace(machine, [0]) - 16_000 == pytest.approx(10_000, rel=0.01)


def test_a_machine_may_state_no_sharing():
    assert pace(build("core.smt_throughput=null"), [0, 4]) == 10_000


def test_the_store_buffer_is_shared_out_among_the_threads():
    machine = build()
    assert machine.cpus[0].costs.store_buffer == 36 // 2
