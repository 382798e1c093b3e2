"""What the kernel prints when a request for pages fails (mm/page_alloc.c: warn_alloc)."""

from __future__ import annotations

from typing import Final

from simslab.kernel.mm import gfp as gfps
from simslab.kernel.mm.mempolicy import MemPolicies
from simslab.kernel.printk import KernelLog, RateLimit
from simslab.machine.core.cpu import Cpu
from simslab.machine.description.cpulist import format_cpulist

INTERVAL_SECONDS: Final = 10
BURST: Final = 1


class WarnAlloc:
    """Prints at most one warning in ten seconds; `nodes` are those with memory.

    Not modelled: names of cpusets other than the root, and the report on all memory that follows (show_mem). Kernels
    with DIRECT_RECLAIM in a request reclaim first and kill a process before one of up to eight pages fails; here such a
    request fails, and is told like one that may not wait.
    """

    def __init__(self, log: KernelLog, nodes: list[int]) -> None:
        self.log = log
        self.nodes = nodes
        self.nopage_rs = RateLimit(log, "warn_alloc", INTERVAL_SECONDS, BURST)

    def tell(self, cpu: Cpu, gfp: int, order: int, cpusets: MemPolicies | None, bound: int = 0) -> None:
        """Tell that 2**order pages could not be had, unless the request asks for silence (__GFP_NOWARN).

        `bound`: of the nodes that the task's policy names.
        """
        if gfp & gfps.NOWARN or not self.nopage_rs.allows(cpu):
            return
        policy = cpusets.of_cpu.get(cpu.id) if cpusets is not None else None
        allowed = policy.mems_allowed if policy is not None and policy.mems_allowed else self.nodes
        mode = f"mode:{gfp:#x}({gfps.format_gfp(gfp)})"
        nodemask = format_cpulist(set(policy.nodes)) if bound and policy is not None else "(null)"
        where = f"nodemask={nodemask},cpuset=/,mems_allowed={format_cpulist(set(allowed))}"
        told = f"{self.log.comm[cpu.id]}: page allocation failure: order:{order}, {mode}, {where}"
        self.log.pr_warn(cpu, told)
        self.log.dump_stack(cpu)
