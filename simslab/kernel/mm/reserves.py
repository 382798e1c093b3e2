"""Who may use the last pages: the reserves below the minimum watermark (mm/page_alloc.c, include/linux/sched/mm.h).

They are for those who free more memory than they take: a task that reclaims (PF_MEMALLOC), the network when it swaps
(sockets with SOCK_MEMALLOC), and whoever says so with `__GFP_MEMALLOC`.
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers
from simslab.kernel.mm import gfp as gfps
from simslab.machine.core.cpu import Cpu

PF_MEMALLOC: Final = 0x00000800  # current->flags


class Reserves:
    """Flags of the task that runs on each CPU, and whether sockets may dip into the reserves.

    `sk_memalloc_socks` counts sockets with SOCK_MEMALLOC, which the kernel keeps as a static key; while it is 0 SLAB
    does not tell slabs from the reserves apart (SLUB always does). `softirq[cpu]` is 1 while the CPU serves a softirq.

    Not modelled: the reserves of victims of the OOM killer (ALLOC_OOM), as there is no OOM killer.
    """

    def __init__(self, nr_cpus: int) -> None:
        self.flags_owner = buffers.int64_zeros(nr_cpus)
        self.flags = buffers.int64_pointer(self.flags_owner)
        self.softirq_owner = buffers.int64_zeros(nr_cpus)
        self.softirq = buffers.int64_pointer(self.softirq_owner)
        self.sk_memalloc_socks = 0

    def gfp_pfmemalloc_flags(self, cpu: Cpu, gfp: int) -> int:
        """ALLOC_NO_WATERMARKS when the request may ignore the watermarks, else 0 (__gfp_pfmemalloc_flags).

        A task's PF_MEMALLOC counts for the task and for softirqs served in it, not for hard interrupts.
        """
        if gfp & gfps.NOMEMALLOC:
            return 0
        if gfp & gfps.MEMALLOC:
            return gfps.ALLOC_NO_WATERMARKS
        if self.flags[cpu.id] & PF_MEMALLOC and (self.softirq[cpu.id] or not cpu.in_interrupt):
            return gfps.ALLOC_NO_WATERMARKS
        return 0

    def memalloc_noreclaim_save(self, cpu: Cpu) -> int:
        """Let the task on `cpu` use the reserves; returns what memalloc_noreclaim_restore takes."""
        before = self.flags[cpu.id] & PF_MEMALLOC
        self.flags[cpu.id] |= PF_MEMALLOC
        return before

    def memalloc_noreclaim_restore(self, cpu: Cpu, before: int) -> int:
        """Undo memalloc_noreclaim_save."""
        self.flags[cpu.id] = (self.flags[cpu.id] & ~PF_MEMALLOC) | before
        return 0

    def sk_set_memalloc(self) -> None:
        """A socket that swapping needs appears (net/core/sock.c: sk_set_memalloc)."""
        self.sk_memalloc_socks += 1
