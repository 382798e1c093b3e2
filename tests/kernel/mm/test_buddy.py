from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simslab.kernel.mm.buddy import Buddy
from simslab.kernel.mm.page import MemMap
from simslab.machine.machine import Machine

START, END = 1000, 9999  # not aligned to anything


def new_buddy() -> Buddy:
    return Buddy(MemMap(16384, [0], [1 << 20]), START, END, 1 << 21)


def test_boot_hands_over_every_page_in_the_largest_aligned_blocks() -> None:
    blocks = new_buddy().check()
    assert sum(1 << order for _, order in blocks) == END - START
    assert all(pfn % (1 << order) == 0 for pfn, order in blocks)
    assert [pfn for pfn, order in blocks if order == 10] == list(range(1024, 9216, 1024))


def test_a_block_is_split_from_the_smallest_that_fits(machine: Machine) -> None:
    buddy = new_buddy()
    assert buddy.rmqueue_smallest(machine.cpus[0], 3) == 1000  # the block of order 3 below the first large one


def test_virgin_blocks_are_taken_in_ascending_order(machine: Machine) -> None:
    buddy = new_buddy()
    assert [buddy.rmqueue_smallest(machine.cpus[0], 10) for _ in range(9)] == [*range(1024, 9216, 1024), -1]


def test_pages_of_a_split_block_come_out_ascending(machine: Machine) -> None:
    buddy = Buddy(MemMap(4096, [0], [1 << 20]), 1024, 4096, 1 << 21)
    assert [buddy.rmqueue_smallest(machine.cpus[0], 0) for _ in range(100)] == list(range(1024, 1124))


def test_a_block_whose_larger_buddy_is_free_goes_to_the_tail(machine: Machine) -> None:
    buddy = Buddy(MemMap(4096, [0], [1 << 20]), 1024, 2048, 1 << 21)
    cpu = machine.cpus[0]
    first = [buddy.rmqueue_smallest(cpu, 0) for _ in range(8)]
    buddy.free_one_page(cpu, first[0], 0)
    buddy.free_one_page(cpu, first[4], 0)  # nothing near either is free: both at the head
    assert buddy.lists.entries(0) == [1028, 1024]
    buddy.free_one_page(cpu, first[6], 0)
    buddy.free_one_page(cpu, first[7], 0)  # 1030 and 1031 merge to order 1
    buddy.free_one_page(cpu, first[2], 0)
    assert buddy.lists.entries(1) == [1030]
    buddy.free_one_page(cpu, first[3], 0)  # order 1 at 1026; its larger buddy 1024.. is not free as order 1
    buddy.free_one_page(cpu, first[5], 0)  # merges 1028 and then 1030
    assert buddy.free_pages == 1023
    buddy.check()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10), st.integers(0, 1 << 30)), max_size=120))
def test_blocks_never_overlap_and_all_memory_merges_back(machine: Machine, steps: list[tuple[bool, int, int]]) -> None:
    buddy, cpu = new_buddy(), machine.cpus[0]
    boot = buddy.check()
    taken: list[tuple[int, int]] = []
    for take, order, pick in steps:
        if take or not taken:
            pfn = buddy.rmqueue_smallest(cpu, order)
            if pfn >= 0:
                taken.append((pfn, order))
        else:
            buddy.free_one_page(cpu, *taken.pop(pick % len(taken)))
        assert buddy.free_pages + sum(1 << order for _, order in taken) == END - START
    pages: list[Any] = [range(pfn, pfn + (1 << order)) for pfn, order in buddy.check() + taken]
    assert sorted(p for block in pages for p in block) == list(range(START, END))
    while taken:
        buddy.free_one_page(cpu, *taken.pop())
    assert buddy.check() == boot


@pytest.mark.parametrize("order", range(11))
def test_a_freed_block_merges_with_its_buddy_up_to_the_highest_order(machine: Machine, order: int) -> None:
    buddy, cpu = Buddy(MemMap(4096, [0], [1 << 20]), 1024, 2048, 1 << 21), machine.cpus[0]
    pfn = buddy.rmqueue_smallest(cpu, order)
    assert buddy.free_one_page(cpu, pfn, order) == 10 - order
    assert buddy.check() == [(1024, 10)]
