"""Checks of caches with `slub_debug`: what is written around objects, and what is found wrong (mm/slub.c).

A check that fails prints to the kernel log, mends what the kernel mends, and goes on. Not modelled: sections of objects
whose red zones a constructor or init_on_free writes. Instructions and lines of the checks are charged as estimates.
"""

from __future__ import annotations

from typing import Final

from simslab.kernel.text import ALLOC_RETURN, FREE_RETURN
from simslab.machine.accounting import callsites
from simslab.machine.core.cpu import Cpu
from simslab.slab_common.object_bytes import POISON_END, POISON_FREE, POISON_INUSE
from simslab.slub import flags as fl
from simslab.slub import layout
from simslab.slub.debug.contents import (
    RED_ACTIVE,
    RED_INACTIVE,
    TRACK_ALLOC,
    TRACK_FREE,
    Track,
    freeptr_outside_object,
    padding,
)
from simslab.slub.debug.reports import SlubReports, pointer
from simslab.slub.kmem_cache import KmemCache
from simslab.slub.slab_page import SlubPages

SITE_FREE_DEBUG: Final = callsites.site("free_debug_processing")
INSNS_CHECK: Final = 200  # estimate: checks of one object
INSNS_TRACK: Final = 40  # estimate: set_track
INSNS_INIT: Final = 60  # estimate: init_object
INSNS_FREELIST: Final = 15  # estimate: an object in on_freelist, with check_valid_pointer
MAX_OBJS_PER_PAGE: Final = 32767
INUSE: Final = 0xFFFF  # in the counters of struct page, as the next
OBJECTS_SHIFT: Final = 16
OBJECT_STATES: Final = fl.SLAB_STORE_USER | fl.SLAB_RED_ZONE | fl.OBJECT_POISON


class SlubDebug:
    """What a kernel booted with `slub_debug` does more."""

    def __init__(self, pages: SlubPages, reports: SlubReports) -> None:
        self.pages = pages
        self.caches: dict[int, KmemCache] = {}  # debugged ones by index
        self.contents = reports.contents
        self.reports = reports

    # -- for users ----------------------------------------------------------------------------------------------------

    def errors(self) -> int:
        """How many errors were reported so far."""
        return self.reports.count

    def slab_at(self, addr: int) -> tuple[int, int] | None:
        """First address of the debugged slab at `addr` and the first behind it; None when no such slab is there."""
        head = self.contents.bytes.slab_of(addr)
        start = head << layout.PAGE_SHIFT
        return None if head < 0 else (start, start + len(self.contents.bytes.slabs[head]))

    def write(self, addr: int, data: bytes, cpu: Cpu | None = None) -> None:
        """Write bytes anywhere inside one slab, as buggy code may; charges `cpu`, if given."""
        if cpu is not None:
            cpu.write_span(addr, len(data))
        head = self.contents.bytes.slab_of(addr)
        if head < 0:
            self.contents.bytes.write(addr, data)  # raises what says that no slab is there
        else:
            self.contents.write(self.caches[self.pages.mem_map.get("slab_cache", head)], addr, data)

    # -- slabs --------------------------------------------------------------------------------------------------------

    def setup_page_debug(self, cpu: Cpu, cache: KmemCache, pfn: int) -> None:
        """Begin to keep a new slab's bytes, filled with a pattern (mm/slub.c: setup_page_debug)."""
        if not cache.debug:
            return
        self.caches[cache.index] = cache
        self.contents.create(cache, pfn)
        if cache.flags & fl.SLAB_POISON:
            cpu.clear(pfn << layout.PAGE_SHIFT, layout.PAGE_SIZE << self.pages.mem_map.get("order", pfn))

    def setup_object_debug(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """Mark a new object as free (mm/slub.c: setup_object_debug)."""
        if cache.debug and cache.flags & OBJECT_STATES:
            cpu.insn_cold(INSNS_INIT)
            cpu.write_span(objp - cache.left, cache.size)
            self.contents.init_object(cache, objp, RED_INACTIVE)
            self.contents.init_tracking(cache, objp)

    def check_free_slab(self, cpu: Cpu, cache: KmemCache, pfn: int) -> None:
        """Check all objects of a slab that is given back, and forget its bytes (mm/slub.c: __free_slab)."""
        if not cache.debug:
            return
        objects, first = self.pages.objects(pfn), (pfn << layout.PAGE_SHIFT) + cache.left
        every = range(first, first + objects * cache.size, cache.size)
        if cache.flags & fl.SLAB_CONSISTENCY_CHECKS:
            cpu.insn_cold(INSNS_CHECK * objects)
            cpu.read_span(pfn << layout.PAGE_SHIFT, objects * cache.size)
            self.slab_pad_check(cpu, cache, pfn)
            for objp in every:
                self.check_object(cpu, cache, pfn, objp, RED_INACTIVE)
        for objp in every:
            self.contents.spoiled.pop(objp, None)
        self.contents.bytes.drop(pfn)

    # -- objects ------------------------------------------------------------------------------------------------------

    def alloc_debug_processing(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int) -> int:
        """Check an object about to be handed out; 1 if it may be (mm/slub.c: alloc_debug_processing).

        One that is not sound makes the slab one whose objects are all in use, and which is left alone.
        """
        if cache.flags & fl.SLAB_CONSISTENCY_CHECKS and not self.alloc_consistency_checks(cpu, cache, pfn, objp):
            self.reports.slab_fix(cpu, cache, "Marking all objects used")
            mem_map = self.pages.mem_map
            mem_map.set("s_mem", pfn, mem_map.get("s_mem", pfn) | self.pages.objects(pfn))
            mem_map.set("freelist", pfn, 0)
            return 0
        self.mark(cpu, cache, objp)
        self.track(cpu, cache, objp, TRACK_ALLOC, ALLOC_RETURN)
        self.reports.trace(cpu, cache, pfn, objp, "alloc")
        self.contents.init_object(cache, objp, RED_ACTIVE)
        self.contents.spoiled.pop(objp, None)
        return 1

    def alloc_consistency_checks(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int) -> bool:
        """Whether an object may be handed out (mm/slub.c: alloc_consistency_checks)."""
        cpu.insn_cold(INSNS_CHECK)
        self.slab_pad_check(cpu, cache, pfn)
        if not self.check_valid_pointer(cache, pfn, objp):
            self.reports.object_err(cpu, cache, pfn, objp, "Freelist Pointer check fails")
            return False
        cpu.read_span(objp - cache.left, cache.size)
        return self.check_object(cpu, cache, pfn, objp, RED_INACTIVE)

    def zeroed(self, cache: KmemCache, objp: int) -> None:
        """An object was zeroed for its user."""
        if cache.debug:
            self.contents.fill(objp, 0, cache.object_size)

    def free_debug_processing(self, cpu: Cpu, cache: KmemCache, pfn: int, head: int, tail: int, count: int) -> int:
        """Check objects about to be freed; 1 if they may be (mm/slub.c: free_debug_processing)."""
        n = cache.get_node(self.pages.mem_map.nid(pfn))
        saved = cpu.irq_save(SITE_FREE_DEBUG)
        n.list_lock.lock(cpu, SITE_FREE_DEBUG)
        cpu.atomic(self.pages.mem_map.page_addr(pfn) + layout.PAGE_FLAGS)  # slab_lock
        objp, seen = head, 1
        try:
            while (sound := self.check_and_mark_free(cpu, cache, pfn, objp)) and objp != tail:
                objp, seen = self.pages.freelists.get_freepointer(cache, objp), seen + 1
            if seen != count:
                self.reports.slab_err(cpu, cache, pfn, f"Bulk freelist count({count}) invalid({seen})\n")
        finally:
            n.list_lock.unlock(cpu)
            cpu.irq_restore(saved)
        if not sound:
            self.reports.slab_fix(cpu, cache, f"Object at {pointer(objp)} not freed")
        return int(sound)

    def check_and_mark_free(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int) -> bool:
        """Check one object about to be freed and mark it free; whether it may be."""
        self.contents.spoiled.pop(objp, None)  # the free pointer was written anew on the way here
        if cache.flags & fl.SLAB_CONSISTENCY_CHECKS and not self.free_consistency_checks(cpu, cache, pfn, objp):
            return False
        self.mark(cpu, cache, objp)
        self.track(cpu, cache, objp, TRACK_FREE, FREE_RETURN)
        self.reports.trace(cpu, cache, pfn, objp, "free")
        self.contents.init_object(cache, objp, RED_INACTIVE)
        return True

    def free_consistency_checks(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int) -> bool:
        """Whether an object is out, and sound (mm/slub.c: free_consistency_checks)."""
        cpu.insn_cold(INSNS_CHECK)
        self.slab_pad_check(cpu, cache, pfn)
        if not self.check_valid_pointer(cache, pfn, objp):
            self.reports.slab_err(cpu, cache, pfn, f"Invalid object pointer {pointer(objp)}")
            return False
        cpu.read_span(objp - cache.left, cache.size)
        if self.on_freelist(cpu, cache, pfn, objp):
            self.reports.object_err(cpu, cache, pfn, objp, "Object already free")
            return False
        return self.check_object(cpu, cache, pfn, objp, RED_ACTIVE)

    def on_freelist(self, cpu: Cpu, cache: KmemCache, pfn: int, search: int) -> bool:
        """Whether an object is free, and with `search` 0 whether the list is sound (mm/slub.c: on_freelist).

        A pointer that leads out of the slab is told and the list ends there; then the slab's counts are put right.
        """
        fp, objp, nr = self.pages.mem_map.get("freelist", pfn), 0, 0
        while fp and nr <= self.pages.objects(pfn):
            if fp == search:
                return True
            if not self.check_valid_pointer(cache, pfn, fp):
                if not objp:
                    self.clear_freelist(cpu, cache, pfn)
                    return False
                self.reports.object_err(cpu, cache, pfn, objp, "Freechain corrupt")
                self.end_freelist(cache, objp)
                break
            cpu.insn_cold(INSNS_FREELIST)
            cpu.read(fp + cache.offset)
            objp, fp, nr = fp, self.contents.pointer(cache, fp), nr + 1
        self.check_counts(cpu, cache, pfn, nr)
        return search == 0

    def clear_freelist(self, cpu: Cpu, cache: KmemCache, pfn: int) -> None:
        """Give up the free objects of a slab whose list leads astray at once."""
        self.reports.slab_err(cpu, cache, pfn, "Freepointer corrupt")
        self.pages.mem_map.set("freelist", pfn, 0)
        self.set_inuse(pfn, self.pages.objects(pfn))
        self.reports.slab_fix(cpu, cache, "Freelist cleared")

    def freelist_corrupted(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int) -> bool:
        """Whether the free pointer of an object that goes back from a CPU leads astray (mm/slub.c: freelist_corrupted).

        It is told then, and the caller gives up this object and those behind it. The last object's is not looked at.
        """
        following = self.contents.pointer(cache, objp)
        if following:
            cpu.insn_cold(INSNS_FREELIST)
        if self.check_valid_pointer(cache, pfn, following):
            self.contents.spoiled.pop(objp, None)  # the free pointer is written anew
            return False
        self.reports.object_err(cpu, cache, pfn, objp, "Freechain corrupt")
        self.reports.slab_fix(cpu, cache, "Isolate corrupted freechain")
        return True

    def end_freelist(self, cache: KmemCache, objp: int) -> None:
        """Make an object the last of its list."""
        self.contents.spoiled.pop(objp, None)
        self.pages.freelists.set_freepointer(cache, objp, 0)

    def check_counts(self, cpu: Cpu, cache: KmemCache, pfn: int, nr: int) -> None:
        """Whether a slab has as many objects as fit, and `nr` free ones; its counters are put right (on_freelist)."""
        mem_map, objects = self.pages.mem_map, self.pages.objects(pfn)
        fit = min((layout.PAGE_SIZE << mem_map.get("order", pfn)) // cache.size, MAX_OBJS_PER_PAGE)
        if objects != fit:
            told = f"Wrong number of objects. Found {objects} but should be {fit}"
            self.reports.slab_err(cpu, cache, pfn, told)
            counters = mem_map.get("s_mem", pfn) & ~(MAX_OBJS_PER_PAGE << OBJECTS_SHIFT)
            mem_map.set("s_mem", pfn, counters | fit << OBJECTS_SHIFT)
            self.reports.slab_fix(cpu, cache, "Number of objects adjusted.")
        inuse = self.pages.inuse(pfn)
        if inuse != fit - nr:
            self.reports.slab_err(
                cpu, cache, pfn, f"Wrong object count. Counter is {inuse} but counted were {fit - nr}"
            )
            self.set_inuse(pfn, fit - nr)
            self.reports.slab_fix(cpu, cache, "Object count adjusted.")

    def set_inuse(self, pfn: int, inuse: int) -> None:
        """Write how many objects of a slab are out."""
        mem_map = self.pages.mem_map
        mem_map.set("s_mem", pfn, mem_map.get("s_mem", pfn) & ~INUSE | inuse & INUSE)

    def check_valid_pointer(self, cache: KmemCache, pfn: int, objp: int) -> bool:
        """Whether an address is that of an object of a slab, or NULL (mm/slub.c: check_valid_pointer)."""
        index, within = divmod(objp - cache.left - (pfn << layout.PAGE_SHIFT), cache.size)
        return objp == 0 or (within == 0 and 0 <= index < self.pages.objects(pfn))

    def mark(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """Charge what is written of an object's user, red zones and pattern (mm/slub.c: set_track, init_object)."""
        cpu.insn_cold(INSNS_INIT + (INSNS_TRACK if cache.flags & fl.SLAB_STORE_USER else 0))
        cpu.write_span(objp - cache.left, cache.size)

    def track(self, cpu: Cpu, cache: KmemCache, objp: int, which: int, offset: int) -> None:
        """Write who uses an object (mm/slub.c: set_track)."""
        if cache.flags & fl.SLAB_STORE_USER:
            caller = self.reports.text.caller(cpu, offset)
            self.contents.set_track(cache, objp, which, Track(caller, cpu.id, cpu.id + 1, self.reports.jiffies(cpu)))

    # -- contents -----------------------------------------------------------------------------------------------------

    def check_object(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int, red: int) -> bool:
        """Whether the bytes of an object are as they were left; `red` is what its red zones hold (check_object)."""
        return (
            self.check_red_zones(cpu, cache, pfn, objp, red)
            and self.check_poison(cpu, cache, pfn, objp, red)
            and self.check_free_pointer(cpu, cache, pfn, objp, red)
        )

    def check_red_zones(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int, red: int) -> bool:
        """The red zones before and behind an object, or the padding that stands for the second."""
        behind = cache.inuse - cache.object_size
        if cache.flags & fl.SLAB_RED_ZONE:
            return self.check_bytes(
                cpu, cache, pfn, objp, "Left Redzone", -cache.red_left_pad, red, cache.red_left_pad
            ) and self.check_bytes(cpu, cache, pfn, objp, "Right Redzone", cache.object_size, red, behind)
        if cache.flags & fl.SLAB_POISON and behind > 0:
            self.check_bytes(cpu, cache, pfn, objp, "Alignment padding", cache.object_size, POISON_INUSE, behind)
        return True

    def check_poison(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int, red: int) -> bool:
        """The pattern of a free object, then the padding behind any, which is mended and counts for nothing."""
        if not cache.flags & fl.SLAB_POISON:
            return True
        last = cache.object_size - 1
        if red != RED_ACTIVE and cache.flags & fl.OBJECT_POISON:
            if not self.check_bytes(cpu, cache, pfn, objp, "Poison", 0, POISON_FREE, last):
                return False
            if not self.check_bytes(cpu, cache, pfn, objp, "End Poison", last, POISON_END, 1):
                return False
        begin, length = padding(cache)
        if length:
            self.check_bytes(cpu, cache, pfn, objp, "Object padding", begin, POISON_INUSE, length)
        return True

    def check_free_pointer(self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int, red: int) -> bool:
        """A free pointer must lead to an object of the slab; one that does not is made the last."""
        if not freeptr_outside_object(cache) and red == RED_ACTIVE:
            return True
        if self.check_valid_pointer(cache, pfn, self.contents.pointer(cache, objp)):
            return True
        self.reports.object_err(cpu, cache, pfn, objp, "Freepointer corrupt")
        self.end_freelist(cache, objp)
        return False

    def check_bytes(
        self, cpu: Cpu, cache: KmemCache, pfn: int, objp: int, what: str, offset: int, value: int, count: int
    ) -> bool:
        """Whether `count` bytes, `offset` into an object, all are `value`; else told and restored.

        Origin: mm/slub.c: check_bytes_and_report.
        """
        found = faults(self.contents.bytes.read(objp + offset, count), value)
        if found is None:
            return True
        begin, end = objp + offset + found[0], objp + offset + found[1]
        self.reports.slab_bug(cpu, cache, f"{what} overwritten")
        first = self.contents.bytes.read(begin, 1)[0]
        place = f"{pointer(begin)}-{pointer(end - 1)} @offset={begin - (pfn << layout.PAGE_SHIFT)}"
        self.reports.log.pr_err(cpu, f"INFO: {place}. First byte {first:#x} instead of {value:#x}")
        self.reports.trailer(cpu, cache, pfn, objp)
        self.restore_bytes(cpu, cache, begin, end, value)
        return False

    def restore_bytes(self, cpu: Cpu, cache: KmemCache, begin: int, end: int, value: int) -> None:
        """Write back what was written over (mm/slub.c: restore_bytes)."""
        self.reports.slab_fix(cpu, cache, f"Restoring {pointer(begin)}-{pointer(end - 1)}={value:#x}\n")
        self.contents.fill(begin, value, end - begin)

    def slab_pad_check(self, cpu: Cpu, cache: KmemCache, pfn: int) -> None:
        """Check the bytes behind the last object of a slab (mm/slub.c: slab_pad_check)."""
        start, length = pfn << layout.PAGE_SHIFT, layout.PAGE_SIZE << self.pages.mem_map.get("order", pfn)
        rest = length % cache.size
        if not cache.flags & fl.SLAB_POISON or not rest:
            return
        pad = start + length - rest
        found = faults(self.contents.bytes.read(pad, rest), POISON_INUSE)
        if found is not None:
            begin, end = pad + found[0], pad + found[1]
            what = f"Padding overwritten. {pointer(begin)}-{pointer(end - 1)} @offset={begin - start}"
            self.reports.slab_err(cpu, cache, pfn, what)
            self.reports.section(cpu, "Padding ", pad, rest)
            self.restore_bytes(cpu, cache, begin, end, POISON_INUSE)


def faults(data: bytes, value: int) -> tuple[int, int] | None:
    """The first byte of `data` that is not `value` and the one behind the last; None when all are (memchr_inv)."""
    wrong = [i for i, byte in enumerate(data) if byte != value] if data.count(value) != len(data) else []
    return (wrong[0], wrong[-1] + 1) if wrong else None
