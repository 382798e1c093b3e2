from collections.abc import Callable
from typing import Any

import pytest

from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.kernel.mm.page import PG_PFMEMALLOC
from simslab.machine.machine import Machine

MakeMachine = Callable[..., Machine]


def exhaust(kernel: Kernel, flags: int, nid: int = 0) -> int:
    """Take all pages that `flags` can get on a node; how many."""
    pages, cpu, taken = kernel.page_allocator, kernel.machine.cpus[0], 0
    for order in range(10, -1, -1):
        while pages.alloc_pages(cpu, flags | gfp.THISNODE, order, nid) >= 0:
            taken += 1 << order
    return taken


@pytest.mark.parametrize(
    ("flags", "allowed"),
    [
        (gfp.GFP_KERNEL, False),
        (gfp.GFP_KERNEL | gfp.MEMALLOC, True),
        (gfp.GFP_KERNEL | gfp.MEMALLOC | gfp.NOMEMALLOC, False),
        (gfp.GFP_ATOMIC, False),
    ],
)
def test_a_request_may_ask_for_the_reserves(kernel: Kernel, flags: int, allowed: bool) -> None:
    found = kernel.reserves.gfp_pfmemalloc_flags(kernel.machine.cpus[0], flags)
    assert bool(found) == allowed


def test_a_reclaiming_task_may_use_them_and_so_may_its_softirqs_but_no_hard_interrupt(kernel: Kernel) -> None:
    cpu, other, reserves = kernel.machine.cpus[0], kernel.machine.cpus[1], kernel.reserves
    before = reserves.memalloc_noreclaim_save(cpu)
    assert reserves.gfp_pfmemalloc_flags(cpu, gfp.GFP_KERNEL)
    assert not reserves.gfp_pfmemalloc_flags(cpu, gfp.GFP_KERNEL | gfp.NOMEMALLOC)
    assert not reserves.gfp_pfmemalloc_flags(other, gfp.GFP_KERNEL)
    cpu.in_interrupt = 1
    assert not reserves.gfp_pfmemalloc_flags(cpu, gfp.GFP_ATOMIC)
    reserves.softirq_owner[cpu.id] = 1
    assert reserves.gfp_pfmemalloc_flags(cpu, gfp.GFP_ATOMIC)
    reserves.memalloc_noreclaim_restore(cpu, before)
    assert not reserves.gfp_pfmemalloc_flags(cpu, gfp.GFP_ATOMIC)


def test_saving_nests(kernel: Kernel) -> None:
    cpu, reserves = kernel.machine.cpus[0], kernel.reserves
    outer = reserves.memalloc_noreclaim_save(cpu)
    reserves.memalloc_noreclaim_restore(cpu, reserves.memalloc_noreclaim_save(cpu))
    assert reserves.gfp_pfmemalloc_flags(cpu, gfp.GFP_KERNEL)
    reserves.memalloc_noreclaim_restore(cpu, outer)
    assert not reserves.gfp_pfmemalloc_flags(cpu, gfp.GFP_KERNEL)


def test_pages_below_the_watermarks_are_for_those_and_are_marked(make_machine: MakeMachine) -> None:
    kernel = Kernel(make_machine(memory="32 MiB"))
    pages: Any = kernel.page_allocator
    cpu = kernel.machine.cpus[0]
    exhaust(kernel, gfp.GFP_KERNEL)
    exhaust(kernel, gfp.GFP_ATOMIC)
    left = sum(zone.free_pages() + zone.cached_pages() for zone in kernel.zones if zone.node == 0)
    assert left > 0
    pfn = pages.alloc_pages(cpu, gfp.GFP_ATOMIC | gfp.MEMALLOC | gfp.THISNODE, 0, 0)
    assert kernel.mem_map.get("flags", pfn) & PG_PFMEMALLOC
    assert exhaust(kernel, gfp.GFP_KERNEL | gfp.MEMALLOC) == left - 1
    pages.free_pages(cpu, pfn, 0)
    assert not kernel.mem_map.get("flags", pfn) & PG_PFMEMALLOC


def test_a_page_above_the_watermarks_is_not_marked_whoever_asks(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[0]
    pfn = kernel.page_allocator.alloc_pages(cpu, gfp.GFP_KERNEL | gfp.MEMALLOC, 0, 0)
    assert not kernel.mem_map.get("flags", pfn) & PG_PFMEMALLOC
