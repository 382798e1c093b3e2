"""SLUB as its users see it: one kernel's mm/slub.c with creation, destruction, attributes, hotplug and boot.

Every call names the CPU on which it runs, and charges that CPU.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simslab.allocator.cache import Cache
from simslab.allocator.parked import ArrayLevel, Parked
from simslab.base.errors import BadValue, near_miss
from simslab.kernel.bug import KernelBugError
from simslab.kernel.kernel import Kernel
from simslab.machine.core.cpu import Cpu
from simslab.slab_common.creation import CacheRequest
from simslab.slub.core import SlubCore
from simslab.slub.creation import boot, sysfs
from simslab.slub.creation.options import SlubOptions
from simslab.slub.creation.set_up import SlubCreation
from simslab.slub.housekeeping import hotplug, shrink
from simslab.slub.housekeeping.attributes import sysfs_text
from simslab.slub.housekeeping.slabinfo import cpu_levels, parked, slabinfo_text
from simslab.slub.kmem_cache import KmemCache

TUNABLES: Final = ("cpu_partial", "min_partial", "remote_node_defrag_ratio")


class SlubAllocator(SlubCore):
    """All SLUB caches of one kernel (mm/slub.c, mm/slab_common.c)."""

    def __init__(self, kernel: Kernel, options: SlubOptions | None = None) -> None:
        super().__init__(kernel, options)
        self.creation = SlubCreation(self)

    def boot(self, standing: bool = True) -> None:
        """Bring the allocator up (boot.py)."""
        boot.boot(self.creation, standing)

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
        """Create or share a cache; None when it cannot be made (mm/slab_common.c: kmem_cache_create_usercopy)."""
        request = CacheRequest(name, size, align, flags, ctor, useroffset, usersize)
        return self.creation.kmem_cache_create_usercopy(cpu or self.kernel.machine.cpus[0], request)

    def kmem_cache_destroy(self, cache: Cache, cpu: Cpu | None = None) -> int:
        """Drop a reference to a cache; -EBUSY when the last one goes and objects are left (slab_common/creation.py)."""
        return self.creation.kmem_cache_destroy(cpu or self.kernel.machine.cpus[0], own(cache))

    def kmem_cache_shrink(self, cpu: Cpu, cache: Cache) -> int:
        """Flush all CPUs, give empty slabs back, sort the others; 1 when slabs are left (shrink.py)."""
        with self.kernel.hotplug.held_off(cpu):
            return shrink.kmem_cache_shrink(self, cpu, own(cache))

    def write_attribute(self, cpu: Cpu, cache: Cache, name: str, value: int) -> int:
        """Write a number to an attribute of a cache; characters accepted or a negative errno (sysfs.py)."""
        return sysfs.slab_attr_store(self, cpu, own(cache), name, str(value))

    def tune(self, cache: Cache, values: Mapping[str, int], cpu: Cpu | None = None) -> int:
        """Write attributes of a cache by their names in /sys/kernel/slab; 0 or the first negative errno.

        BadValue for a name that SLUB has not. `remote_node_defrag_ratio` is in percent.
        """
        for name in values:
            if name not in TUNABLES:
                told = f"no tunable '{name}' with SLUB"
                raise BadValue(told, expected=", ".join(TUNABLES), near=near_miss(name, TUNABLES), at=(name,))
        if cache not in self.caches:
            raise KernelBugError(f"cache {cache.name} is tuned after it was destroyed")
        err = 0
        for name, value in values.items():
            err = err or min(self.write_attribute(cpu or self.kernel.machine.cpus[0], cache, name, value), 0)
        return err

    def tunables(self, cache: Cache) -> dict[str, int]:
        """What `tune` sets, as /sys/kernel/slab shows it."""
        slub_cache = own(cache)
        return {
            "cpu_partial": slub_cache.cpu_partial,
            "min_partial": slub_cache.min_partial,
            "remote_node_defrag_ratio": slub_cache.remote_node_defrag_ratio // 10,
        }

    def make_standing(self, name: str) -> KmemCache | None:
        """Make a standing cache that the recorded kernel with SLUB, built without the network, has not (boot.py)."""
        return boot.make_standing(self.creation, name)

    def parked(self, cache: Cache) -> Parked:
        """The free objects of a cache by where they lie, and its pages; no lock is taken (slabinfo.py)."""
        return parked(self, own(cache))

    def arrays(self, cache: Cache) -> list[ArrayLevel]:
        """What each CPU has of a cache; no lock is taken (slabinfo.py)."""
        return cpu_levels(self, own(cache))

    def slabinfo(self) -> str:
        """The text of /proc/slabinfo (slabinfo.py)."""
        return slabinfo_text(self)

    def sysfs(self) -> str:
        """/sys/kernel/slab as text (attributes.py)."""
        return sysfs_text(self)

    def start_reaping(self, cpu: Cpu) -> None:
        """Do nothing: SLUB has no reaper."""

    def cpu_up(self, cpu: Cpu, coming: int) -> int:
        """Let CPU `coming` take part; its structures are those of every possible CPU (hotplug.py)."""
        return hotplug.cpu_up(self, cpu, coming)

    def cpu_down(self, cpu: Cpu, going: int) -> None:
        """Give back the slabs that CPU `going` has (hotplug.py)."""
        hotplug.cpu_down(self, cpu, going)

    def memory_going_online(self, cpu: Cpu, nid: int) -> int:
        """Give every cache a structure for a node whose memory comes; 0 or -ENOMEM (hotplug.py)."""
        return hotplug.memory_going_online(self, cpu, nid)

    def memory_going_offline(self, cpu: Cpu, nid: int) -> int:
        """Shrink all caches before a node's memory goes; -EBUSY when the node keeps slabs (hotplug.py)."""
        return hotplug.memory_going_offline(self, cpu, nid)


def own(cache: Cache) -> KmemCache:
    """`cache` as one of SLUB's; KernelBugError for another allocator's."""
    if not isinstance(cache, KmemCache):
        raise KernelBugError(f"cache {cache.name} is not one of SLUB's")
    return cache
