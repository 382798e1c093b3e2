"""What pages cost up to 4.6."""

import pytest

from simslab.kernel.mm.older import pages_of_46 as older
from simslab.machine.library import load_machine
from simslab.workload.description.kernel_options import KernelOptions
from simslab.workload.run.system import boot_system


def boot(*, pages_of_46):
    return boot_system(load_machine("one-node"), KernelOptions(reap=False, pages_of_46=pages_of_46), quantum=2000)


def instructions_of(system, order):
    """Instructions to allocate and to free a block, the second in a row."""
    cpu, pages = system.machine.cpus[0], system.kernel.page_allocator
    pages.free_pages(cpu, pages.alloc_pages(cpu, 0, order, 0), order)
    marks = [cpu.instructions]
    pfn = pages.alloc_pages(cpu, 0, order, 0)
    marks.append(cpu.instructions)
    pages.free_pages(cpu, pfn, order)
    marks.append(cpu.instructions)
    return marks[1] - marks[0], marks[2] - marks[1]


@pytest.mark.parametrize("order", [0, 2])
def test_a_request_for_pages_costs_what_it_did_before_47(order):
    system = boot(pages_of_46=True)
    taken_then, freed_then = instructions_of(system, order)
    system.kernel.page_allocator.more_to_take = system.kernel.page_allocator.more_to_free = 0
    taken, freed = instructions_of(system, order)
    assert (taken_then - taken, freed_then - freed) == (older.TAKE_INSNS, older.FREE_INSNS)


def test_half_as_many_pages_move_to_a_cpus_list_and_fewer_stay_there():
    now, then = (boot(pages_of_46=asked).kernel.page_allocator.zones[-1].pageset for asked in (0, 1))
    assert {(pcp.batch, pcp.high) for pcp in now} == {(63, 378)}
    assert {(pcp.batch, pcp.high) for pcp in then} == {(31, 186)}


def test_each_page_that_moves_between_list_and_zone_costs_more():
    system = boot(pages_of_46=True)
    cpu, pages = system.machine.cpus[0], system.kernel.page_allocator
    zone = pages.zones[-1]
    pcp = zone.pageset[0]
    moved = []
    for pages.more_to_refill, pages.more_to_flush in ((0, 0), (older.REFILL_INSNS, older.FLUSH_INSNS)):
        pages.free_pcppages_bulk(cpu, zone, pcp, pcp.count)
        marks = [cpu.instructions]
        pages.alloc_pages(cpu, 0, 0, 0)
        marks.append(cpu.instructions)
        pages.free_pcppages_bulk(cpu, zone, pcp, pcp.count)
        marks.append(cpu.instructions)
        moved.append((marks[1] - marks[0], marks[2] - marks[1]))
    (refilled, flushed), (refilled_then, flushed_then) = moved
    assert refilled_then - refilled == pytest.approx(31 * older.REFILL_INSNS, abs=100)  # blocks split otherwise
    assert flushed_then - flushed == pytest.approx(30 * older.FLUSH_INSNS, abs=100)
