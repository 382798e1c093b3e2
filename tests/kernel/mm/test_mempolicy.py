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
