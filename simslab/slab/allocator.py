"""SLAB as its users see it: one kernel's mm/slab.c with creation, destruction, tuning, hotplug and boot.

Every call names the CPU on which it runs, and charges that CPU.
"""

from __future__ import annotations

from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu
from simslab.slab.core import SlabCore
from simslab.slab.creation import boot, cpucache, destroy, slab_common
from simslab.slab.kmem_cache import KmemCache


class SlabAllocator(SlabCore):
    """All slab caches of one kernel (mm/slab.c, mm/slab_common.c)."""

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

    def kmem_cache_destroy(self, cache: KmemCache, cpu: Cpu | None = None) -> int:
        """Drop a reference to a cache; -EBUSY when the last one goes and objects are left (destroy.py)."""
        return destroy.kmem_cache_destroy(self, cache, cpu)

    def slabinfo_write(self, text: str, cpu: Cpu | None = None) -> int:
        """Tune a cache by a line `name limit batchcount shared` (cpucache.py)."""
        return cpucache.slabinfo_write(self, text, gfp.GFP_KERNEL, cpu)

    def start_cpu_timer(self, cpu: Cpu) -> None:
        """Let `cpu` reap about once every 2 s from now on (mm/slab.c: start_cpu_timer)."""
        self.reaper.start_cpu_timer(cpu)

    def cache_reap(self, cpu: Cpu) -> int:
        """Reap all caches for this CPU; 0 if slab_mutex was taken (mm/slab.c: cache_reap)."""
        return self.reaper.cache_reap(cpu)
