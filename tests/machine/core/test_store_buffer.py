import pytest
from core_costs import core_costs

from simslab.machine.accounting import causes
from simslab.machine.accounting.irq_stats import IrqStats
from simslab.machine.core.core_spec import CpuPlace
from simslab.machine.core.cpu import Cpu

LATENCY = 50 + 20 + 100  # of local memory
ENTRIES, FILLS = 4, 2
LOOKAHEAD = 4  # stores to lines that are here, which one to a line of another core overtakes
TRANSFER = 50 + 40  # of a line that another core has modified
ADDR = 64_000
HERE = 640_000
STALL = causes.STORE_BUFFER


@pytest.fixture
def make_cpu(make_memory):
    def make(entries=ENTRIES, fills=FILLS, interval=10):
        costs = core_costs(store_buffer=entries, outstanding=fills, store_interval=interval)
        memory = make_memory(l1=(64, 8), l2=(64, 8), l3=(64, 8))
        return Cpu(CpuPlace(0, 0, 0, 0, 0), costs, memory, None, IrqStats())

    return make


def test_a_missing_store_costs_nothing_while_there_is_room(make_cpu):
    cpu = make_cpu()
    cpu.write(ADDR)
    assert cpu.now == 0
    assert cpu.drained == LATENCY


def test_a_full_store_buffer_stalls_until_its_oldest_store_has_retired(make_cpu):
    cpu = make_cpu(fills=8)
    cpu.write(ADDR)
    cpu.charge(causes.WORK, 30)
    for line in range(1, ENTRIES):
        cpu.write(ADDR + 64 * line)
    assert cpu.cause_owner[STALL] == 0
    cpu.write(ADDR + 64 * ENTRIES)
    assert cpu.cause_owner[STALL] == LATENCY - 30
    assert cpu.now == LATENCY


def test_stores_retire_in_order_behind_one_that_misses(make_cpu):
    cpu = make_cpu()
    cpu.write(ADDR)
    cpu.charge(causes.WORK, LATENCY)
    cpu.write(ADDR + 64)
    for _ in range(ENTRIES - 1):
        cpu.write(ADDR)  # in the L1, yet behind the other
    assert cpu.cause_owner[STALL] == 0
    cpu.write(ADDR)
    assert cpu.cause_owner[STALL] == LATENCY


def test_stores_that_hit_do_not_wait_in_an_empty_buffer(make_cpu):
    cpu = make_cpu()
    cpu.write(ADDR)
    cpu.charge(causes.WORK, LATENCY)
    for _ in range(100):
        cpu.write(ADDR)
    assert cpu.cause_owner[STALL] == 0


def test_as_many_lines_are_on_their_way_as_there_are_fill_buffers(make_cpu):
    cpu = make_cpu()
    for line in range(FILLS + 1):
        cpu.write(ADDR + 64 * line)
    assert cpu.drained == 2 * LATENCY


def test_a_locked_operation_waits_until_the_buffer_has_drained(make_cpu):
    cpu = make_cpu()
    cpu.atomic(ADDR + 640)
    cpu.write(ADDR)
    cpu.charge(causes.WORK, 50)
    before = cpu.now
    cpu.atomic(ADDR + 640)
    assert cpu.cause_owner[STALL] == LATENCY - 50
    assert cpu.now - before == LATENCY - 50 + 18


def test_a_prefetch_takes_no_entry_and_holds_no_store_to_another_line_up(make_cpu):
    cpu = make_cpu(fills=8)
    for line in range(ENTRIES + 1):
        cpu.prefetchw(ADDR + 64 * line)
    cpu.write(HERE)
    assert cpu.now == 0
    assert cpu.drained == LATENCY  # of the store's own line
    before = cpu.drained
    cpu.charge(causes.WORK, LATENCY - 20)
    cpu.prefetchw(ADDR - 640)
    cpu.write(HERE)
    assert cpu.drained == before


def test_a_store_to_a_prefetched_line_retires_when_the_line_has_arrived(make_cpu):
    cpu = make_cpu()
    cpu.prefetchw(ADDR)
    cpu.charge(causes.WORK, 30)
    cpu.write(ADDR)
    assert (cpu.now, cpu.drained) == (30, LATENCY)


def test_a_store_to_a_prefetched_line_that_has_arrived_is_a_hit(make_cpu):
    cpu = make_cpu()
    cpu.prefetchw(ADDR)
    cpu.charge(causes.WORK, LATENCY)
    cpu.write(ADDR)
    assert cpu.drained == 0


@pytest.mark.parametrize("operation", ["write", "update"])
@pytest.mark.parametrize("between", [[], [ADDR + 64 * 64], [ADDR + (1 << 21)]])
def test_however_a_store_reaches_a_prefetched_line_it_waits_for_it(make_cpu, operation, between):
    cpu = make_cpu(fills=8)
    cpu.write(HERE)
    for addr in between:  # makes the prefetched line the second way of its set
        cpu.write(addr)
    cpu.charge(causes.WORK, 2 * LATENCY)
    cpu.prefetchw(ADDR)
    before = cpu.now
    for addr in between:
        cpu.update(addr)
    getattr(cpu, operation)(ADDR)
    assert cpu.drained == before + LATENCY


def test_a_locked_operation_on_another_line_does_not_wait_for_a_prefetched_one(make_cpu):
    cpu = make_cpu()
    cpu.atomic(HERE)
    cpu.prefetchw(ADDR)
    cpu.atomic(HERE)
    assert cpu.cause_owner[STALL] == 0


@pytest.mark.parametrize("operation", ["atomic", "cmpxchg16b", "atomic_in_turn"])
def test_a_locked_operation_on_a_prefetched_line_waits_until_it_has_arrived(make_cpu, operation):
    cpu = make_cpu()
    cpu.prefetchw(ADDR)
    cpu.charge(causes.WORK, 30)
    getattr(cpu, operation)(ADDR)
    assert cpu.cause_owner[STALL] == LATENCY - 30


def test_what_clears_a_prefetched_line_retires_when_it_has_arrived(make_cpu):
    cpu = make_cpu()
    cpu.prefetchw(ADDR)
    cpu.clear(ADDR, 64)
    assert cpu.drained == LATENCY


@pytest.mark.parametrize("ask", [lambda cpu: cpu.prefetchw(ADDR), lambda cpu: cpu.clear(ADDR, 64)])
def test_stores_that_retired_long_ago_do_not_wait_for_a_line_asked_for_later(make_cpu, ask):
    cpu = make_cpu(interval=10)
    cpu.write(HERE)
    cpu.charge(causes.WORK, LATENCY)
    cpu.insn(10 * ENTRIES)
    ask(cpu)
    cpu.write(ADDR)
    assert cpu.cause_owner[STALL] == 0


def test_stores_before_a_cleared_line_retire_before_it(make_cpu):
    cpu = make_cpu(interval=10, fills=8)
    cpu.write(HERE)
    cpu.charge(causes.WORK, 100)
    cpu.insn(10 * (ENTRIES - 1))  # with the store all entries
    cpu.clear(ADDR, 64)
    before = cpu.now
    cpu.write(ADDR)
    assert cpu.cause_owner[STALL] == LATENCY - before


def test_the_stores_of_instructions_fill_the_buffer_behind_one_that_misses(make_cpu):
    cpu = make_cpu(interval=10)
    cpu.write(ADDR + 64)
    cpu.charge(causes.WORK, LATENCY)
    cpu.write(ADDR)
    cpu.insn(10 * ENTRIES)
    cpu.write(ADDR)
    assert cpu.cause_owner[STALL] == LATENCY - 10 * ENTRIES


def test_stores_of_instructions_leave_room_until_every_entry_is_taken(make_cpu):
    cpu = make_cpu(interval=10)
    cpu.write(ADDR)
    cpu.insn(10 * (ENTRIES - 2))
    cpu.write(ADDR)  # takes the last entry
    assert cpu.cause_owner[STALL] == 0
    cpu.write(ADDR)
    assert cpu.now == LATENCY


def test_only_instructions_since_the_last_named_store_bring_stores_of_their_own(make_cpu):
    cpu = make_cpu(interval=10)
    cpu.write(ADDR + 64)
    cpu.charge(causes.WORK, LATENCY)
    cpu.insn(10 * ENTRIES)
    cpu.write(ADDR)
    cpu.insn(10)
    cpu.write(ADDR)
    assert cpu.cause_owner[STALL] == 0  # of the four entries the missing store has one, an unnamed and this store two
    cpu.insn(10)
    cpu.write(ADDR)
    assert cpu.cause_owner[STALL] == LATENCY - 20


def test_a_loop_in_registers_stores_nothing_behind_one_that_misses(make_cpu):
    cpu = make_cpu(interval=10)
    cpu.write(ADDR)
    cpu.insn_loop(10 * ENTRIES)
    cpu.insn_cold_loop(10 * ENTRIES)
    for _ in range(ENTRIES - 1):
        cpu.write(ADDR)  # takes the last entry
    assert cpu.cause_owner[STALL] == 0
    cpu.write(ADDR)
    assert cpu.now == LATENCY


def test_cold_code_stores_half_as_often(make_cpu):
    cpu = make_cpu(interval=10)
    cpu.write(ADDR)
    cpu.insn_cold(20 * (ENTRIES - 2))
    cpu.write(ADDR)  # takes the last entry
    assert cpu.cause_owner[STALL] == 0
    cpu.write(ADDR)
    assert cpu.now == LATENCY


@pytest.fixture
def make_pair(make_memory):
    """Two CPUs, of which the second has modified lines from ADDR on; the first has the line at HERE."""

    def make(lines, interval=10, lookahead=LOOKAHEAD, package=0):
        costs = core_costs(store_buffer=64, outstanding=16, store_interval=interval, store_lookahead=lookahead)
        memory = make_memory(l1=(64, 8), l2=(64, 8), l3=(64, 8))
        places = CpuPlace(0, 0, 0, 0, 0), CpuPlace(1, 1 + 4 * package, package, package, package)
        cpu, holder = (Cpu(place, costs, memory, None, IrqStats()) for place in places)
        for line in range(lines):
            holder.write(ADDR + 64 * line)
        cpu.write(HERE)
        cpu.charge(causes.WORK, LATENCY)
        return cpu

    return make


def test_lines_of_another_core_that_follow_one_another_come_side_by_side(make_pair):
    cpu = make_pair(3)
    start = cpu.now
    for line in range(3):
        cpu.write(ADDR + 64 * line)
    assert cpu.drained == start + TRANSFER


def test_a_line_of_another_core_is_asked_for_when_the_hits_before_it_have_retired(make_pair):
    cpu = make_pair(2)
    start = cpu.now
    cpu.write(ADDR)
    for _ in range(LOOKAHEAD):
        cpu.write(HERE)
    cpu.write(ADDR + 64)
    assert cpu.drained == start + 2 * TRANSFER


def test_a_line_of_a_core_in_another_package_is_asked_for_in_turn_as_well(make_pair):
    cpu = make_pair(2, package=1)
    start = cpu.now
    cpu.write(ADDR)
    first = cpu.drained
    for _ in range(LOOKAHEAD):
        cpu.write(HERE)
    cpu.write(ADDR + 64)
    assert cpu.drained - first == first - start > TRANSFER


def test_a_store_overtakes_a_few_hits_in_asking_for_a_line_of_another_core(make_pair):
    cpu = make_pair(2)
    start = cpu.now
    cpu.write(ADDR)
    for _ in range(LOOKAHEAD - 1):
        cpu.write(HERE)
    cpu.write(ADDR + 64)
    assert cpu.drained == start + TRANSFER


def test_the_stores_of_instructions_are_hits_like_others(make_pair):
    cpu = make_pair(2)
    start = cpu.now
    cpu.write(ADDR)
    cpu.insn(10 * LOOKAHEAD)
    cpu.write(ADDR + 64)
    assert cpu.drained == start + 2 * TRANSFER


def test_a_line_from_memory_is_asked_for_at_once(make_pair):
    cpu = make_pair(1)
    start = cpu.now
    cpu.write(ADDR)
    for _ in range(LOOKAHEAD):
        cpu.write(HERE)
    cpu.write(ADDR + 64 * 20)
    assert cpu.drained == start + LATENCY


def test_without_lookahead_a_line_of_another_core_is_asked_for_at_once(make_pair):
    cpu = make_pair(2, lookahead=0)
    start = cpu.now
    cpu.write(ADDR)
    cpu.insn(100)
    for _ in range(20):
        cpu.write(HERE)
    cpu.write(ADDR + 64)
    assert cpu.drained == start + 100 + TRANSFER


def test_hits_in_an_empty_buffer_keep_no_line_of_another_core_waiting(make_pair):
    cpu = make_pair(1)
    for _ in range(LOOKAHEAD):
        cpu.write(HERE)
    start = cpu.now
    cpu.write(ADDR)
    assert cpu.drained == start + TRANSFER


def test_clearing_waits_for_fill_buffers_only(make_cpu):
    cpu = make_cpu()
    cpu.clear(ADDR, 64 * 4)
    loop = 4 * 2
    assert cpu.cause_owner[causes.CLEAR] == loop
    assert cpu.cause_owner[STALL] == 0
    assert cpu.drained == 2 * LATENCY + 2  # two at once; the second two cycles later
    assert sum(cpu.cause_owner) == cpu.now < cpu.drained


def test_causes_sum_to_the_clock(make_cpu):
    cpu = make_cpu()
    for i in range(500):
        cpu.insn(i % 23)
        cpu.write(ADDR + 64 * (i * i % 37))
        cpu.read(ADDR + 64 * (i * 7 % 41))
        cpu.prefetchw(ADDR + 64 * (i % 53))
        if i % 11 == 0:
            cpu.atomic(ADDR + 64 * (i % 13))
    assert sum(cpu.cause_owner) == cpu.now
    assert cpu.cause_owner[STALL] > 0
