"""What DEBUG_SLAB kernels print, in the kernel's formats (mm/slab.c: slab_error, print_objinfo, dump_line, ...).

Addresses are printed as %px prints them, 16 hexadecimal digits, but are the simulated physical ones that simslab's
interface uses. A stored user word is the address of a task's simulated code.
"""

from __future__ import annotations

from typing import Final

from simslab.kernel.mm import gfp
from simslab.kernel.mm.page import MemMap
from simslab.kernel.printk import TAINT_BAD_PAGE, KernelLog, RateLimit
from simslab.kernel.text import TaskText
from simslab.machine.core.cpu import Cpu
from simslab.slab.debug.bytes_of_slabs import SlabBytes
from simslab.slab.kmem_cache import KmemCache
from simslab.slab_common import flags as fl
from simslab.slab_common.object_bytes import LINE, POISON_FREE, hex_dump

UNSIGNED_LONG_LONG: Final = 8  # bytes of a red zone


def dbg_redzone1(cache: KmemCache, objp: int) -> int:
    """Address of the red zone before the object in slot `objp` (mm/slab.c: dbg_redzone1)."""
    return objp + cache.obj_offset - UNSIGNED_LONG_LONG


def dbg_redzone2(cache: KmemCache, objp: int) -> int:
    """Address of the red zone behind the object (mm/slab.c: dbg_redzone2)."""
    words = 2 if cache.flags & fl.SLAB_STORE_USER else 1
    return objp + cache.size - words * UNSIGNED_LONG_LONG


def dbg_userword(cache: KmemCache, objp: int) -> int:
    """Address of the word that says who allocated or freed the object last (mm/slab.c: dbg_userword)."""
    return objp + cache.size - UNSIGNED_LONG_LONG


class SlabReports:
    """Prints to the kernel log; `count` reports so far."""

    def __init__(self, mem_map: MemMap, contents: SlabBytes, log: KernelLog) -> None:
        self.mem_map = mem_map
        self.contents = contents
        self.log = log
        self.count = 0
        self.text = TaskText(log)
        self.slab_oom_rs = RateLimit(log, "slab_out_of_memory")

    # -- reports ------------------------------------------------------------------------------------------------------

    def slab_error(self, cpu: Cpu, function: str, cache: KmemCache, message: str) -> None:
        """Tell an error found by `function` (mm/slab.c: __slab_error).

        The kernel defines STATS_INC_ERR but never uses it, so `cache.errors` stays as it is; `count` counts.
        """
        self.count += 1
        self.log.pr_err(cpu, f"slab error in {function}(): cache `{cache.name}': {message}")
        self.log.dump_stack(cpu)
        self.log.add_taint(TAINT_BAD_PAGE)

    def redzones(self, cpu: Cpu, objp: int, redzone1: int, redzone2: int) -> None:
        """Tell what stands in the red zones of a slot."""
        self.log.pr_err(cpu, f"{objp:016x}: redzone 1:{redzone1:#x}, redzone 2:{redzone2:#x}")

    def print_objinfo(self, cpu: Cpu, cache: KmemCache, objp: int, lines: int) -> None:
        """Red zones, last user and the first `lines` lines of an object (mm/slab.c: print_objinfo)."""
        word = self.contents.word
        if cache.flags & fl.SLAB_RED_ZONE:
            redzone1, redzone2 = word(dbg_redzone1(cache, objp)), word(dbg_redzone2(cache, objp))
            self.log.pr_err(cpu, f"Redzone: {redzone1:#x}/{redzone2:#x}")
        if cache.flags & fl.SLAB_STORE_USER:
            self.log.pr_err(cpu, f"Last user: ({self.text.symbol(word(dbg_userword(cache, objp)))})")
        data = self.contents.read(objp + cache.obj_offset, cache.object_size)
        for offset in range(0, min(len(data), LINE * lines), LINE):
            self.dump_line(cpu, data, offset)

    def dump_line(self, cpu: Cpu, data: bytes, offset: int) -> None:
        """One line of a hex dump, with a hint when a single bit has flipped (mm/slab.c: dump_line)."""
        line = data[offset : offset + LINE]
        self.log.pr_err(cpu, f"{offset:03x}: {hex_dump(line)}")
        bad = [byte for byte in line if byte != POISON_FREE]
        if len(bad) == 1 and (bad[0] ^ POISON_FREE).bit_count() == 1:
            self.log.pr_err(cpu, "Single bit error detected. Probably bad RAM.")
            self.log.pr_err(cpu, "Run memtest86+ or a similar memory test tool.")

    def corruption(self, cpu: Cpu, cache: KmemCache, objp: int, lines: list[int]) -> None:
        """Tell that a free object was written to, at the 16-byte lines from offsets `lines` (check_poison_obj)."""
        self.count += 1
        start, size = objp + cache.obj_offset, cache.object_size
        pfn = self.contents.slab_of(objp)
        if self.mem_map.get("active", pfn) > 0:  # else the slab is going, and its index array has been wiped
            self.contents.show_index(pfn, cache.num)
        self.log.pr_err(cpu, f"Slab corruption ({self.log.tainted()}): {cache.name} start={start:016x}, len={size}")
        self.print_objinfo(cpu, cache, objp, 0)
        data = self.contents.read(start, size)
        for offset in lines:
            self.dump_line(cpu, data, offset)
        number = (objp - self.mem_map.get("s_mem", pfn)) // cache.size
        if number:
            self.neighbour(cpu, cache, "Prev", objp - cache.size)
        if number + 1 < cache.num:
            self.neighbour(cpu, cache, "Next", objp + cache.size)

    def neighbour(self, cpu: Cpu, cache: KmemCache, which: str, objp: int) -> None:
        """Tell of the object before or behind a corrupted one: who wrote too far?"""
        self.log.pr_err(cpu, f"{which} obj: start={objp + cache.obj_offset:016x}, len={cache.object_size}")
        self.print_objinfo(cpu, cache, objp, 2)

    def double_free(self, cpu: Cpu, cache: KmemCache, objp: int) -> None:
        """What slab_put_obj prints before it gives up."""
        self.count += 1
        self.log.pr_err(cpu, f"slab: double free detected in cache '{cache.name}', objp {objp:016x}")

    def slab_out_of_memory(self, cpu: Cpu, cache: KmemCache, flags: int, nodeid: int) -> None:
        """Tell that a slab could not be had, and what each node holds (mm/slab.c: slab_out_of_memory).

        Not modelled: the list_locks it takes to look.
        """
        if flags & gfp.NOWARN or not self.slab_oom_rs.allows(cpu):
            return
        warn = self.log.pr_warn
        warn(cpu, f"SLAB: Unable to allocate memory on node {nodeid}, gfp={flags:#x}({gfp.format_gfp(flags)})")
        warn(cpu, f"  cache: {cache.name}, object size: {cache.size}, order: {cache.gfporder}")
        for nid, n in enumerate(cache.node):
            if n is None:
                continue
            total = n.total_slabs * cache.num
            used = n.total_slabs - n.free_slabs
            warn(
                cpu,
                f"  node {nid}: slabs: {used}/{n.total_slabs}, objs: {total - n.free_objects}/{total}",
            )
