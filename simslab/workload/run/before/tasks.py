"""The tasks that a workload's threads stand for: memory policy, cpuset, right to the page reserves, cgroup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simslab.allocator.allocator import Allocator
from simslab.base.errors import BadValue
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm.mempolicy import LOCAL, MemPolicies, MemPolicy
from simslab.workload.description.spec import ThreadGroup, Workload
from simslab.workload.streams.program import ThreadProgram

if TYPE_CHECKING:
    from simslab.kernel.memcg.structures import MemCgroup


def set_up_tasks(allocator: Allocator, groups: Sequence[ThreadGroup], threads: Sequence[ThreadProgram]) -> None:
    """Give each thread's CPU the task that its group describes; BadValue for nodes that the machine has not got."""
    kernel: Kernel = allocator.kernel
    policies = MemPolicies(kernel.zonelists)
    for index, group in enumerate(groups):
        cpus = [thread.cpu for thread in threads if thread.name.rpartition("/")[0] == group.name]
        if group.memalloc:
            for cpu in cpus:
                kernel.reserves.memalloc_noreclaim_save(kernel.machine.cpus[cpu])
        if group.mempolicy is not None or group.cpuset.mems != "all" or group.cpuset.spread_slab:
            for cpu in cpus:
                policies.of_cpu[cpu] = _policy(kernel, group, index)
    if policies.of_cpu:
        allocator.set_policies(policies)


def put_into_cgroups(allocator: Allocator, workload: Workload, threads: Sequence[ThreadProgram]) -> list[MemCgroup]:
    """Return the workload's memory cgroups, which the threads' tasks are in from now on (cgroups.py).

    Speed: loaded where asked for (benchmarks/start.py).
    """
    if not workload.cgroups:
        return []
    from simslab.workload.run.before.cgroups import set_up_cgroups

    return set_up_cgroups(allocator, workload, threads)


def _policy(kernel: Kernel, group: ThreadGroup, index: int) -> MemPolicy:
    """The policy of one task; a policy counts only within the cpuset (mm/mempolicy.c: mpol_set_nodemask)."""
    mems = _nodes(kernel, group.cpuset.mems, ("threads", index, "cpuset", "mems"))
    policy = group.mempolicy
    nodes = () if policy is None else _nodes(kernel, policy.nodes, ("threads", index, "mempolicy", "nodes"))
    return MemPolicy(
        mode=LOCAL if policy is None else policy.mode,
        nodes=tuple(node for node in nodes if node in mems),
        spread=group.cpuset.spread_slab,
        mems_allowed=mems,
    )


def _nodes(kernel: Kernel, wanted: str | list[int], at: tuple[str | int, ...]) -> tuple[int, ...]:
    """The nodes in ascending order, which all have memory; `wanted` are numbers as people call them."""
    nodes = {node.number: node for node in kernel.machine.topology.nodes}
    with_memory = {number: node.id for number, node in nodes.items() if node.memory}
    if isinstance(wanted, str):
        return tuple(sorted(with_memory.values()))
    for i, number in enumerate(wanted):
        if number not in with_memory:
            told = f"node {number} has no memory" if number in nodes else f"the machine has no node {number}"
            listed = ", ".join(map(str, with_memory))
            raise BadValue(told, expected=f"nodes with memory: {listed}", at=(*at, i))
    return tuple(sorted(with_memory[number] for number in wanted))
