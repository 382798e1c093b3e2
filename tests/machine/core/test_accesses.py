import pytest

from simslab.machine.accounting import causes
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine

FIRST = 1 << 24
LINES = 64


def accesses(prefetch, order, access="read"):
    """Cycles of reading lines in `order`, or of another access, with 1000 cycles of work between two."""
    cpu = build_machine(load_machine("two-socket", [f"core.prefetch={prefetch}", "tlb=null"])).cpus[0]
    total = 0
    for line in order:
        before = cpu.now
        getattr(cpu, access)(FIRST + 64 * line)
        total += cpu.now - before
        cpu.run(1000, 0)
    return total


SCATTERED = [line * 37 % LINES * 5 for line in range(LINES)]


def test_nothing_is_prefetched_unless_the_machine_says_so():
    assert load_machine("two-socket").core.prefetch == "none"


def test_a_sequence_finds_its_lines_in_the_l2():
    hits = (LINES - 1) * (14 - 8)
    assert accesses("next-line", range(LINES)) == hits + accesses("none", range(1))


def test_a_sequence_of_locked_operations_finds_its_lines_in_the_l2_as_well():
    atomic = build_machine(load_machine("two-socket")).timing.kernel.atomic
    sequence, first = (accesses("next-line", range(lines), "atomic") for lines in (LINES, 1))
    assert sequence - first == (LINES - 1) * (14 + atomic)


def test_a_scattered_order_gains_nothing():
    assert accesses("next-line", SCATTERED) == accesses("none", SCATTERED)


def test_a_prefetch_stays_inside_its_page():
    across = accesses("next-line", [62, 63, 64])
    assert across == accesses("none", [62]) + (14 - 8) + accesses("none", [64])


def test_a_line_that_is_still_on_its_way_costs_the_rest_of_it():
    cpu = build_machine(load_machine("two-socket", ["core.prefetch=next-line", "tlb=null"])).cpus[0]
    cpu.read(FIRST)
    start, ready = cpu.now, cpu.now + cpu.memory.cycles_owner[5] // 2
    cpu.read(FIRST + 64)
    assert cpu.now == pytest.approx(ready - 8, abs=1)
    assert cpu.now > start + 14 - 8


HIDDEN = 8  # cycles of each load, as two-socket says


def shared_line(readers, apart=100):
    """Cycles that CPUs wait for a line that one stores to and so many others then read, and their loads.

    A load is the cycles that its CPU spent, and those that its fetch is told to have taken.
    """
    cpus = build_machine(load_machine("two-socket", ["tlb=null"])).cpus[: readers + 1]
    told, loads = cpus[0].memory.cycles_owner, []
    for turn in range(400):
        for cpu in cpus:
            cpu.now = max(cpu.now, apart * turn)  # as fast as others let it
            start, before = cpu.now, sum(told)
            cpu.read(FIRST)
            loads.append((cpu.now - start, sum(told) - before))
        cpus[0].write(FIRST)
    return sum(cpu.cause_owner[causes.CACHE_QUEUE] for cpu in cpus), loads


def test_a_line_that_several_cores_want_at_once_is_waited_for():
    waits = [shared_line(readers)[0] for readers in (0, 1, 3)]
    assert 0 == waits[0] < waits[1] < waits[2]


def test_a_line_that_cores_want_one_long_after_the_other_is_not_waited_for():
    assert shared_line(3, apart=20_000)[0] == 0


def test_the_wait_is_part_of_what_the_fetch_is_told_to_have_taken():
    _, loads = shared_line(3)
    missed = [(spent, told) for spent, told in loads if told]
    assert len(missed) > 800
    assert {told - spent for spent, told in missed} == {HIDDEN}
