"""The memory cgroups of a workload, made before it begins."""

from __future__ import annotations

from collections.abc import Sequence

from simslab.allocator.allocator import Allocator
from simslab.base.errors import BadValue
from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.memcg.charge import MemcgCharging
from simslab.kernel.memcg.creating import make_memcg
from simslab.kernel.memcg.page_counter import PAGE_COUNTER_MAX
from simslab.kernel.memcg.structures import MemCgroup, ObjCgroup
from simslab.kernel.mm import gfp
from simslab.workload.description.kernel_options import CgroupSpec
from simslab.workload.description.spec import ROOT, Workload
from simslab.workload.streams.program import ThreadProgram


def set_up_cgroups(allocator: Allocator, workload: Workload, threads: Sequence[ThreadProgram]) -> list[MemCgroup]:
    """Make the root and the workload's cgroups, and put each thread's task into its group's.

    Returns the cgroups below the root, in the file's order; BadValue when the machine has no memory for one. What was
    allocated before, an aged heap's objects among it, nobody is charged for.
    """
    kernel = allocator.kernel
    cpu = kernel.machine.cpus[0]

    def allocate(size: int, node: int) -> int:
        addr = allocator.kmalloc_node(cpu, size, gfp.GFP_KERNEL | gfp.ZERO, node)
        if not addr:
            raise KernelBugError("no memory for a memory cgroup")
        return addr

    made: dict[str, MemCgroup] = {}
    for name, spec in {ROOT: CgroupSpec(), **workload.cgroups}.items():
        limit = PAGE_COUNTER_MAX if spec.limit is None else spec.limit >> layout.PAGE_SHIFT
        try:
            made[name] = make_memcg(kernel, allocate, name, made.get(ROOT), limit)
        except KernelBugError as bug:
            at = ("cgroups", name) if name in workload.cgroups else ("cgroups",)
            raise BadValue(str(bug), expected="fewer cgroups, or a smaller machine", at=at) from None
    charging = MemcgCharging(kernel)
    for thread in threads:
        charging.current[thread.cpu] = objcg_of(made, cgroup_of(workload, thread))
    allocator.set_memcg(charging)
    return [made[name] for name in workload.cgroups]


def cgroup_of(workload: Workload, thread: ThreadProgram) -> str:
    """The name of the cgroup that a thread's task is in."""
    if workload.trace is not None:
        return workload.trace.cgroup or ROOT
    name = thread.name.rpartition("/")[0]
    return next((group.cgroup or ROOT for group in workload.threads if group.name == name), ROOT)


def objcg_of(made: dict[str, MemCgroup], name: str) -> ObjCgroup | None:
    """What the tasks of a cgroup are charged to; None for the root's."""
    return made[name].objcg if name in made else None
