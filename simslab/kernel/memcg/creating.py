"""Making memory cgroups (mm/memcontrol.c: mem_cgroup_alloc, memcg_online_kmem)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simslab.kernel.bug import KernelBugError
from simslab.kernel.kernel import Kernel
from simslab.kernel.memcg import layout
from simslab.kernel.memcg.page_counter import PAGE_COUNTER_MAX
from simslab.kernel.memcg.structures import MemCgroup, NodeStats, ObjCgroup

Allocate = Callable[[int, int], int]  # bytes and node, -1 for any -> simulated address

MEMCG_BYTES: Final = layout.MEMCG_NODEINFO  # and a pointer for each node


def make_memcg(
    kernel: Kernel, allocate: Allocate, name: str, parent: MemCgroup | None = None, limit: int = PAGE_COUNTER_MAX
) -> MemCgroup:
    """Return a new cgroup of at most `limit` pages; without `parent` it is the root, which no task is charged to.

    `allocate` gets the memory of its structures, before a run, where its caller sees to failures.
    """
    nodes = kernel.online_nodes
    addr = allocate(MEMCG_BYTES + 8 * len(nodes), -1)
    memcg = MemCgroup(name, addr, limit, parent, percpu(kernel, layout.PERCPU_REF_BYTES))
    memcg.vmstats = NodeStats(addr + layout.MEMCG_VMSTATS, percpu(kernel, layout.STATS_BYTES))
    for node in nodes:
        per_node = allocate(layout.PER_NODE_BYTES, node)
        parts = percpu(kernel, 2 * layout.STATS_BYTES)  # lruvec_stat_cpu, then lruvec_stat_local
        memcg.nodeinfo.append(NodeStats(per_node + layout.PER_NODE_STAT, parts))
    if parent is not None:
        counts = percpu(kernel, layout.PERCPU_REF_BYTES)
        memcg.objcg = ObjCgroup(memcg, allocate(layout.OBJCG_BYTES, -1), counts)
    return memcg


def percpu(kernel: Kernel, size: int) -> list[int]:
    """Addresses of `size` new bytes in each CPU's area; KernelBugError when there is no room."""
    offset = kernel.percpu.alloc_percpu(size)
    if offset < 0:
        raise KernelBugError("no per-CPU memory for a memory cgroup")
    return kernel.percpu.addresses(offset)
