"""Checks of caches with `slub_debug`: which path objects take (mm/slub.c).

Not modelled: the contents of objects (poison, red zones, users), so nothing is found wrong but what the allocator's own
state shows: an object freed twice, an address that no object of its slab has, a freelist that leads to one.
"""

from __future__ import annotations

from typing import Final

from simslab.kernel.printk import TAINT_BAD_PAGE
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slub import flags as fl
from simslab.slub import layout
from simslab.slub.kmem_cache import KmemCache
from simslab.slub.slab_page import SlubPages

SITE_FREE_DEBUG: Final = callsites.site("free_debug_processing")
INSNS_CHECK: Final = 200  # estimate: checks of one object
INSNS_TRACK: Final = 40  # estimate: set_track
INSNS_INIT: Final = 60  # estimate: init_object
RULER: Final = "=" * 77
UNDER: Final = "-" * 77
OBJECT_STATES: Final = fl.SLAB_STORE_USER | fl.SLAB_RED_ZONE | fl.OBJECT_POISON


class SlubDebug:
    """What a kernel booted with `slub_debug` does more; `reports` counts what was found wrong."""

    def __init__(self, pages: SlubPages) -> None:
        self.pages = pages
        self.reports = 0

    def setup_page_debug(self, cpu: Cpu, cache: KmemCache, pfn: int) -> None:
        """Fill a new slab with a pattern (mm/slub.c: setup_page_debug)."""
        if cache.debug and cache.flags & fl.SLAB_POISON:
            cpu.clear(pfn << layout.PAGE_SHIFT, layout.PAGE_SIZE << self.pages.mem_map.get("order", pfn))

    def setup_object_debug(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """Mark a new object as free (mm/slub.c: setup_object_debug)."""
        if cache.debug and cache.flags & OBJECT_STATES:
            cpu.insn_cold(INSNS_INIT)
            cpu.write_span(objp - cache.left, cache.size)

    def alloc_debug_processing(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int) -> int:
        """Check an object about to be handed out; 1 if it may be (mm/slub.c: alloc_debug_processing).

        One that its slab cannot have makes the slab one whose objects are all in use, and which is left alone.
        """
        if cache.flags & fl.SLAB_CONSISTENCY_CHECKS:
            cpu.insn_cold(INSNS_CHECK)
            if not self.check_valid_pointer(cache, pfn, objp):
                self.object_err(cpu, cache, "Freelist Pointer check fails")
                self.slab_fix(cpu, cache, "Marking all objects used")
                mem_map = self.pages.mem_map
                mem_map.set("s_mem", pfn, mem_map.get("s_mem", pfn) | self.pages.objects(pfn))
                mem_map.set("freelist", pfn, 0)
                return 0
            cpu.read_span(objp - cache.left, cache.size)
        self.mark(cpu, cache, objp)
        return 1

    def free_debug_processing(self, cpu: Cpu, cache: KmemCache, pfn: int, head: int, tail: int, count: int) -> int:
        """Check objects about to be freed; 1 if they may be (mm/slub.c: free_debug_processing)."""
        n = cache.get_node(self.pages.mem_map.nid(pfn))
        saved = cpu.irq_save(SITE_FREE_DEBUG)
        n.list_lock.lock(cpu, SITE_FREE_DEBUG)
        cpu.atomic(self.pages.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)  # slab_lock
        objp, sound = head, 1
        for place in range(count):
            if not self.free_consistency_checks(cpu, cache, pfn, objp):
                self.slab_fix(cpu, cache, f"Object at {objp:#x} not freed")
                sound = 0
                break
            self.mark(cpu, cache, objp)
            if place < count - 1:
                objp = self.pages.freelists.get_freepointer(cache, objp)
        n.list_lock.unlock(cpu)
        cpu.irq_restore(saved)
        return sound

    def free_consistency_checks(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int) -> bool:
        """Whether an object is out (mm/slub.c: free_consistency_checks)."""
        if not cache.flags & fl.SLAB_CONSISTENCY_CHECKS:
            return True
        cpu.insn_cold(INSNS_CHECK)
        if not self.check_valid_pointer(cache, pfn, objp):
            self.slab_err(cpu, cache, f"Invalid object pointer {objp:#x}")
            return False
        cpu.read_span(objp - cache.left, cache.size)
        if objp in self.pages.freelists.objects(cache, self.pages.mem_map.get("freelist", pfn)):
            self.object_err(cpu, cache, "Object already free")
            return False
        return True

    def check_valid_pointer(self, cache: KmemCache, pfn: int, objp: int) -> bool:
        """Whether an address is that of an object of a slab (mm/slub.c: check_valid_pointer)."""
        index, within = divmod(objp - cache.left - (pfn << layout.PAGE_SHIFT), cache.size)
        return within == 0 and 0 <= index < self.pages.objects(pfn)

    def object_err(self, cpu: Cpu, cache: KmemCache, reason: str) -> None:
        """Report what is wrong with an object (mm/slub.c: object_err). Not modelled: its bytes and its users."""
        self.slab_err(cpu, cache, reason)

    def slab_err(self, cpu: Cpu, cache: KmemCache, reason: str) -> None:
        """Report what is wrong with a slab (mm/slub.c: slab_err, slab_bug). Not modelled: lines between the rulers."""
        self.reports += 1
        log = self.pages.log
        log.pr_err(cpu, RULER)
        log.pr_err(cpu, f"BUG {cache.name} ({log.tainted()}): {reason}")
        log.pr_err(cpu, f"{UNDER}\n")
        log.add_taint(TAINT_BAD_PAGE)
        log.dump_stack(cpu)

    def slab_fix(self, cpu: Cpu, cache: KmemCache, what: str) -> None:
        """Tell what was done about it (mm/slub.c: slab_fix)."""
        self.pages.log.pr_err(cpu, f"FIX {cache.name}: {what}")

    def mark(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """Write who uses an object, its red zones and its pattern (mm/slub.c: set_track, init_object)."""
        cpu.insn_cold(INSNS_INIT + (INSNS_TRACK if cache.flags & fl.SLAB_STORE_USER else 0))
        cpu.write_span(objp - cache.left, cache.size)

    def check_free_slab(self, cpu: Cpu, cache: KmemCache, pfn: int) -> None:
        """Check all objects of a slab that is given back (mm/slub.c: __free_slab)."""
        if cache.debug and cache.flags & fl.SLAB_CONSISTENCY_CHECKS:
            cpu.insn_cold(INSNS_CHECK * self.pages.objects(pfn))
            cpu.read_span(pfn << layout.PAGE_SHIFT, self.pages.objects(pfn) * cache.size)

    def slab_out_of_memory(self, cpu: Cpu, cache: KmemCache, flags: int, node: int) -> None:
        """Tell that a cache could not grow (mm/slub.c: slab_out_of_memory).

        Not modelled yet: the message's lines.
        """
        self.reports += 1
