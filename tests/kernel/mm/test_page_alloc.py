from collections.abc import Callable
from itertools import groupby
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.kernel.mm.page_alloc import PageAllocator
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu
from simslab.machine.library import load_machine
from simslab.machine.machine import Machine, build_machine

THREE = [[10, 21, 30], [21, 10, 25], [30, 25, 10]]
MakeMachine = Callable[..., Machine]


def drain(pages: PageAllocator, cpu: Cpu, nid: int, flags: int, order: int = 0) -> list[int]:
    """Allocate until it fails."""
    taken = []
    while (pfn := pages.alloc_pages(cpu, flags, order, nid)) >= 0:
        taken.append(pfn)
    return taken


def test_a_page_comes_from_the_node_asked_for(kernel: Kernel) -> None:
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    for nid in (0, 1):
        assert kernel.mem_map.nid(pages.alloc_pages(cpu, gfp.GFP_KERNEL, 0, nid)) == nid
    assert kernel.mem_map.nid(pages.alloc_pages(kernel.machine.cpus[2], gfp.GFP_KERNEL, 0, -1)) == 1


def test_an_exhausted_node_falls_back_by_distance_and_then_fails(make_machine: MakeMachine) -> None:
    kernel = Kernel(make_machine(nodes=3, cpus=1, memory="32 MiB", distances=THREE))
    taken = drain(kernel.page_allocator, kernel.machine.cpus[0], 1, gfp.GFP_KERNEL, 4)
    nodes = [kernel.mem_map.nid(pfn) for pfn in taken]
    first = {nid: nodes.index(nid) for nid in (0, 1, 2)}
    assert sorted(first, key=lambda nid: first[nid]) == [1, 0, 2]
    assert len(set(taken)) == len(taken)
    left = sum(zone.free_pages() for zone in kernel.zones)
    assert left <= sum(zone.wmark_min + 16 * 11 for zone in kernel.zones)


def test_all_nodes_are_used_down_to_their_low_watermark_before_any_down_to_its_minimum(
    make_machine: MakeMachine,
) -> None:
    """The slow path begins where the first attempt found all zones at their low mark (__alloc_pages_nodemask)."""
    kernel = Kernel(make_machine(nodes=3, cpus=1, memory="32 MiB", distances=THREE))
    taken = drain(kernel.page_allocator, kernel.machine.cpus[0], 1, gfp.GFP_KERNEL, 4)
    assert [nid for nid, _ in groupby(map(kernel.mem_map.nid, taken))] == [1, 0, 2, 1, 0, 2]


def test_thisnode_fails_instead_of_falling_back(kernel: Kernel) -> None:
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    taken = drain(pages, cpu, 1, gfp.GFP_KERNEL | gfp.THISNODE, 3)
    assert {kernel.mem_map.nid(pfn) for pfn in taken} == {1}
    assert kernel.mem_map.nid(pages.alloc_pages(cpu, gfp.GFP_KERNEL, 3, 1)) == 0


def test_atomic_requests_reach_deeper_into_the_reserve(kernel: Kernel) -> None:
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    drain(pages, cpu, 0, gfp.GFP_KERNEL | gfp.THISNODE, 2)
    assert drain(pages, cpu, 0, gfp.GFP_ATOMIC | gfp.THISNODE, 2)


def test_the_page_freed_last_is_handed_out_first(kernel: Kernel) -> None:
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    first, second = (pages.alloc_pages(cpu, gfp.GFP_KERNEL, 0, 0) for _ in range(2))
    pages.free_pages(cpu, first, 0)
    pages.free_pages(cpu, second, 0)
    assert pages.alloc_pages(cpu, gfp.GFP_KERNEL, 0, 0) == second


def test_a_full_per_cpu_list_gives_a_batch_back(kernel: Kernel) -> None:
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    zone = next(z for z in kernel.zones if z.node == 0 and z.index == 1)
    pcp = zone.pageset[cpu.id]
    taken = [pages.alloc_pages(cpu, gfp.GFP_KERNEL, 0, 0) for _ in range(pcp.high + 5 * pcp.batch)]
    assert all(zone.start <= pfn < zone.end for pfn in taken)
    for pfn in taken:
        pages.free_pages(cpu, pfn, 0)
        assert pcp.count < pcp.high
    assert zone.free_pages() + zone.cached_pages() == zone.managed
    zone.buddy.check()


def zone_locks(kernel: Kernel) -> dict[str, int]:
    """How often each call site took a zone's lock, and how often it had to wait."""
    rows = [row for row in kernel.lock_stats.table() if row["name"] == "zone.lock"]
    kernel.lock_stats.reset()
    counts = {str(row["site"]): int(row["acquisitions"]) for row in rows if row["acquisitions"]}
    return counts | {"contended": sum(int(row["contended"]) for row in rows)}


def test_one_page_in_a_batch_takes_the_zones_lock(kernel: Kernel) -> None:
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    pcp = next(z for z in kernel.zones if z.node == 0 and z.index == 1).pageset[cpu.id]
    zone_locks(kernel)
    count = pcp.high + 10 * pcp.batch
    taken = [pages.alloc_pages(cpu, gfp.GFP_KERNEL, 0, 0) for _ in range(count)]
    assert zone_locks(kernel) == {"rmqueue_bulk": count // pcp.batch, "contended": 0}
    for pfn in taken:
        pages.free_pages(cpu, pfn, 0)
    assert zone_locks(kernel) == {"free_pcppages_bulk": 11, "contended": 0}


@pytest.mark.parametrize("order", [1, 2, 3])
def test_blocks_are_split_for_their_order_and_merge_back(kernel: Kernel, order: int) -> None:
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    buddies = [zone.buddy for zone in kernel.zones]
    before = [buddy.check() for buddy in buddies]
    taken = [pages.alloc_pages(cpu, gfp.GFP_KERNEL, order, 0) for _ in range(100)]
    assert all(pfn % (1 << order) == 0 for pfn in taken)
    assert len({pfn + i for pfn in taken for i in range(1 << order)}) == 100 << order
    assert [buddy.check() for buddy in buddies] != before
    for pfn in taken[::2] + taken[1::2]:
        pages.free_pages(cpu, pfn, order)
    assert [buddy.check() for buddy in buddies] == before


def test_cpus_of_a_node_wait_for_its_zones_lock_beyond_order_0(make_machine: MakeMachine) -> None:
    """Pairs of order 0 stay on the CPU's own list after its first batch; pairs of larger blocks take the lock twice."""
    for order in (0, 1, 2, 3):
        kernel = Kernel(make_machine(nodes=1, cpus=4, quantum=0))
        for cpu in kernel.machine.cpus:
            kernel.machine.engine.spawn(cpu, pairs(kernel, cpu, order))
        kernel.machine.engine.run()
        found = zone_locks(kernel)
        if order == 0:
            assert found["rmqueue_bulk"] == 4
            assert found["contended"] <= 3
        else:
            assert (found["rmqueue"], found["__free_pages_ok"]) == (4 * 50, 4 * 50)
            assert found["contended"] > 100
        assert [zone.free_pages() + zone.cached_pages() for zone in kernel.zones] == [z.managed for z in kernel.zones]


def test_others_come_to_the_zones_lock_while_a_batch_is_moved(make_machine: MakeMachine) -> None:
    """Between its pages, in both directions; else they would come at the end of up to 63."""
    kernel = Kernel(make_machine(nodes=1, cpus=2, memory="4 GiB", quantum=0))
    first, second = kernel.machine.cpus
    seen: list[tuple[int, int]] = []  # direction, holder of the lock while others are let in
    direction = [0]

    def move() -> None:
        taken = [kernel.page_allocator.alloc_pages(first, gfp.GFP_KERNEL, 0, 0) for _ in range(600)]
        direction[0] = 1
        for pfn in taken:
            kernel.page_allocator.free_pages(first, pfn, 0)

    def watch() -> None:
        for _ in range(20_000):
            second.insn(40)
            second.settle()
            seen.extend((direction[0], zone.lock.owner) for zone in kernel.zones if zone.lock.letting_in)

    kernel.machine.engine.spawn(first, move)
    kernel.machine.engine.spawn(second, watch)
    kernel.machine.engine.run()
    assert set(seen) == {(0, first.id), (1, first.id)}


def pairs(kernel: Kernel, cpu: Cpu, order: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(50):
            cpu.settle()
            pfn = kernel.page_allocator.alloc_pages(cpu, gfp.GFP_KERNEL, order, 0)
            kernel.page_allocator.free_pages(cpu, pfn, order)

    return run


def test_compound_pages_know_their_head(kernel: Kernel) -> None:
    pfn = kernel.page_allocator.alloc_pages(kernel.machine.cpus[0], gfp.GFP_KERNEL | gfp.COMP, 3, 0)
    assert [kernel.mem_map.get("head", pfn + i) for i in range(8)] == [pfn] * 8
    assert kernel.mem_map.get("order", pfn) == 3


def test_everything_is_billed_to_the_page_allocator(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[0]
    for order in (0, 0, 2):
        pfn = kernel.page_allocator.alloc_pages(cpu, gfp.GFP_KERNEL | gfp.ZERO, order, 1)
        kernel.page_allocator.free_pages(cpu, pfn, order)
    assert cpu.cause_owner[causes.PAGE_ALLOCATOR] == cpu.now
    assert cpu.bill == causes.UNBILLED


def test_a_warm_page_costs_what_it_does_on_real_machines(kernel: Kernel) -> None:
    """211 cycles for a pair on an i7-4790K at about 3 instructions a cycle; this machine runs 1 instruction a cycle."""
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    for _ in range(3):
        start = cpu.instructions
        pages.free_pages(cpu, pages.alloc_pages(cpu, gfp.GFP_KERNEL, 0, 0), 0)
    assert cpu.instructions - start == 75 + 2 + 153 + 18 + 20 + 12 + 48 + 34


@pytest.mark.parametrize("free", [False, True], ids=["refill", "drain"])
def test_pages_of_a_batch_go_at_the_pace_of_a_loop(free: bool) -> None:
    """Twice as slow off the fast paths: the batch's few instructions around its 63 pages take longer, no page does."""
    longest = []
    for cold in (1, 0.5):
        kernel = Kernel(build_machine(load_machine("one-node", [f"core.ipc_cold={cold}"])))
        pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
        taken, times = [], []
        for step in range(1200):
            start = cpu.now
            if step < 600:
                taken.append(pages.alloc_pages(cpu, gfp.GFP_KERNEL, 0, 0))
            else:
                pages.free_pages(cpu, taken.pop(), 0)
            times.append(cpu.now - start)
        counted = sorted(times[600:] if free else times[1:600])
        longest.append(counted[-1] - counted[len(counted) // 2])
    assert 0 < longest[1] - longest[0] < 63


def test_numastat_tells_hits_from_misses(kernel: Kernel) -> None:
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    pages.alloc_pages(cpu, gfp.GFP_KERNEL, 0, 0)
    pages.alloc_pages(cpu, gfp.GFP_KERNEL, 0, 1)
    drain(pages, cpu, 0, gfp.GFP_KERNEL | gfp.THISNODE, 3)
    table = pages.numastat()
    before = table[1]["numa_miss"]
    pages.alloc_pages(cpu, gfp.GFP_KERNEL, 3, 0)
    table = pages.numastat()
    assert table[1]["numa_miss"] == before + 1
    assert table[0]["numa_foreign"] == before + 1
    assert table[1]["other_node"] == 2
    assert table[0]["local_node"] == table[0]["numa_hit"] > 0


def test_freeing_a_free_page_is_a_bug(kernel: Kernel) -> None:
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    pfn = pages.alloc_pages(cpu, gfp.GFP_KERNEL, 4, 0)
    pages.free_pages(cpu, pfn, 4)
    zone = next(z for z in kernel.zones if z.start <= pfn < z.end)
    head = next(block for block, order in zone.buddy.check() if block <= pfn < block + (1 << order))
    if kernel.mem_map.get("flags", head):
        with pytest.raises(KernelBugError, match="free"):
            pages.free_pages(cpu, head, 4)


Step = tuple[bool, int, int, int]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3), st.integers(0, 1 << 30)),
        min_size=1,
        max_size=150,
    )
)
def test_no_page_is_lost_or_handed_out_twice(make_machine: MakeMachine, steps: list[Step]) -> None:
    kernel = Kernel(make_machine(memory="32 MiB"))
    pages: Any = kernel.page_allocator
    held: list[tuple[int, int]] = []
    for take, order, number, pick in steps:
        cpu = kernel.machine.cpus[number]
        if take or not held:
            pfn = pages.alloc_pages(cpu, gfp.GFP_KERNEL, order, pick % 2)
            if pfn >= 0:
                held.append((pfn, order))
        else:
            pages.free_pages(cpu, *held.pop(pick % len(held)))
    spans = [page for pfn, order in held for page in range(pfn, pfn + (1 << order))]
    assert len(spans) == len(set(spans))
    for zone in kernel.zones:
        zone.buddy.check()
        mine = sum(zone.start <= page < zone.end for page in spans)
        assert zone.free_pages() + zone.cached_pages() + mine == zone.managed


class UnderTheLock:
    """Witness of locks and lines: what a CPU touches, and what its L1 lacks, while it holds a lock."""

    def __init__(self) -> None:
        self.held, self.touched, self.missed = 0, set[int](), set[int]()

    def acquired(self, cpu: Cpu, lock: Any) -> None:
        self.held += 1

    def released(self, cpu: Cpu, lock: Any) -> None:
        self.held -= 1

    def fetching(self, core: int, line: int) -> None:
        pass

    def fetched(self, core: int, line: int, write: int, cause: int) -> None:
        if self.held:
            self.missed.add(line)
            self.touched.add(line)

    def hit(self, core: int, line: int, write: int) -> None:
        if self.held:
            self.touched.add(line)


@pytest.mark.parametrize("stride", [layout.PAGE_STRIDE, 64])
def test_a_batch_has_left_the_cpus_list_and_fetched_its_buddies_when_the_zone_is_locked(
    machine: Machine, stride: int
) -> None:
    kernel = Kernel(machine, page_stride=stride)
    pages, cpu, mem_map = kernel.page_allocator, machine.cpus[0], kernel.mem_map
    pcp = next(z for z in kernel.zones if z.node == 0 and z.index == 1).pageset[cpu.id]
    taken = [pages.alloc_pages(cpu, gfp.GFP_KERNEL, 0, 0) for _ in range(2000)]
    batch = taken[: 2 * pcp.high : 2]  # their buddies stay with their users, and have left the L1
    for pfn in batch[: pcp.high - pcp.count - 1]:
        pages.free_pages(cpu, pfn, 0)
    witness = UnderTheLock()
    kernel.lock_stats.witness = machine.memory.witness = witness
    cpu.watched = 1
    pages.free_pages(cpu, batch[pcp.high - pcp.count], 0)
    assert pcp.count == pcp.high - pcp.batch
    assert witness.touched
    assert pcp.lists.addr >> 6 not in witness.touched
    assert not {mem_map.page_addr(pfn ^ 1) >> 6 for pfn in batch} & witness.missed


def cycles_of_a_pair(kernel: Kernel, flags: int, order: int) -> tuple[int, int]:
    """Cycles to allocate 2**order pages that are in the caches, and to free them."""
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    for _ in range(3):
        before = cpu.now
        pfn = pages.alloc_pages(cpu, flags, order, 0)
        allocated = cpu.now
        pages.free_pages(cpu, pfn, order)
    return allocated - before, cpu.now - allocated


@pytest.mark.parametrize("order", [0, 2])
@pytest.mark.parametrize(
    ("boot_parameter", "flags", "expected"),
    [
        ("", gfp.GFP_KERNEL, (False, False)),
        ("", gfp.GFP_KERNEL | gfp.ZERO, (True, False)),
        ("init_on_alloc", gfp.GFP_KERNEL, (True, False)),
        ("init_on_free", gfp.GFP_KERNEL, (False, True)),
        ("init_on_free", gfp.GFP_KERNEL | gfp.ZERO, (False, True)),
    ],
)
def test_pages_are_cleared_when_somebody_asks_for_it_but_not_again(
    kernel: Kernel, order: int, boot_parameter: str, flags: int, expected: tuple[bool, bool]
) -> None:
    plain = cycles_of_a_pair(kernel, gfp.GFP_KERNEL, order)
    if boot_parameter:
        setattr(kernel.page_allocator, boot_parameter, 1)
    found = cycles_of_a_pair(kernel, flags, order)
    assert tuple(cycles > without + (100 << order) for cycles, without in zip(found, plain, strict=True)) == expected


@pytest.mark.parametrize("order", [0, 1])
def test_who_must_not_fail_has_the_share_of_those_who_cannot_wait(kernel: Kernel, order: int) -> None:
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    for large in (10, 6, 3, 1, 0):
        drain(pages, cpu, 0, gfp.GFP_KERNEL, large)
    assert pages.alloc_pages(cpu, gfp.GFP_KERNEL, order, 0) < 0
    assert pages.alloc_pages(cpu, gfp.GFP_NOWAIT | gfp.NOFAIL, order, 0) < 0
    assert pages.alloc_pages(cpu, gfp.GFP_KERNEL | gfp.NOFAIL, order, 0) >= 0


@pytest.mark.parametrize("order", [0, 1])
def test_pages_are_cleared_before_they_leave_the_direct_map(kernel: Kernel, order: int) -> None:
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    unmapped = []

    class Told:
        def kernel_map_pages(self, cpu: Cpu, pfn: int, count: int, enable: bool) -> None:
            if not enable:
                unmapped.append(cpu.now - freed)

    for pages.init_on_free in (0, 1, 0, 1):
        pages.direct_map = None
        pfn = pages.alloc_pages(cpu, gfp.GFP_KERNEL, order, 0)
        pages.direct_map, freed = Told(), cpu.now
        pages.free_pages(cpu, pfn, order)
    assert unmapped[3] > unmapped[2] + (100 << order)


def test_who_can_wait_has_no_share_of_those_who_cannot_whatever_it_says(kernel: Kernel) -> None:
    """__alloc_pages_slowpath takes __GFP_ATOMIC away from a request with __GFP_DIRECT_RECLAIM."""
    pages, cpu = kernel.page_allocator, kernel.machine.cpus[0]
    drain(pages, cpu, 0, gfp.GFP_KERNEL)
    assert drain(pages, cpu, 0, gfp.GFP_KERNEL | gfp.ATOMIC) == []
    assert drain(pages, cpu, 0, gfp.GFP_NOWAIT | gfp.ATOMIC)
