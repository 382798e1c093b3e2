import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.kernel import Kernel
from simslab.kernel.locking.mutex import Mutex
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site
from simslab.machine.accounting.vectors import CALL_FUNCTION_VECTOR
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine

SITE = site("test")


@pytest.fixture
def kernel():
    return Kernel(build_machine(load_machine("two-socket")))


def run(kernel, programs):
    """Run each program on its CPU to the end."""
    for number, program in programs.items():
        cpu = kernel.machine.cpus[number]
        kernel.machine.engine.spawn(cpu, lambda cpu=cpu, program=program: program(cpu))
    kernel.machine.engine.run()


def busy(cycles, step=200):
    def program(cpu):
        end = cpu.now + cycles
        while cpu.now < end:
            cpu.run(step, causes.WORK)
            cpu.settle()

    return program


def test_a_function_runs_on_its_target_in_interrupt_context(kernel):
    seen = []

    def sender(cpu):
        target = kernel.machine.cpus[20]
        kernel.smp.call_function_single(cpu, target, lambda c: seen.append((c.id, c.in_interrupt, c.irqs_off)))
        seen.append("answered")

    run(kernel, {0: sender, 20: busy(20_000)})
    assert seen == [(20, 1, 1), "answered"]


def test_the_call_returns_after_every_target_has_answered(kernel):
    times = {}

    def sender(cpu):
        kernel.smp.on_each_cpu(cpu, [0, 1, 20], lambda c: times.setdefault(c.id, c.now))
        times["done"] = cpu.now

    run(kernel, {0: sender, 1: busy(20_000), 20: busy(20_000)})
    assert set(times) == {0, 1, 20, "done"}
    assert max(times[i] for i in (0, 1, 20)) <= times["done"]


def test_a_target_with_interrupts_off_answers_at_the_unmask_instant(kernel):
    handled = []

    def masked(cpu):
        flags = cpu.irq_save(SITE)
        for _ in range(50):
            cpu.charge(causes.INSTRUCTIONS, 200)
            cpu.settle()
        unmask = cpu.now + cpu.costs.kernel.irq_restore
        cpu.irq_restore(flags)
        handled.append(("unmasked", unmask))

    def sender(cpu):
        kernel.smp.call_function_single(cpu, kernel.machine.cpus[3], lambda c: handled.append(("handled", c.now)))

    run(kernel, {0: sender, 3: masked})
    assert handled[0][0] == "handled"
    assert handled[0][1] >= handled[1][1]
    assert kernel.machine.irq_stats.vector_row(CALL_FUNCTION_VECTOR)[:2] == (1, 1)


def test_an_idle_cpu_is_interrupted_on_its_own_clock(kernel):
    seen = []

    def sender(cpu):
        kernel.smp.call_function_single(cpu, kernel.machine.cpus[9], lambda c: seen.append(c.now))
        seen.append(cpu.now)

    run(kernel, {0: sender})
    costs = kernel.machine.cpus[0].costs
    assert seen[0] >= costs.kernel.ipi + costs.kernel.irq_entry
    assert seen[1] >= seen[0]


def test_the_senders_wait_is_a_cause_of_its_own_and_its_clock_adds_up(kernel):
    def sender(cpu):
        kernel.smp.call_function_single(cpu, kernel.machine.cpus[20], lambda c: c.insn(400))

    run(kernel, {0: sender, 20: busy(50_000)})
    cpu = kernel.machine.cpus[0]
    assert cpu.cause_owner[causes.IPI_WAIT] > 0
    assert sum(cpu.cause_owner) == cpu.now


def test_two_cpus_may_interrupt_each_other(kernel):
    seen = []

    def sender(other):
        def program(cpu):
            kernel.smp.call_function_single(cpu, kernel.machine.cpus[other], lambda c: seen.append(c.id))

        return program

    run(kernel, {0: sender(1), 1: sender(0)})
    assert sorted(seen) == [0, 1]


def test_calling_with_interrupts_off_is_a_bug(kernel):
    cpu = kernel.machine.cpus[0]
    cpu.irq_disable(SITE)
    with pytest.raises(KernelBugError):
        kernel.smp.call_function_single(cpu, kernel.machine.cpus[1], lambda c: None)


def test_an_interrupt_does_not_hand_a_lock_to_a_cpu_that_queues_for_it(kernel):
    from simslab.kernel.locking.spinlock import SpinLock

    lock = SpinLock(kernel.boot_data, kernel.lock_stats.lock_class("test"))
    order = []

    def holder(cpu):
        lock.lock(cpu, SITE)
        for _ in range(20):
            cpu.charge(causes.INSTRUCTIONS, 500)
            cpu.settle()
        order.append("unlock")
        lock.unlock(cpu)

    def waiter(cpu):
        cpu.charge(causes.INSTRUCTIONS, 1000)
        flags = cpu.irq_save(SITE)
        lock.lock(cpu, SITE)
        order.append("locked")
        lock.unlock(cpu)
        cpu.irq_restore(flags)

    def sender(cpu):
        cpu.charge(causes.INSTRUCTIONS, 3000)
        kernel.smp.call_function_single(cpu, kernel.machine.cpus[1], lambda c: order.append("interrupt"))

    run(kernel, {0: holder, 1: waiter, 2: sender})
    assert order == ["unlock", "locked", "interrupt"]


@pytest.mark.parametrize("delay", range(0, 12_000, 300))
def test_a_call_reaches_a_cpu_that_goes_to_sleep_for_a_mutex_about_then(kernel, delay):
    mutex, seen = Mutex(kernel.boot_data, "test"), []

    def owner(cpu):
        mutex.lock(cpu)
        cpu.charge(causes.INSTRUCTIONS, 2000)
        kernel.smp.call_function_single(cpu, kernel.machine.cpus[1], lambda c: seen.append(c.id))
        mutex.unlock(cpu)

    def sleeper(cpu):
        cpu.charge(causes.INSTRUCTIONS, delay)
        mutex.lock(cpu)
        mutex.unlock(cpu)
        seen.append("had it")

    run(kernel, {0: owner, 1: sleeper})
    assert seen == [1, "had it"]


@pytest.mark.parametrize("delay", range(0, 6000, 200))
def test_two_cpus_may_interrupt_each_other_at_any_distance(kernel, delay):
    seen = []

    def sender(other, start):
        def program(cpu):
            cpu.charge(causes.INSTRUCTIONS, start)
            kernel.smp.call_function_many(cpu, [kernel.machine.cpus[other]], lambda c: seen.append(c.id))

        return program

    run(kernel, {0: sender(1, 3000), 1: sender(0, delay)})
    assert sorted(seen) == [0, 1]
