"""Random masking, nesting and interrupts: none is taken while masked, all that have come at the unmask instant."""

import pytest

from simslab.base.build import running_build
from simslab.kernel.kernel import Kernel
from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site, site_name
from simslab.machine.core.interrupt_handler import InterruptHandler
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine

SITE = site("test")
COMPILED = running_build().kind == "compiled"


class Checker(InterruptHandler):
    """Counts interrupts, those taken inside a masked region, and those not taken at the unmask instant."""

    def __init__(self, cpu):
        super().__init__()
        self.cpu = cpu
        self.masked = 0
        self.taken = self.wrong = 0
        self.unmask_at = -1  # when the first one must be taken

    def handle(self, cpu, vector):
        self.taken += 1
        entered = cpu.now - cpu.costs.kernel.irq_entry
        if self.masked or not cpu.irqs_off or (self.unmask_at >= 0 and entered != self.unmask_at):
            self.wrong += 1
        self.unmask_at = -1
        return 0


def soak(operations, seed):
    """Do random operations on a CPU; return the checker. A linear congruential generator: no host time for numbers."""
    cpu = build_machine(load_machine("one-node")).cpus[0]
    checker = Checker(cpu)
    cpu.handler = checker
    flags, state, restore = [], seed, cpu.costs.kernel.irq_restore
    for _ in range(operations):
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        choice = state >> 60
        if choice < 5 and len(flags) < 6:
            if cpu.next_irq <= cpu.now and not flags:
                checker.unmask_at = cpu.now
            flags.append(cpu.irq_save(SITE))
            checker.masked = 1
        elif choice < 10 and flags:
            last = flags.pop()
            if not flags:
                checker.masked = 0
                if cpu.next_irq <= cpu.now + restore:
                    checker.unmask_at = cpu.now + restore
            cpu.irq_restore(last)
            if not flags and (checker.unmask_at >= 0 or cpu.next_irq <= cpu.now):
                checker.wrong += 1
        elif choice < 12:
            cpu.post_irq(cpu.now + (state >> 40 & 1023), 8)
        else:
            cpu.charge(causes.WORK, state >> 44 & 255)
    return checker


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_interrupt_is_taken_while_masked_and_all_at_the_unmask_instant(seed):
    checker = soak(100_000 if COMPILED else 20_000, seed)
    assert checker.taken > 1000
    assert checker.wrong == 0


@pytest.mark.soak
@pytest.mark.skipif(not COMPILED, reason="ten million operations take minutes in plain Python")
def test_ten_million_operations_take_no_interrupt_while_masked():
    checker = soak(10_000_000, 20201213)
    assert checker.taken > 100_000
    assert checker.wrong == 0


def test_nested_masking_ends_with_the_outermost():
    cpu = build_machine(load_machine("one-node")).cpus[0]
    cpu.handler = Checker(cpu)
    outer = cpu.irq_save(SITE)
    inner = cpu.irq_save(SITE)
    cpu.post_irq(cpu.now, 8)
    cpu.irq_restore(inner)
    assert (cpu.irqs_off, cpu.handler.taken) == (1, 0)
    cpu.irq_restore(outer)
    assert (cpu.irqs_off, cpu.handler.taken) == (0, 1)


def test_an_ipi_round_trip_is_the_sum_of_its_parts():
    """Send, delivery, entry, handler and acknowledgement, on a target that does nothing else."""
    kernel = Kernel(build_machine(load_machine("two-socket"), 0))
    cpu, target = kernel.machine.cpus[0], kernel.machine.cpus[20]
    times = {}

    def function(on):
        times["handler begins"] = on.now
        on.charge(causes.WORK, 700)
        times["handler ends"] = on.now

    def program():
        times["begin"] = cpu.now
        kernel.smp.call_function_single(cpu, target, function)
        times["end"] = cpu.now

    kernel.machine.engine.spawn(cpu, program)
    kernel.machine.engine.run()
    by_cause = list(cpu.cause_owner)
    total, answered = times["end"] - times["begin"], kernel.smp.answered_at[cpu.id]
    wait, entry = by_cause[causes.IPI_WAIT], cpu.costs.kernel.ipi + cpu.costs.kernel.irq_entry
    send = answered - wait - times["begin"]  # until the sender began to wait
    delivery = times["handler begins"] - times["begin"] - send
    acknowledge = answered - times["handler ends"]
    read_back = times["end"] - answered
    assert sum(by_cause) == total
    assert wait == delivery + 700 + acknowledge
    assert total == send + delivery + 700 + acknowledge + read_back
    assert send > 0
    assert acknowledge >= 0  # the store may still wait in the store buffer
    assert entry <= delivery < entry + 1000
    assert read_back > 0


@pytest.mark.parametrize("operation", ["irq_save", "irq_disable"])
@pytest.mark.parametrize(("arrives", "waits_for"), [(0, "interrupts on"), (1, "test"), (500, "test")])
def test_what_arrives_while_interrupts_are_being_masked_waits_for_who_masks_them(operation, arrives, waits_for):
    machine = build_machine(load_machine("one-node"))
    cpu = machine.cpus[0]
    cpu.handler = Checker(cpu)
    cpu.insn(1000)
    cpu.post_irq(cpu.now + arrives, 8)
    getattr(cpu, operation)(SITE)
    cpu.charge(causes.WORK, 5000)
    cpu.irq_enable()
    assert [site_name(number) for _, number, _ in machine.irq_stats.delay_rows()] == [waits_for]


@pytest.mark.parametrize("masked", [False, True])
def test_all_that_arrive_while_a_handler_runs_wait_for_it_however_many_are_taken_first(masked):
    """Three come while the first handler runs: whoever had interrupts off before it has nothing to do with theirs."""
    machine = build_machine(load_machine("one-node"))
    cpu = machine.cpus[0]
    cpu.handler = Checker(cpu)
    if masked:
        cpu.irq_save(SITE)
    else:
        cpu.insn(1000)
    cpu.post_irq(cpu.now, 8)
    entered = cpu.now + (cpu.costs.kernel.sti if masked else 0)
    for after in (20, 30, 40):
        cpu.post_irq(entered + after, 9)
    (cpu.irq_enable if masked else cpu.deliver_interrupts)()
    told = {(vector, site_name(number)): delays.count for vector, number, delays in machine.irq_stats.delay_rows()}
    assert told == {(8, "test" if masked else "interrupts on"): 1, (9, "interrupt handler"): 3}
