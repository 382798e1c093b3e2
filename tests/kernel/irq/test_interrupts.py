import pytest

from simslab.kernel.bug import KernelBugError
from simslab.kernel.kernel import Kernel
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site
from simslab.machine.accounting.vectors import FIRST_DEVICE_VECTOR, NR_VECTORS


def test_the_tick_comes_back_every_jiffy(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[0]
    kernel.start_ticks()
    cpu.run(10 * kernel.cycles_per_jiffy + 1, causes.WORK)
    assert kernel.interrupts.ticks[cpu.id] == 10


def test_ticks_missed_while_masked_are_not_made_up_for(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[0]
    kernel.start_ticks()
    flags = cpu.irq_save(site("test"))
    cpu.charge(causes.WORK, 5 * kernel.cycles_per_jiffy)
    assert kernel.interrupts.ticks == {}
    cpu.irq_restore(flags)
    assert kernel.interrupts.ticks == {cpu.id: 1}


def test_rcu_callbacks_run_at_a_tick(kernel: Kernel) -> None:
    cpu, ran = kernel.machine.cpus[0], []
    kernel.start_ticks()
    kernel.rcu.call_rcu(cpu, lambda on, argument: ran.append((argument, on.in_interrupt)), 7)
    cpu.run(6 * kernel.cycles_per_jiffy, causes.WORK)
    assert ran == [(7, 1)]


def test_devices_get_vectors_of_their_own(kernel: Kernel) -> None:
    cpu, seen = kernel.machine.cpus[0], []
    first = kernel.interrupts.request_irq(lambda on: seen.append("first"))
    second = kernel.interrupts.request_irq(lambda on: seen.append("second"))
    cpu.post_irq(0, second)
    cpu.post_irq(1, first)
    cpu.run(5000, causes.WORK)
    assert seen == ["second", "first"]
    with pytest.raises(KernelBugError):
        kernel.interrupts.request_irq(lambda on: None, first)


def test_a_vector_beyond_the_last_or_below_the_devices_cannot_be_had(kernel: Kernel) -> None:
    for vector in (FIRST_DEVICE_VECTOR, NR_VECTORS - 1):
        assert kernel.interrupts.request_irq(lambda on: None, vector) == vector
    for vector in (FIRST_DEVICE_VECTOR - 1, NR_VECTORS):
        with pytest.raises(KernelBugError, match="cannot be had"):
            kernel.interrupts.request_irq(lambda on: None, vector)
