"""Free pages that nobody can reach: CONFIG_DEBUG_PAGEALLOC (mm/page_alloc.c; arch/x86/mm/pat/set_memory.c).

A kernel with this option takes pages out of its direct map when they are freed and puts them back when they are
allocated, one table entry a page, so all of memory is mapped by pages of 4 KiB. SLAB does the same with the free
objects of caches whose objects have whole pages (mm/slab.c: slab_kernel_map).

Not modelled: the lines of the table entries that are written (part of the estimated instructions); the entries of a
sibling's TLB, which go with the core's but for the page it used last; guard pages (debug_guardpage_minorder is 0);
pages of the stand-in, which stay mapped.
"""

from __future__ import annotations

from typing import Final

from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.machine.core.cpu import Cpu

CALL_INSNS: Final = 150  # estimate: __kernel_map_pages, __change_page_attr_set_clr
PAGE_INSNS: Final = 80  # estimate: walk to the entry and exchange it
FLUSH_CYCLES: Final = 400  # estimate: __flush_tlb_all writes CR4 twice or executes INVPCID


class DirectMap:
    """Which pages were taken out of the direct map; those that boot has not handed out count as mapped."""

    def __init__(self) -> None:
        self.absent: set[int] = set()

    def kernel_map_pages(self, cpu: Cpu, pfn: int, pages: int, enable: bool) -> None:
        """Map or unmap `pages` pages from `pfn` on and flush this CPU's TLB, nobody else's (__kernel_map_pages)."""
        cpu.insn_cold(CALL_INSNS + PAGE_INSNS * pages)
        cpu.flush_tlb(FLUSH_CYCLES)
        if enable:
            self.absent.difference_update(range(pfn, pfn + pages))
        else:
            self.absent.update(range(pfn, pfn + pages))

    def check(self, addr: int, size: int, what: str) -> None:
        """KernelBugError, as a page fault in the kernel is, where one of the bytes is not mapped."""
        if not self.absent:
            return
        first, last = addr >> layout.PAGE_SHIFT, (addr + max(1, size) - 1) >> layout.PAGE_SHIFT
        for pfn in range(first, last + 1):
            if pfn in self.absent:
                fault = max(addr, pfn << layout.PAGE_SHIFT)
                raise KernelBugError(f"unable to handle page fault for address {fault:#x} ({what})")
