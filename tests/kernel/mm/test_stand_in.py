"""The stand-in for the page allocator: lists of each CPU over a pool under a lock."""

import pytest

from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.kernel.mm.stand_in import BATCH, HIGH, StandInPages
from simslab.machine.accounting import causes
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine


@pytest.fixture
def kernel():
    kernel = Kernel(build_machine(load_machine("emerald-rapids-2")))
    kernel.page_allocator.stand_in = StandInPages(kernel)
    return kernel


def take(kernel, count, order=0):
    cpu = kernel.machine.cpus[0]
    return [kernel.page_allocator.alloc_pages(cpu, gfp.GFP_KERNEL, order, 0) for _ in range(count)]


def locked(kernel):
    return sum(row["acquisitions"] for row in kernel.lock_stats.table() if row["name"] == "stand-in.pool")


def test_pages_come_in_batches_under_one_lock(kernel):
    assert len(set(take(kernel, BATCH))) == BATCH
    assert locked(kernel) == 1
    take(kernel, 1)
    assert locked(kernel) == 2


def test_the_last_page_freed_is_the_next_taken(kernel):
    pages = take(kernel, 2)
    for pfn in pages:
        kernel.page_allocator.free_pages(kernel.machine.cpus[0], pfn, 0)
    assert take(kernel, 1) == pages[1:]


def test_a_list_of_high_pages_gives_a_batch_back(kernel):
    pages = take(kernel, HIGH + BATCH)
    before = locked(kernel)
    for pfn in pages[:HIGH]:
        kernel.page_allocator.free_pages(kernel.machine.cpus[0], pfn, 0)
    assert locked(kernel) == before + 1
    left_over = 4 * BATCH - len(pages)  # of the batches that were taken
    assert len(kernel.page_allocator.stand_in.lists[0][0]) == left_over + HIGH - BATCH


def test_the_pool_is_a_queue_pages_given_back_first_are_taken_first(kernel):
    pages = take(kernel, 4 * BATCH)  # all that were taken from the pool
    for pfn in pages[: HIGH + BATCH]:  # two batches go back
        kernel.page_allocator.free_pages(kernel.machine.cpus[0], pfn, 0)
    take(kernel, HIGH - BATCH)  # what the list still has
    assert take(kernel, 2 * BATCH) == pages[: 2 * BATCH]


def test_blocks_of_other_orders_are_a_queue_as_well(kernel):
    blocks = take(kernel, 3, order=1)
    for pfn in blocks:
        kernel.page_allocator.free_pages(kernel.machine.cpus[0], pfn, 1)
    assert take(kernel, 3, order=1) == blocks


def test_blocks_of_other_orders_are_compound_and_aligned_and_lock_the_pool(kernel):
    (pfn,) = take(kernel, 1, order=2)
    assert pfn % 4 == 0
    assert kernel.mem_map.get("head", pfn + 3) == pfn
    assert locked(kernel) == 1
    kernel.page_allocator.free_pages(kernel.machine.cpus[0], pfn, 2)
    assert take(kernel, 1, order=2) == [pfn]


def test_all_of_it_is_billed_to_the_page_allocator(kernel):
    cpu = kernel.machine.cpus[0]
    before, started = cpu.cause_owner[causes.PAGE_ALLOCATOR], cpu.now
    take(kernel, 3)
    assert cpu.cause_owner[causes.PAGE_ALLOCATOR] - before == cpu.now - started
