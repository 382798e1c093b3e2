"""DEBUG_SLAB: red zones, poison and the last user of every object, and the checks on them (mm/slab.c, `#if DEBUG`).

Calls come from the paths of alloc.py, free.py and slab_page.py, only in debug kernels. Slots (`objp`) are raw; what a
user holds is `objp + cache.obj_offset`. A check that fails prints to the kernel log and goes on, as the kernel does;
where the kernel has BUG_ON, KernelBugError.

Not modelled: page poisoning (CONFIG_PAGE_POISONING); the alignment check of new objects, which cannot fail here.
Instructions and lines of the checks are charged as estimates.
"""

from __future__ import annotations

from typing import Final

from simslab.kernel import layout
from simslab.kernel.bug import KernelBugError
from simslab.kernel.mm import gfp
from simslab.kernel.mm.debug_pagealloc import DirectMap
from simslab.kernel.mm.page import MemMap
from simslab.kernel.printk import KernelLog
from simslab.kernel.text import ALLOC_RETURN, FREE_RETURN
from simslab.machine.core.cpu import Cpu
from simslab.slab import cflgs
from simslab.slab.debug.bytes_of_slabs import SlabBytes
from simslab.slab.debug.reports import SlabReports, dbg_redzone1, dbg_redzone2, dbg_userword
from simslab.slab.kmem_cache import KmemCache
from simslab.slab_common import flags as fl
from simslab.slab_common.object_bytes import LINE, POISON_END, POISON_FREE, POISON_INUSE

RED_INACTIVE: Final = 0x09F911029D74E35B  # include/linux/poison.h
RED_ACTIVE: Final = 0xD84156C5635688C0
MAX_LINES: Final = 5  # of a corrupted object; the kernel stops after one more

INSNS_CHECK: Final = 60  # estimate
INSNS_CHECK_BYTE: Final = 5  # estimate: the loop of check_poison_obj
INSNS_POISON: Final = 30  # estimate: memset with `rep stosb` counted once


class SlabDebug:
    """Contents of all objects of one debug kernel; `read` and `write` are for its users."""

    def __init__(self, mem_map: MemMap, log: KernelLog, direct_map: DirectMap | None = None) -> None:
        self.mem_map = mem_map
        self.contents = SlabBytes(mem_map)
        self.reports = SlabReports(mem_map, self.contents, log)
        self.direct_map = direct_map  # of a kernel with debug_pagealloc
        self.constructors: dict[int, tuple[int, bytes]] = {}
        self.warned_of_zeroing = False

    # -- for users ----------------------------------------------------------------------------------------------------

    def read(self, addr: int, size: int, cpu: Cpu | None = None) -> bytes:
        """The `size` bytes at `addr`, inside one slab; reading charges `cpu`, if given."""
        self.must_be_mapped(addr, size, "read access")
        if cpu is not None:
            cpu.read_span(addr, size)
        return self.contents.read(addr, size)

    def write(self, addr: int, data: bytes, cpu: Cpu | None = None) -> None:
        """Write bytes anywhere inside one slab, as buggy code may; charges `cpu`, if given."""
        self.must_be_mapped(addr, len(data), "write access")
        if cpu is not None:
            cpu.write_span(addr, len(data))
        self.contents.write(addr, data)

    def set_constructor(self, cache: KmemCache, contents: bytes, offset: int = 0) -> None:
        """Say what the constructor of `cache` writes, `offset` bytes into the object; zeros all over it by default."""
        self.constructors[cache.index] = (offset, contents)

    def errors(self) -> int:
        """How many errors were reported so far."""
        return self.reports.count

    def slab_at(self, addr: int) -> tuple[int, int] | None:
        """First address of the slab at `addr` and the first behind it; None when no slab is there."""
        head = self.contents.slab_of(addr)
        start = head << layout.PAGE_SHIFT
        return None if head < 0 else (start, start + len(self.contents.slabs[head]))

    # -- slabs --------------------------------------------------------------------------------------------------------

    def cache_init_objs(self, cpu: Cpu, cache: KmemCache, pfn: int) -> None:
        """Lay out the objects of a new slab (mm/slab.c: cache_init_objs_debug)."""
        self.contents.create(pfn, cache.gfporder)
        first = self.mem_map.get("s_mem", pfn)
        for objp in range(first, first + cache.num * cache.size, cache.size):
            if cache.flags & fl.SLAB_STORE_USER:
                self.contents.set_word(dbg_userword(cache, objp), 0)
            if cache.flags & fl.SLAB_RED_ZONE:
                self.set_redzones(cache, objp, RED_INACTIVE)
            if cache.ctor and not cache.flags & fl.SLAB_POISON:
                self.construct(cpu, cache, objp)
            if cache.flags & fl.SLAB_RED_ZONE:
                self.check_constructor(cpu, cache, objp)
            if cache.flags & fl.SLAB_POISON:
                self.poison_obj(cpu, cache, objp, POISON_FREE)
                self.slab_kernel_map(cpu, cache, objp, False)

    def check_constructor(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """The red zones must have survived the constructor."""
        redzone1, redzone2 = self.get_redzones(cache, objp)
        if redzone2 != RED_INACTIVE:
            self.error(cpu, "cache_init_objs_debug", cache, "constructor overwrote the end of an object")
        if redzone1 != RED_INACTIVE:
            self.error(cpu, "cache_init_objs_debug", cache, "constructor overwrote the start of an object")

    def fixup_objfreelist(self, cache: KmemCache, pfn: int) -> None:
        """Wipe the index array off the object that held it (mm/slab.c: fixup_objfreelist_debug).

        Not modelled: that this waits until list_lock is dropped.
        """
        freelist = self.mem_map.get("freelist", pfn)
        if freelist and cache.flags & cflgs.CFLGS_OBJFREELIST_SLAB and cache.flags & fl.SLAB_POISON:
            self.fill(cache, freelist - cache.obj_offset, POISON_FREE)

    def slab_destroy(self, cpu: Cpu, cache: KmemCache, pfn: int) -> None:
        """Look at every object of a slab that goes (mm/slab.c: slab_destroy_debugcheck)."""
        self.fixup_objfreelist(cache, pfn)
        first = self.mem_map.get("s_mem", pfn)
        for objp in range(first, first + cache.num * cache.size, cache.size):
            if cache.flags & fl.SLAB_POISON:
                self.check_poison_obj(cpu, cache, objp)
                self.slab_kernel_map(cpu, cache, objp, True)
            if cache.flags & fl.SLAB_RED_ZONE:
                redzone1, redzone2 = self.get_redzones(cache, objp)
                if redzone1 != RED_INACTIVE:
                    self.error(cpu, "slab_destroy_debugcheck", cache, "start of a freed object was overwritten")
                if redzone2 != RED_INACTIVE:
                    self.error(cpu, "slab_destroy_debugcheck", cache, "end of a freed object was overwritten")

    def freepages(self, pfn: int) -> None:
        """Forget the bytes of a slab whose pages are given back."""
        self.contents.drop(pfn)

    # -- objects ------------------------------------------------------------------------------------------------------

    def alloc_debugcheck_after(self, cpu: Cpu, cache: KmemCache, flags: int, objp: int, zero: int) -> None:
        """Check an object on its way to its user and mark it used (mm/slab.c: cache_alloc_debugcheck_after).

        With `zero` its bytes are cleared at last, which slab_alloc does.
        """
        self.warn_of_zeroing(cpu, cache, flags)
        cpu.insn(INSNS_CHECK)
        if cache.flags & fl.SLAB_POISON:
            self.check_poison_obj(cpu, cache, objp)
            self.slab_kernel_map(cpu, cache, objp, True)
            self.poison_obj(cpu, cache, objp, POISON_INUSE)
        if cache.flags & fl.SLAB_STORE_USER:
            self.contents.set_word(dbg_userword(cache, objp), self.reports.text.caller(cpu, ALLOC_RETURN))
        if cache.flags & fl.SLAB_RED_ZONE:
            self.activate_redzones(cpu, cache, objp)
        if cache.ctor and cache.flags & fl.SLAB_POISON:
            self.construct(cpu, cache, objp)
        if zero:
            self.contents.write(objp + cache.obj_offset, bytes(cache.object_size))

    def warn_of_zeroing(self, cpu: Cpu, cache: KmemCache, flags: int) -> None:
        """Warn once when zeroing is asked of a cache with a constructor (WARN_ON_ONCE)."""
        if cache.ctor and flags & gfp.ZERO and not self.warned_of_zeroing:
            self.warned_of_zeroing = True
            self.reports.log.warn_on(cpu, "mm/slab.c cache_alloc_debugcheck_after")

    def activate_redzones(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """Check the red zones of a free object, then make them those of a used one."""
        cpu.write(dbg_redzone1(cache, objp))
        cpu.write(dbg_redzone2(cache, objp))
        redzone1, redzone2 = self.get_redzones(cache, objp)
        if redzone1 != RED_INACTIVE or redzone2 != RED_INACTIVE:
            message = "double free, or memory outside object was overwritten"
            self.error(cpu, "cache_alloc_debugcheck_after", cache, message)
            self.reports.redzones(cpu, objp, redzone1, redzone2)
        self.set_redzones(cache, objp, RED_ACTIVE)

    def free_debugcheck(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """Check an object that its user gives back and poison it (mm/slab.c: cache_free_debugcheck). Irqs off."""
        cpu.insn(INSNS_CHECK)
        pfn = self.contents.slab_of(objp + cache.obj_offset)
        if pfn < 0 or self.mem_map.get("slab_cache", pfn) != cache.index:
            raise KernelBugError(f"cache_free_debugcheck: object {objp:#x} is not of cache {cache.name}")
        number, rest = divmod(objp - self.mem_map.get("s_mem", pfn), cache.size)
        if rest or not 0 <= number < cache.num:
            raise KernelBugError(f"cache_free_debugcheck: {objp:#x} is no object of cache {cache.name}")
        if cache.flags & fl.SLAB_RED_ZONE:
            self.verify_redzone_free(cpu, cache, objp)
            self.set_redzones(cache, objp, RED_INACTIVE)
        if cache.flags & fl.SLAB_STORE_USER:
            self.contents.set_word(dbg_userword(cache, objp), self.reports.text.caller(cpu, FREE_RETURN))
        if cache.flags & fl.SLAB_POISON:
            self.poison_obj(cpu, cache, objp, POISON_FREE)
            self.slab_kernel_map(cpu, cache, objp, False)

    def verify_redzone_free(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """The red zones of an object given back must be active (mm/slab.c: verify_redzone_free)."""
        cpu.write(dbg_redzone1(cache, objp))
        cpu.write(dbg_redzone2(cache, objp))
        redzone1, redzone2 = self.get_redzones(cache, objp)
        if redzone1 == RED_ACTIVE and redzone2 == RED_ACTIVE:
            return
        twice = redzone1 == RED_INACTIVE and redzone2 == RED_INACTIVE
        message = "double free detected" if twice else "memory outside object was overwritten"
        self.error(cpu, "verify_redzone_free", cache, message)
        self.reports.redzones(cpu, objp, redzone1, redzone2)

    def kfree_debugcheck(self, cpu: Cpu, addr: int) -> None:
        """What is given to kfree must be in memory (mm/slab.c: kfree_debugcheck)."""
        if not 0 <= addr >> layout.PAGE_SHIFT < self.mem_map.nr_pages:
            self.reports.log.pr_err(cpu, f"kfree_debugcheck: out of range ptr {addr:x}h")
            raise KernelBugError(f"kfree of {addr:#x}, which is no memory")

    # -- poison and red zones -----------------------------------------------------------------------------------------

    def poison_obj(self, cpu: Cpu, cache: KmemCache, objp: int, value: int) -> None:
        """Fill an object with a pattern (mm/slab.c: poison_obj)."""
        self.must_be_mapped(objp + cache.obj_offset, cache.object_size, "write access")
        cpu.insn(INSNS_POISON)
        cpu.clear(objp + cache.obj_offset, cache.object_size)
        self.fill(cache, objp, value)

    def fill(self, cache: KmemCache, objp: int, value: int) -> None:
        """The bytes of poison_obj, at no charge."""
        self.contents.write(objp + cache.obj_offset, pattern(cache, value))

    def check_poison_obj(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """Tell where a free object is not as it was left (mm/slab.c: check_poison_obj)."""
        if self.is_debug_pagealloc_cache(cache):
            return
        size = cache.object_size
        cpu.insn(INSNS_CHECK_BYTE * size)
        cpu.read_span(objp + cache.obj_offset, size)
        data = self.contents.read(objp + cache.obj_offset, size)
        wanted = pattern(cache, POISON_FREE)
        if data != wanted:
            lines = bad_lines(data, wanted)
            if lines:
                self.reports.corruption(cpu, cache, objp, lines)

    def is_debug_pagealloc_cache(self, cache: KmemCache) -> bool:
        """Whether free objects are protected by unmapping instead (mm/slab.c: is_debug_pagealloc_cache)."""
        off_slab = cache.flags & cflgs.CFLGS_OFF_SLAB
        return bool(self.direct_map is not None and off_slab and cache.size % layout.PAGE_SIZE == 0)

    def slab_kernel_map(self, cpu: Cpu, cache: KmemCache, objp: int, enable: bool) -> None:
        """Map a slot whose object is to be used, unmap that of a free one (mm/slab.c: slab_kernel_map)."""
        if self.direct_map is not None and self.is_debug_pagealloc_cache(cache):
            pages = cache.size // layout.PAGE_SIZE
            self.direct_map.kernel_map_pages(cpu, objp >> layout.PAGE_SHIFT, pages, enable)

    def must_be_mapped(self, addr: int, size: int, what: str) -> None:
        """KernelBugError where an object's bytes are not mapped: the kernel's oops."""
        if self.direct_map is not None:
            self.direct_map.check(addr, size, what)

    def construct(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """Run the constructor on the object of a slot."""
        offset, data = self.constructors.get(cache.index, (0, bytes(cache.object_size)))
        cpu.write(objp + cache.obj_offset)
        self.contents.write(objp + cache.obj_offset + offset, data)

    def set_redzones(self, cache: KmemCache, objp: int, value: int) -> None:
        """Write both red zones."""
        self.contents.set_word(dbg_redzone1(cache, objp), value)
        self.contents.set_word(dbg_redzone2(cache, objp), value)

    def get_redzones(self, cache: KmemCache, objp: int) -> tuple[int, int]:
        """Both red zones."""
        self.must_be_mapped(objp, cache.size, "read access")
        return self.contents.word(dbg_redzone1(cache, objp)), self.contents.word(dbg_redzone2(cache, objp))

    def error(self, cpu: Cpu, function: str, cache: KmemCache, message: str) -> None:
        """Report an error (mm/slab.c: slab_error)."""
        self.reports.slab_error(cpu, function, cache, message)


def pattern(cache: KmemCache, value: int) -> bytes:
    """What poison_obj leaves in an object."""
    return bytes([value]) * (cache.object_size - 1) + bytes([POISON_END])


def bad_lines(data: bytes, wanted: bytes) -> list[int]:
    """Offsets of the 16-byte lines that check_poison_obj prints.

    As in the kernel, the byte that follows a printed line is not looked at, and a sixth line is the last.
    """
    lines: list[int] = []
    i = 0
    while i < len(data) and len(lines) <= MAX_LINES:
        if data[i] != wanted[i]:
            lines.append(i // LINE * LINE)
            i = lines[-1] + LINE
        i += 1
    return lines
