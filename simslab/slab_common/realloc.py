"""Sizes of kmalloc memory, and other sizes for it (mm/slab_common.c: krealloc and its neighbours)."""

from __future__ import annotations

from typing import Final

from simslab.allocator.allocator import Allocator
from simslab.allocator.cache import Cache
from simslab.machine.core.cpu import Cpu
from simslab.slab_common.kmalloc import ZERO_SIZE_PTR

KREALLOC_INSNS: Final = 30  # estimate: krealloc, __do_krealloc, ksize
COPY_INSNS: Final = 20  # estimate: memcpy with `rep movsb` counted once
ZERO_INSNS: Final = 22  # memset with `rep stosb` counted once


def kmem_cache_size(cache: Cache) -> int:
    """Bytes of an object of the cache (mm/slab_common.c: kmem_cache_size)."""
    return cache.object_size


def krealloc(allocator: Allocator, cpu: Cpu, objp: int, new_size: int, flags: int) -> int:
    """Memory of `new_size` bytes with the contents of `objp`; 0, and `objp` stays, when there is none (krealloc).

    What is large enough stays where it is; 0 bytes free `objp` and give ZERO_SIZE_PTR.
    """
    cpu.insn(KREALLOC_INSNS)
    if not new_size:
        allocator.kfree(cpu, objp)
        return ZERO_SIZE_PTR
    moved = do_krealloc(allocator, cpu, objp, new_size, flags)
    if moved and moved != objp:
        allocator.kfree(cpu, objp)
    return moved


def do_krealloc(allocator: Allocator, cpu: Cpu, objp: int, new_size: int, flags: int) -> int:
    """`objp` itself when it is large enough, else a copy (mm/slab_common.c: __do_krealloc)."""
    size = allocator.ksize(cpu, objp)
    if size >= new_size:
        return objp
    moved = allocator.kmalloc(cpu, new_size, flags)
    if moved and size:
        cpu.insn(COPY_INSNS)
        cpu.read_span(objp, size)
        cpu.write_span(moved, size)
    return moved


def kfree_sensitive(allocator: Allocator, cpu: Cpu, objp: int) -> None:
    """Zero memory from kmalloc, all that ksize tells of, and free it (mm/slab_common.c: kfree_sensitive)."""
    size = allocator.ksize(cpu, objp)
    if size:
        cpu.insn(ZERO_INSNS)
        cpu.clear(objp, size)
    allocator.kfree(cpu, objp)
