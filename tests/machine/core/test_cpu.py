import pytest
from core_costs import core_costs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simslab.machine.accounting import causes
from simslab.machine.accounting.callsites import site
from simslab.machine.accounting.irq_stats import IrqStats
from simslab.machine.accounting.vectors import FIRST_DEVICE_VECTOR
from simslab.machine.core.core_spec import CpuPlace
from simslab.machine.core.cpu import Cpu
from simslab.machine.core.interrupt_handler import InterruptHandler
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.machine.memory.states import MODIFIED

SITE = site("test")
IRQ_ENTRY, IRQ_EXIT, HANDLER = 300, 200, 50
LOCAL_DRAM = 50 + 20 + 100
ADDR = 64_000


class Recorder(InterruptHandler):
    """Logs when each vector is handled and takes 50 cycles."""

    def __init__(self):
        self.log = []

    def handle(self, cpu, vector):
        assert cpu.irqs_off
        assert cpu.in_interrupt
        self.log.append((vector, cpu.now))
        cpu.charge(causes.INSTRUCTIONS, HANDLER)
        return 0


@pytest.fixture
def make_cpus(make_memory):
    def make(ipc_q16=65536 // 4, cmpxchg16b=18, **memory):
        interrupts = {"irq_entry": IRQ_ENTRY, "irq_exit": IRQ_EXIT}
        costs = core_costs(cpi_q16=ipc_q16, cpi_cold_q16=65536 // 2, cmpxchg16b=cmpxchg16b, **interrupts)
        shared, stats = make_memory(**memory), IrqStats()
        return [Cpu(CpuPlace(i, i, i // 4, i // 4, i // 4), costs, shared, None, stats) for i in range(8)]

    return make


def test_instructions_are_charged_at_the_ipc_with_the_fraction_carried(make_cpus):
    cpu = make_cpus()[0]
    for _ in range(10):
        cpu.insn(3)
    assert cpu.now == 30 // 4
    assert cpu.instructions == 30


def test_instructions_off_the_fast_paths_have_their_own_ipc(make_cpus):
    cpu = make_cpus()[0]
    cpu.insn_cold(30)
    assert cpu.now == 30 // 2


def test_a_loop_in_registers_costs_what_its_instructions_cost(make_cpus):
    fast, cold = make_cpus()[:2]
    fast.insn_loop(30)
    cold.insn_cold_loop(30)
    assert (fast.now, cold.now) == (30 // 4, 30 // 2)
    assert fast.instructions == cold.instructions == 30


def test_a_load_exposes_what_out_of_order_execution_does_not_hide(make_cpus):
    cpu = make_cpus()[0]
    cpu.read(ADDR)
    assert cpu.now == LOCAL_DRAM - 10
    assert cpu.cause_owner[causes.LOCAL_DRAM] == LOCAL_DRAM - 10


def test_a_second_load_of_the_line_is_free(make_cpus):
    cpu = make_cpus()[0]
    cpu.read(ADDR)
    before = cpu.now
    cpu.read(ADDR + 63)
    assert cpu.now == before


class Hits:
    """A witness that hears of hits only."""

    def __init__(self):
        self.told = []

    def hit(self, core, line, write):
        self.told.append((core, line, write))


@pytest.mark.parametrize(
    ("do", "write"),
    [
        (lambda cpu, addr: cpu.read(addr), 0),
        (lambda cpu, addr: cpu.write(addr), 1),
        (lambda cpu, addr: cpu.update(addr), 1),
        (lambda cpu, addr: cpu.atomic(addr), 1),
        (lambda cpu, addr: cpu.cmpxchg16b(addr), 1),
        (lambda cpu, addr: cpu.clear(addr, 64), 1),
        (lambda cpu, addr: cpu.prefetchw(addr), 1),
    ],
    ids=["read", "write", "update", "atomic", "cmpxchg16b", "clear", "prefetchw"],
)
def test_hits_in_the_l1_are_told_of_the_cpu_that_is_watched_alone(make_cpus, do, write):
    watched, other = make_cpus()[:2]
    lines = {watched: ADDR, other: ADDR + 4096}
    for cpu, addr in lines.items():
        cpu.write(addr)
        before = cpu.now
        do(cpu, addr)
        lines[cpu] = (addr, cpu.now - before)
    hits = watched.memory.witness = Hits()
    watched.watched = 1
    for cpu, (addr, cycles) in lines.items():
        before = cpu.now
        do(cpu, addr)
        assert cpu.now - before == cycles  # being watched costs nothing
    assert hits.told == [(watched.core, ADDR >> 6, write)]


def test_stores_overlap_and_locked_operations_do_not(make_cpus):
    first, second = make_cpus()[:2]
    first.write(ADDR)
    second.atomic(ADDR + 640)
    assert first.now == (LOCAL_DRAM - 10) // 4
    assert second.now == LOCAL_DRAM + 18


def test_a_locked_exchange_of_two_words_waits_for_its_line_and_costs_its_own_figure(make_cpus):
    cpu = make_cpus(cmpxchg16b=32)[0]
    cpu.cmpxchg16b(ADDR)
    assert cpu.now == LOCAL_DRAM + 32
    assert cpu.cause_owner[causes.LOCKED] == 32


def test_a_store_to_an_exclusive_line_makes_it_modified_without_asking(make_cpus):
    cpu = make_cpus()[0]
    cpu.read(ADDR)
    before = cpu.now
    cpu.write(ADDR)
    assert cpu.now == before
    assert cpu.memory.state_in_core(0, ADDR >> 6) == MODIFIED


def test_a_span_touches_each_of_its_lines_once(make_cpus):
    cpu = make_cpus(l1=(4, 8), l2=(8, 8))[0]
    cpu.read_span(ADDR + 60, 8)
    assert cpu.now == 2 * (LOCAL_DRAM - 10)


def test_clearing_takes_the_lines_and_the_loops_own_time(make_cpus):
    cpu = make_cpus()[0]
    cpu.clear(ADDR, 128)
    assert cpu.cause_owner[causes.CLEAR] == 2 * 2048 // 1024
    assert cpu.memory.state_in_core(0, ADDR >> 6) == MODIFIED


def test_a_bill_takes_every_charge(make_cpus):
    cpu = make_cpus()[0]
    cpu.bill = causes.PAGE_ALLOCATOR
    cpu.insn(8)
    cpu.read(ADDR)
    assert cpu.cause_owner[causes.PAGE_ALLOCATOR] == cpu.now > 0


def test_a_masked_interrupt_is_delivered_at_the_unmask_instant(make_cpus):
    cpu = make_cpus()[0]
    cpu.handler = Recorder()
    flags = cpu.irq_save(SITE)
    cpu.post_irq(cpu.now + 5, FIRST_DEVICE_VECTOR)
    cpu.charge(causes.INSTRUCTIONS, 1000)
    assert cpu.handler.log == []
    cpu.irq_restore(flags)
    unmasked = 9 + 1000 + 27
    assert cpu.handler.log == [(FIRST_DEVICE_VECTOR, unmasked + IRQ_ENTRY)]
    assert cpu.irq_stats.vector_row(FIRST_DEVICE_VECTOR)[:4] == (1, 1, unmasked - 14, unmasked - 14)


def test_nested_saves_unmask_only_at_the_outermost_restore(make_cpus):
    cpu = make_cpus()[0]
    cpu.handler = Recorder()
    outer = cpu.irq_save(SITE)
    inner = cpu.irq_save(SITE)
    cpu.post_irq(0, FIRST_DEVICE_VECTOR)
    cpu.irq_restore(inner)
    assert (outer, inner) == (1, 0)
    assert cpu.irqs_off
    assert cpu.handler.log == []
    cpu.irq_restore(outer)
    assert len(cpu.handler.log) == 1
    assert not cpu.irqs_off


def test_think_time_is_interrupted_at_the_arrival_and_the_handler_comes_on_top(make_cpus):
    cpu = make_cpus()[0]
    cpu.handler = Recorder()
    cpu.post_irq(400, FIRST_DEVICE_VECTOR)
    cpu.run(1000, causes.WORK)
    assert cpu.handler.log == [(FIRST_DEVICE_VECTOR, 400 + IRQ_ENTRY)]
    assert cpu.now == 1000 + IRQ_ENTRY + HANDLER + IRQ_EXIT
    assert cpu.cause_owner[causes.WORK] == 1000


def test_a_handlers_cycles_are_one_cause_of_the_interrupted_code(make_cpus):
    cpu = make_cpus()[0]
    cpu.handler = Recorder()
    cpu.insn(40)
    cpu.post_irq(0, FIRST_DEVICE_VECTOR)
    cpu.irq_enable()
    assert cpu.cause_owner[causes.INSTRUCTIONS] == 10
    assert cpu.cause_owner[causes.IRQ_HANDLER] == IRQ_ENTRY + HANDLER + IRQ_EXIT
    assert sum(cpu.cause_owner) == cpu.now


def test_masked_stretches_are_counted_by_call_site(make_cpus):
    cpu = make_cpus()[0]
    cpu.irq_disable(SITE)
    cpu.charge(causes.INSTRUCTIONS, 77)
    cpu.irq_enable()
    assert list(cpu.irq_stats.off[SITE].items()) == [(77 + 4, 1)]


steps = st.lists(
    st.tuples(
        st.sampled_from(["read", "write", "atomic", "insn", "save", "restore", "post", "run"]), st.integers(0, 900)
    ),
    max_size=150,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_causes_sum_to_the_clock_and_nothing_is_delivered_while_masked(make_cpus, steps):
    cpu = make_cpus()[0]
    cpu.handler = Recorder()
    saved = []
    for action, number in steps:
        before, masked = len(cpu.handler.log), cpu.irqs_off
        if action == "insn":
            cpu.insn(number)
        elif action == "save":
            saved.append(cpu.irq_save(SITE))
        elif action == "restore":
            cpu.irq_restore(saved.pop()) if saved else None
        elif action == "post":
            cpu.post_irq(cpu.now + number, FIRST_DEVICE_VECTOR)
        elif action == "run":
            cpu.run(number, causes.WORK)
        else:
            getattr(cpu, action)(64_000 + 8 * number)
        if masked and action != "restore":
            assert len(cpu.handler.log) == before
        if not cpu.irqs_off and action == "run" and number > 0:  # no time, no delivery
            assert cpu.next_irq > cpu.now
        assert sum(cpu.cause_owner) == cpu.now


def test_a_locked_operation_in_turn_waits_for_that_of_the_cores_other_thread():
    machine = build_machine(load_machine("one-node"))
    first, sibling = machine.cpus[0], machine.cpus[4]
    assert first.core == sibling.core
    for cpu in (first, sibling):
        cpu.atomic_in_turn(0x100000)
    start = max(first.now, sibling.now)
    for cpu in (first, sibling):
        cpu.charge(causes.WORK, start - cpu.now)
        cpu.atomic_in_turn(0x100000)
    assert (first.now - start, sibling.now - start) == (first.locked_hit(), 2 * first.locked_hit())
