"""The allocator as its users see it: what objects ask of `SlubCore`, and caches made, tuned, shrunk and destroyed."""

from __future__ import annotations

from simslab.machine.core.cpu import Cpu
from simslab.slub import shrink
from simslab.slub.core import SlubCore
from simslab.slub.creation import boot, slab_common, sysfs
from simslab.slub.kmem_cache import KmemCache


class SlubAllocator(SlubCore):
    """All SLUB caches of one kernel (mm/slub.c, mm/slab_common.c)."""

    def boot(self, standing: bool = True) -> None:
        """Bring the allocator up (boot.py)."""
        boot.boot(self, standing)

    def kmem_cache_create(
        self,
        name: str,
        size: int,
        align: int = 0,
        flags: int = 0,
        ctor: int = 0,
        useroffset: int = 0,
        usersize: int = 0,
        cpu: Cpu | None = None,
    ) -> KmemCache | None:
        """Create or share a cache; None when it cannot be made (slab_common.py)."""
        return slab_common.kmem_cache_create_usercopy(self, name, size, align, flags, ctor, useroffset, usersize, cpu)

    def kmem_cache_destroy(self, cache: KmemCache, cpu: Cpu | None = None, order: list[int] | None = None) -> int:
        """Drop a reference to a cache; -EBUSY when the last one goes and objects are left (slab_common.py)."""
        return slab_common.kmem_cache_destroy(self, cache, cpu, order)

    def kmem_cache_shrink(self, cpu: Cpu, cache: KmemCache, order: list[int] | None = None) -> int:
        """Flush all CPUs, give empty slabs back, sort the others; 1 when slabs are left (shrink.py)."""
        return shrink.kmem_cache_shrink(self, cpu, cache, order)

    def tune(self, cpu: Cpu, cache: KmemCache, name: str, value: int, order: list[int] | None = None) -> int:
        """Write a number to an attribute of a cache; characters accepted or a negative errno (sysfs.py)."""
        return sysfs.slab_attr_store(self, cpu, cache, name, str(value), order)
