"""Memory policies and cpusets of the tasks on the CPUs (mm/mempolicy.c, kernel/cgroup/cpuset.c)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from simslab.kernel.mm.gfp import ALLOC_BOUND, DMA, DMA32, HARDWALL, THISNODE
from simslab.kernel.mm.online import next_node_in
from simslab.kernel.mm.zone import NUMA_INTERLEAVE_HIT
from simslab.machine.core.cpu import Cpu

if TYPE_CHECKING:
    from simslab.kernel.mm.page_alloc import PageAllocator

LOCAL: Final = "local"
PREFERRED: Final = "preferred"
BIND: Final = "bind"
INTERLEAVE: Final = "interleave"
SLAB_MEM_SPREAD: Final = 0x100000  # the flag of caches that follow the cpuset's spreading


@dataclass
class MemPolicy:
    """The policy of one task and its cpuset: `mems_allowed` (none: all), `spread` is cpuset.memory_spread_slab."""

    mode: str = LOCAL
    nodes: tuple[int, ...] = ()
    spread: bool = False
    mems_allowed: tuple[int, ...] = ()
    il_prev: int = field(default=-1)  # node interleaved last
    # Not modelled: the random node at which a task begins to spread.
    spread_rotor: int = field(default=-1)


class MemPolicies:
    """Policies by CPU, of the task that runs there; `zonelists[nid]` lists nodes by distance from `nid`.

    Interrupts have none.
    """

    def __init__(self, zonelists: list[list[int]]) -> None:
        self.zonelists = zonelists
        self.of_cpu: dict[int, MemPolicy] = {}

    def slab_node(self, cpu: Cpu, cache_flags: int) -> int:
        """The node of the next object (the choice of mm/slab.c: alternate_node_alloc)."""
        policy = self.of_cpu.get(cpu.id)
        if policy is None:
            return cpu.numa_mem
        if policy.spread and cache_flags & SLAB_MEM_SPREAD and policy.mems_allowed:
            policy.spread_rotor = next_node_in(policy.spread_rotor, policy.mems_allowed)
            return policy.spread_rotor
        return self.mempolicy_slab_node(cpu)

    def mempolicy_slab_node(self, cpu: Cpu) -> int:
        """The node by the task's policy alone (mm/mempolicy.c: mempolicy_slab_node)."""
        policy = self.of_cpu.get(cpu.id)
        if policy is None or cpu.in_interrupt or policy.mode == LOCAL or not policy.nodes:
            return cpu.numa_mem
        if policy.mode == PREFERRED:
            return policy.nodes[0]
        if policy.mode == INTERLEAVE:
            return interleave_nodes(policy)
        # Bound: the nearest of the nodes that are allowed.
        return next((nid for nid in self.zonelists[cpu.numa_mem] if nid in policy.nodes), cpu.numa_mem)

    def alloc_pages_current(self, cpu: Cpu, flags: int, order: int, pages: PageAllocator) -> int:
        """2**order pages by the task's policy; pfn or -1 (mm/mempolicy.c: alloc_pages_current).

        Not modelled: requests for low memory of a task bound to nodes that have no other (apply_policy_zone).
        """
        policy = self.of_cpu.get(cpu.id)
        if policy is None or cpu.in_interrupt or flags & THISNODE or policy.mode == LOCAL or not policy.nodes:
            return pages.alloc_pages(cpu, flags, order, cpu.node)
        if policy.mode == PREFERRED:
            return pages.alloc_pages(cpu, flags, order, policy.nodes[0])
        if policy.mode == BIND:
            bound = 0 if flags & (DMA | DMA32) else ALLOC_BOUND
            return pages.alloc_pages_nodemask(cpu, flags, order, cpu.node, bound)
        nid = interleave_nodes(policy)
        pfn = pages.alloc_pages(cpu, flags, order, nid)
        if pfn >= 0 and pages.mem_map.nid(pfn) == nid:
            pages.vmstat.inc_numa_state(cpu, pages.zone_of(pfn), NUMA_INTERLEAVE_HIT)
        return pfn

    def bound_to(self, cpu: Cpu, node: int) -> bool:
        """Whether `node` is one of those that the task is bound to, which has a policy (policy_nodemask)."""
        return node in self.of_cpu[cpu.id].nodes

    def node_allowed(self, cpu: Cpu, node: int, flags: int) -> bool:
        """Whether the task's cpuset lets this request have memory of `node` (__cpuset_node_allowed).

        Requests without `__GFP_HARDWALL` (GFP_KERNEL) may go beyond the cpuset to the nearest hardwalled one above it.
        Not modelled: cpusets inside cpusets; the one above is the root, which has all nodes.
        """
        policy = self.of_cpu.get(cpu.id)
        if policy is None or cpu.in_interrupt or not policy.mems_allowed or node in policy.mems_allowed:
            return True
        return not flags & HARDWALL


def interleave_nodes(policy: MemPolicy) -> int:
    """The next node of a task that interleaves (mm/mempolicy.c: interleave_nodes)."""
    policy.il_prev = next_node_in(policy.il_prev, policy.nodes)
    return policy.il_prev
