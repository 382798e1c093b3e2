"""SLAB as its users see it: one kernel's mm/slab.c with creation, destruction, tuning, hotplug and boot.

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
from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu
from simslab.slab.core import SlabCore
from simslab.slab.creation import boot, cpucache
from simslab.slab.creation.options import SlabOptions
from simslab.slab.creation.set_up import SlabCreation
from simslab.slab.housekeeping import hotplug
from simslab.slab.kmem_cache import KmemCache
from simslab.slab.slabinfo import slabinfo_text
from simslab.slab_common.creation import CacheRequest

TUNABLES: Final = ("limit", "batchcount", "shared")


class SlabAllocator(SlabCore):
    """All slab caches of one kernel (mm/slab.c, mm/slab_common.c)."""

    def __init__(self, kernel: Kernel, options: SlabOptions | None = None) -> None:
        super().__init__(kernel, options)
        self.creation = SlabCreation(self)

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

    def tune(self, cache: Cache, values: Mapping[str, int], cpu: Cpu | None = None) -> int:
        """Set `limit`, `batchcount` and `shared` of a cache; 0 or -EINVAL. BadValue for what SLAB cannot be told.

        As written to /proc/slabinfo, which takes all three: one that is not given stays, but a batchcount not above the
        limit.
        """
        check_tunables(values)
        if cache not in self.caches:
            raise KernelBugError(f"cache {cache.name} is tuned after it was destroyed")
        wanted = {**self.tunables(cache), **values}
        if "batchcount" not in values:
            wanted["batchcount"] = min(wanted["batchcount"], wanted["limit"])
        elif wanted["batchcount"] > wanted["limit"]:
            told = f"batchcount {wanted['batchcount']} is above limit {wanted['limit']}, the cache's own"
            raise BadValue(told, expected="a 'limit' as well", at=("batchcount",))
        triple = wanted["limit"], wanted["batchcount"], wanted["shared"]
        return cpucache.tune(self, cpu or self.kernel.machine.cpus[0], own(cache), triple, gfp.GFP_KERNEL)

    def tunables(self, cache: Cache) -> dict[str, int]:
        """The `limit`, `batchcount` and `shared` of a cache, as /proc/slabinfo shows them."""
        slab_cache = own(cache)
        return {"limit": slab_cache.limit, "batchcount": slab_cache.batchcount, "shared": slab_cache.shared}

    def make_standing(self, name: str) -> None:
        """None: the recorded kernel with SLAB has all standing caches that there are."""

    def parked(self, cache: Cache) -> Parked:
        """The free objects in a cache's arrays and slabs, and its pages; no lock is taken."""
        slab_cache = own(cache)
        nodes = [node for node in slab_cache.node if node is not None]
        aliens = [alien for node in nodes if node.alien is not None for alien in node.alien.made if alien is not None]
        return Parked(
            in_cpu_arrays=sum(array.avail for array in slab_cache.cpu_cache),
            in_shared_arrays=sum(node.shared.avail for node in nodes if node.shared is not None),
            in_alien_arrays=sum(alien.ac.avail for alien in aliens),
            in_slabs=sum(node.free_objects for node in nodes),
            pages=sum(node.total_slabs for node in nodes) << slab_cache.gfporder,
        )

    def arrays(self, cache: Cache) -> list[ArrayLevel]:
        """What each CPU's array, each node's shared array and each node's alien arrays hold; no lock is taken."""
        slab_cache = own(cache)
        nodes = [(place, node) for place, node in enumerate(slab_cache.node) if node is not None]
        return [
            *(ArrayLevel("cpu", cpu, array.avail) for cpu, array in enumerate(slab_cache.cpu_cache)),
            *(ArrayLevel("shared", place, node.shared.avail) for place, node in nodes if node.shared is not None),
            *(
                ArrayLevel("alien", place, sum(alien.ac.avail for alien in node.alien.made if alien is not None))
                for place, node in nodes
                if node.alien is not None
            ),
        ]

    def slabinfo_write(self, text: str, cpu: Cpu | None = None) -> int:
        """Tune a cache by a line `name limit batchcount shared` (cpucache.py)."""
        return cpucache.slabinfo_write(self, text, gfp.GFP_KERNEL, cpu)

    def slabinfo(self) -> str:
        """The text of /proc/slabinfo, with the statistics of debug kernels (slabinfo.py)."""
        return slabinfo_text(self.caches, self.debug is not None)

    def sysfs(self) -> str:
        """Empty: SLAB has no /sys/kernel/slab."""
        return ""

    def start_reaping(self, cpu: Cpu) -> None:
        """Let `cpu` reap about once every 2 s from now on (mm/slab.c: start_cpu_timer)."""
        self.reaper.start_cpu_timer(cpu)

    def cache_reap(self, cpu: Cpu) -> int:
        """Reap all caches for this CPU; 0 if slab_mutex was taken (mm/slab.c: cache_reap)."""
        return self.reaper.cache_reap(cpu)

    def cpu_up(self, cpu: Cpu, coming: int) -> int:
        """Prepare all caches for CPU `coming`, then let it take part and reap; 0 or -ENOMEM (hotplug.py)."""
        return hotplug.cpu_up(self, cpu, coming)

    def cpu_down(self, cpu: Cpu, going: int) -> None:
        """Stop CPU `going`'s reaper and give back all that only it used (hotplug.py)."""
        hotplug.cpu_down(self, cpu, going)

    def memory_going_online(self, cpu: Cpu, nid: int) -> int:
        """Give every cache a structure for a node whose memory comes; 0 or -ENOMEM (hotplug.py)."""
        return hotplug.memory_going_online(self, cpu, nid)

    def memory_going_offline(self, cpu: Cpu, nid: int) -> int:
        """Destroy a node's free slabs; -EBUSY when slabs with objects are left (hotplug.py)."""
        return hotplug.memory_going_offline(self, cpu, nid)


def own(cache: Cache) -> KmemCache:
    """`cache` as one of SLAB's; KernelBugError for another allocator's."""
    if not isinstance(cache, KmemCache):
        raise KernelBugError(f"cache {cache.name} is not one of SLAB's")
    return cache


def check_tunables(values: Mapping[str, int]) -> None:
    """BadValue for a name that is no tunable of SLAB."""
    for name in values:
        if name not in TUNABLES:
            told = f"no tunable '{name}' with SLAB"
            raise BadValue(told, expected=", ".join(TUNABLES), near=near_miss(name, TUNABLES), at=(name,))
