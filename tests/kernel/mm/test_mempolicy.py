from collections.abc import Callable

import pytest

from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.kernel.mm.mempolicy import (
    BIND,
    INTERLEAVE,
    LOCAL,
    PREFERRED,
    SLAB_MEM_SPREAD,
    MemPolicies,
    MemPolicy,
    next_node_in,
)
from simslab.kernel.mm.stand_in import StandInPages
from simslab.machine.machine import Machine


def policies(kernel: Kernel, **policy: object) -> MemPolicies:
    made = MemPolicies(kernel.zonelists)
    made.of_cpu[0] = MemPolicy(**policy)  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize(
    ("mode", "nodes", "expected"),
    [(LOCAL, (1,), [0, 0]), (PREFERRED, (1,), [1, 1]), (BIND, (1,), [1, 1]), (INTERLEAVE, (0, 1), [0, 1])],
)
def test_each_mode_has_its_node(kernel: Kernel, mode: str, nodes: tuple[int, ...], expected: list[int]) -> None:
    cpu, made = kernel.machine.cpus[0], policies(kernel, mode=mode, nodes=nodes)
    assert [made.mempolicy_slab_node(cpu) for _ in range(2)] == expected


def test_interrupts_and_tasks_without_policy_stay_at_home(kernel: Kernel) -> None:
    made = policies(kernel, mode=PREFERRED, nodes=(1,))
    assert made.mempolicy_slab_node(kernel.machine.cpus[1]) == 0
    cpu = kernel.machine.cpus[0]
    cpu.in_interrupt = 1
    assert made.mempolicy_slab_node(cpu) == 0


def test_spreading_is_for_caches_with_the_flag(kernel: Kernel) -> None:
    cpu, made = kernel.machine.cpus[0], policies(kernel, spread=True, mems_allowed=(0, 1))
    assert [made.slab_node(cpu, SLAB_MEM_SPREAD) for _ in range(3)] == [0, 1, 0]
    assert [made.slab_node(cpu, 0) for _ in range(3)] == [0, 0, 0]


def test_a_cpuset_walls_in_user_memory_only(kernel: Kernel) -> None:
    cpu, made = kernel.machine.cpus[0], policies(kernel, mems_allowed=(1,))
    assert made.node_allowed(cpu, 1, gfp.GFP_USER)
    assert not made.node_allowed(cpu, 0, gfp.GFP_USER)
    assert made.node_allowed(cpu, 0, gfp.GFP_KERNEL)
    cpu.in_interrupt = 1
    assert made.node_allowed(cpu, 0, gfp.GFP_USER)


def test_pages_come_from_the_cpuset_while_it_has_any(kernel: Kernel) -> None:
    cpu, pages = kernel.machine.cpus[0], kernel.page_allocator
    pages.cpusets = policies(kernel, mems_allowed=(1,))
    assert kernel.mem_map.nid(pages.alloc_pages(cpu, gfp.GFP_KERNEL, 0, 0)) == 1
    assert pages.alloc_pages(cpu, gfp.GFP_USER | gfp.THISNODE, 0, 0) == -1
    assert kernel.mem_map.nid(pages.alloc_pages(cpu, gfp.GFP_KERNEL | gfp.THISNODE, 0, 0)) == 0


def test_nodes_follow_one_another_in_a_circle() -> None:
    assert [next_node_in(node, (0, 2, 5)) for node in (-1, 0, 2, 5)] == [0, 2, 5, 0]


def paged(make_machine: Callable[..., Machine], **policy: object) -> tuple[Kernel, Callable[[int], int]]:
    """A kernel of two nodes, and what asks on CPU 0 for 8 pages by this policy: the node it gets, -1 for none."""
    kernel = Kernel(make_machine(nodes=2, cpus=1, memory="32 MiB"))
    kernel.page_allocator.cpusets = policies(kernel, **policy)

    def ask(flags: int) -> int:
        pfn = kernel.page_allocator.alloc_pages_current(kernel.machine.cpus[0], flags, 3)
        return -1 if pfn < 0 else kernel.mem_map.nid(pfn)

    return kernel, ask


@pytest.mark.parametrize("stand_in", [False, True])
@pytest.mark.parametrize(
    ("mode", "nodes", "expected"),
    [(LOCAL, (1,), [0, 0, 0]), (PREFERRED, (1,), [1, 1, 1]), (BIND, (1,), [1, 1, 1]), (INTERLEAVE, (0, 1), [0, 1, 0])],
)
def test_pages_are_where_the_policy_has_them(
    make_machine: Callable[..., Machine], stand_in: bool, mode: str, nodes: tuple[int, ...], expected: list[int]
) -> None:
    kernel, ask = paged(make_machine, mode=mode, nodes=nodes)
    if stand_in:
        kernel.page_allocator.stand_in = StandInPages(kernel)
    assert [ask(gfp.GFP_KERNEL) for _ in range(3)] == expected


def test_pages_of_interrupts_and_of_requests_for_one_node_follow_no_policy(
    make_machine: Callable[..., Machine],
) -> None:
    kernel, ask = paged(make_machine, mode=PREFERRED, nodes=(1,))
    assert ask(gfp.GFP_KERNEL | gfp.THISNODE) == 0
    kernel.machine.cpus[0].in_interrupt = 1
    assert ask(gfp.GFP_ATOMIC) == 0


@pytest.mark.parametrize("mode", [PREFERRED, INTERLEAVE])
def test_other_nodes_serve_when_those_of_a_policy_have_nothing_left(
    make_machine: Callable[..., Machine], mode: str
) -> None:
    kernel, ask = paged(make_machine, mode=mode, nodes=(1,))
    got = list(iter(lambda: ask(gfp.GFP_KERNEL), -1))
    assert set(got) == {0, 1}
    hits = [row["interleave_hit"] for row in kernel.page_allocator.numastat()]
    assert hits == [0, got.count(1) if mode == INTERLEAVE else 0]


def test_who_is_bound_to_nodes_fails_when_they_have_nothing_left_unless_it_cannot_wait(
    make_machine: Callable[..., Machine],
) -> None:
    kernel, ask = paged(make_machine, mode=BIND, nodes=(1,))
    assert set(iter(lambda: ask(gfp.GFP_KERNEL), -1)) == {1}
    told = [line for line in kernel.log.lines if "page allocation failure" in line]
    assert len(told) == 1
    assert "nodemask=1,cpuset=/,mems_allowed=0-1" in told[0]
    atomic = list(iter(lambda: ask(gfp.GFP_ATOMIC), -1))
    assert (atomic[0], atomic[-1]) == (1, 0)  # what the minimum leaves for those who cannot wait comes first
