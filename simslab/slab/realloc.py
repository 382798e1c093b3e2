"""Sizes of kmalloc memory, and other sizes for it (mm/slab_common.c: krealloc and its neighbours)."""

from __future__ import annotations

from typing import Final

from simslab.machine.core.cpu import Cpu
from simslab.slab.core import SlabCore
from simslab.slab.creation.kmalloc import ZERO_SIZE_PTR
from simslab.slab.kmem_cache import KmemCache

KREALLOC_INSNS: Final = 30  # estimate: krealloc, __do_krealloc, ksize
COPY_INSNS: Final = 20  # estimate: memcpy with `rep movsb` counted once
ZERO_INSNS: Final = 22  # memset with `rep stosb` counted once


def kmem_cache_size(cache: KmemCache) -> int:
    """Bytes of an object of the cache (mm/slab_common.c: kmem_cache_size)."""
    return cache.object_size


def krealloc(core: SlabCore, cpu: Cpu, objp: int, new_size: int, flags: int) -> int:
    """Memory of `new_size` bytes with the contents of `objp`; 0, and `objp` stays, when there is none (krealloc).

    What is large enough stays where it is; 0 bytes free `objp` and give ZERO_SIZE_PTR.
    """
    cpu.insn(KREALLOC_INSNS)
    if not new_size:
        core.kfree(cpu, objp)
        return ZERO_SIZE_PTR
    moved = do_krealloc(core, cpu, objp, new_size, flags)
    if moved and moved != objp:
        core.kfree(cpu, objp)
    return moved


def do_krealloc(core: SlabCore, cpu: Cpu, objp: int, new_size: int, flags: int) -> int:
    """`objp` itself when it is large enough, else a copy (mm/slab_common.c: __do_krealloc)."""
    size = core.ksize(cpu, objp)
    if size >= new_size:
        return objp
    moved = core.kmalloc(cpu, new_size, flags)
    if moved and size:
        cpu.insn(COPY_INSNS)
        cpu.read_span(objp, size)
        cpu.write_span(moved, size)
    return moved


def kfree_sensitive(core: SlabCore, cpu: Cpu, objp: int) -> None:
    """Zero memory from kmalloc, all that ksize tells of, and free it (mm/slab_common.c: kfree_sensitive)."""
    size = core.ksize(cpu, objp)
    if size:
        cpu.insn(ZERO_INSNS)
        cpu.clear(objp, size)
    core.kfree(cpu, objp)
