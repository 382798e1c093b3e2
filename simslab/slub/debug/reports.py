"""What kernels with CONFIG_SLUB_DEBUG print, in the kernel's formats (mm/slub.c: slab_bug, print_trailer, ...).

Of caches that `slub_debug` does not name that is what is left of them when they are destroyed.

Addresses are printed as %p prints them, 16 hexadecimal digits, but are the simulated physical ones that simslab's
interface uses. Not modelled: call traces.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simslab.kernel.printk import TAINT_BAD_PAGE, KernelLog
from simslab.kernel.text import TaskText
from simslab.machine.core.cpu import Cpu
from simslab.slab_common.object_bytes import LINE, hex_dump
from simslab.slub import flags as fl
from simslab.slub import layout
from simslab.slub.debug.contents import TRACK_ALLOC, TRACK_FREE, SlubContents, padding
from simslab.slub.kmem_cache import KmemCache
from simslab.slub.slab_page import SlubPages

RULER: Final = "=" * 77
UNDER: Final = "-" * 77
BYTES_BEFORE: Final = 16
LONGEST: Final = 99  # characters of what slab_err says, which goes through a buffer of 100


class SlubReports:
    """Prints to the kernel log; `count` reports so far. `jiffies(cpu)` is the kernel's count of ticks."""

    def __init__(self, pages: SlubPages, contents: SlubContents, log: KernelLog, jiffies: Callable[[Cpu], int]) -> None:
        self.pages = pages
        self.contents = contents
        self.log = log
        self.jiffies = jiffies
        self.text = TaskText(log)
        self.count = 0

    def slab_bug(self, cpu: Cpu, cache: KmemCache, what: str) -> None:
        """Begin a report (mm/slub.c: slab_bug)."""
        self.count += 1
        self.log.pr_err(cpu, RULER)
        self.log.pr_err(cpu, f"BUG {cache.name} ({self.log.tainted()}): {what}")
        self.log.pr_err(cpu, f"{UNDER}\n")
        self.log.add_taint(TAINT_BAD_PAGE)

    def slab_fix(self, cpu: Cpu, cache: KmemCache, what: str) -> None:
        """Tell what was done about it (mm/slub.c: slab_fix)."""
        self.log.pr_err(cpu, f"FIX {cache.name}: {what}")

    def slab_err(self, cpu: Cpu, cache: KmemCache, pfn: int, what: str) -> None:
        """Report what is wrong with a slab (mm/slub.c: slab_err)."""
        self.slab_bug(cpu, cache, what[:LONGEST])
        self.page_info(cpu, pfn)
        self.log.dump_stack(cpu)

    def object_err(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int, what: str) -> None:
        """Report what is wrong with an object (mm/slub.c: object_err)."""
        self.slab_bug(cpu, cache, what)
        self.trailer(cpu, cache, pfn, objp)

    def live_object(self, cpu: Cpu, cache: KmemCache, objp: int, offset: int) -> None:
        """Name an object, `offset` bytes into its slab, that outlives its cache, and its users (list_slab_objects)."""
        self.log.pr_err(cpu, f"INFO: Object {pointer(objp)} @offset={offset}")
        self.tracking(cpu, cache, objp)

    def page_info(self, cpu: Cpu, pfn: int) -> None:
        """One line of a slab (mm/slub.c: print_page_info)."""
        mem_map, pages = self.pages.mem_map, self.pages
        text = f"INFO: Slab {pointer(mem_map.page_addr(pfn))} objects={pages.objects(pfn)} used={pages.inuse(pfn)} "
        flags = mem_map.get("flags", pfn)
        self.log.pr_err(cpu, text + f"fp={pointer(mem_map.get('freelist', pfn))} flags=0x{flags:04x}")

    def trailer(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int) -> None:
        """Users, slab, bytes of an object (mm/slub.c: print_trailer)."""
        self.tracking(cpu, cache, objp)
        self.page_info(cpu, pfn)
        offset = objp - (pfn << layout.PAGE_SHIFT)
        following = self.contents.pointer(cache, objp)
        self.log.pr_err(cpu, f"INFO: Object {pointer(objp)} @offset={offset} fp={pointer(following)}\n")
        red = cache.flags & fl.SLAB_RED_ZONE
        if red:
            self.section(cpu, "Redzone  ", objp - cache.red_left_pad, cache.red_left_pad)
        elif offset > BYTES_BEFORE:
            self.section(cpu, "Bytes b4 ", objp - BYTES_BEFORE, BYTES_BEFORE)
        self.section(cpu, "Object   ", objp, min(cache.object_size, layout.PAGE_SIZE))
        if red:
            self.section(cpu, "Redzone  ", objp + cache.object_size, cache.inuse - cache.object_size)
        begin, length = padding(cache)
        if length:
            self.section(cpu, "Padding  ", objp + begin, length)
        self.log.dump_stack(cpu)

    def section(self, cpu: Cpu, text: str, addr: int, length: int) -> None:
        """A hex dump with addresses (mm/slub.c: print_section; lib/hexdump.c: print_hex_dump)."""
        for first in range(addr, addr + length, LINE):
            line = self.contents.bytes.read(first, min(LINE, addr + length - first))
            self.log.pr_err(cpu, f"{text}{first:016x}: {hex_dump(line)}")

    def tracking(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """Who allocated and who freed an object (mm/slub.c: print_tracking)."""
        if not cache.flags & fl.SLAB_STORE_USER:
            return
        now = self.jiffies(cpu)
        for what, which in (("Allocated", TRACK_ALLOC), ("Freed", TRACK_FREE)):
            track = self.contents.get_track(cache, objp, which)
            if track.addr:
                who = f"age={now - track.when} cpu={track.cpu} pid={track.pid}"
                self.log.pr_err(cpu, f"INFO: {what} in {self.text.symbol(track.addr)} {who}")

    def trace(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int, what: str) -> None:
        """Tell every allocation and free of a traced cache (mm/slub.c: trace)."""
        if not cache.flags & fl.SLAB_TRACE:
            return
        freelist = pointer(self.pages.mem_map.get("freelist", pfn))
        told = f"TRACE {cache.name} {what} {pointer(objp)} inuse={self.pages.inuse(pfn)} fp={freelist}"
        self.log.keep(cpu, told)
        if what == "free":
            self.section(cpu, "Object ", objp, cache.object_size)
        self.log.dump_stack(cpu)


def pointer(address: int) -> str:
    """An address as 0x%p prints it."""
    return f"0x{address & (1 << 64) - 1:016x}"
