import pytest

from simslab.machine.accounting import causes
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


def filled(machine, cpus, sleeper=None):
    """Cycles until the lines of twenty stores of CPU 0 have arrived, while `cpus` are busy, from its first store."""

    def work(cpu):
        cpu.busy = 1
        if cpu.id == sleeper:
            cpu.idle_until(1_000_000, causes.WAIT)
        cpu.charge(causes.WORK, 1000)
        cpu.settle()
        if cpu.id == 0:
            start = cpu.now
            for page in range(20):
                cpu.prefetchw((1 << 24) + 4096 * page)
            arrived.append(cpu.drained - start)
        cpu.run(100_000, causes.WORK)
        cpu.busy = 0

    arrived = []
    for number in cpus:
        cpu = machine.cpus[number]
        machine.engine.spawn(cpu, lambda cpu=cpu: work(cpu))
    machine.engine.run()
    return arrived[0]


@pytest.mark.parametrize("change", ["core.smt_throughput=1.25", "core.smt_throughput=null"])
def test_busy_siblings_share_the_fill_buffers(change):
    shared = filled(build("core.outstanding=10", "tlb=null", change), [0, 4])
    assert shared == filled(build("core.outstanding=5", "tlb=null", change), [0])
    assert shared > 1.5 * filled(build("core.outstanding=10", "tlb=null", change), [0])


def test_an_idle_sibling_leaves_the_fill_buffers_to_the_other():
    alone = filled(build("core.outstanding=10"), [0])
    assert filled(build("core.outstanding=10"), [0, 4], sleeper=4) == alone


def test_every_busy_thread_has_at_least_one_fill_buffer():
    machine = build("core.outstanding=1")
    assert filled(machine, [0, 4]) == filled(build("core.outstanding=1"), [0])
    assert machine.cpus[0].fill_share == 1


def test_a_thread_whose_share_has_grown_still_waits_for_its_lines_on_the_way():
    """Of ten buffers five hold lines when the sibling goes idle: five more lines start at once, the next does not."""
    cpu = build("core.outstanding=10", "tlb=null").cpus[0]
    cpu.sibling.busy = 1
    cpu.settle()
    for page in range(5):
        cpu.prefetchw((1 << 24) + 4096 * page)
    first = min(time for time in cpu.fills_owner if time)
    cpu.sibling.busy = 0
    cpu.settle()
    for page in range(5, 11):
        before = cpu.under_way
        cpu.prefetchw((1 << 24) + 4096 * page)
    assert before < 2 * first <= cpu.under_way


def test_the_store_buffer_is_shared_out_among_the_threads():
    machine = build()
    assert machine.cpus[0].costs.core.store_buffer == 36 // 2
