"""What users may ask of a slab allocator, SLAB or SLUB: the kernel's own calls, and views that charge nothing.

Objects are simulated physical addresses; 0 is NULL. Every call names the CPU on which it runs, and charges that CPU.
An allocator derives from `Allocator` and answers all of it (tests/allocator/test_allocator.py); what differs between
them (arrays, lists, freelists, tunables) stays behind. Room for more: an allocator with object arrays in front of its
slabs, as the sheaves of 6.18, needs no further call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from simslab.allocator.cache import Cache
from simslab.allocator.parked import ArrayLevel, Parked
from simslab.kernel.bug import KernelBugError
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm.mempolicy import MemPolicies
from simslab.machine.core.cpu import Cpu

if TYPE_CHECKING:
    from simslab.kernel.memcg.charge import MemcgCharging


class Faults(Protocol):
    """Says which allocations fail by design (mm/failslab.c)."""

    def should_failslab(self, cache: Cache, flags: int) -> bool:
        """Whether this allocation fails."""


class ObjectDebug(Protocol):
    """The contents of objects, which debug kernels have, and the errors they found."""

    def errors(self) -> int:
        """How many errors were reported so far."""

    def slab_at(self, addr: int) -> tuple[int, int] | None:
        """First address of the slab at `addr` and the first behind it; None when no slab is there."""

    def write(self, addr: int, data: bytes, cpu: Cpu | None = None) -> None:
        """Write bytes anywhere inside one slab, as buggy code may; charges `cpu`, if given."""


class Allocator:
    """The allocator of one kernel.

    `caches` is in order of creation; `by_index[i]` is the cache of index i, from 1, None when destroyed. `path_names`
    are the names of the codes that an operation leaves in `Cpu.path`: its deepest branch; code 0 is no operation.
    `debug` is None unless the kernel keeps the contents of objects.
    """

    def __init__(self, kernel: Kernel, path_names: tuple[str, ...]) -> None:
        self.kernel = kernel
        self.path_names = path_names
        self.caches: Sequence[Cache] = []
        self.by_index: Sequence[Cache | None] = [None]
        self.online_cpus: list[int] = []
        self.debug: ObjectDebug | None = None

    # -- objects ------------------------------------------------------------------------------------------------------

    def kmem_cache_alloc(self, cpu: Cpu, cache: Cache, flags: int) -> int:
        """Allocate an object; 0 when there is none."""
        raise missing("kmem_cache_alloc")

    def kmem_cache_alloc_node(self, cpu: Cpu, cache: Cache, flags: int, nodeid: int) -> int:
        """Allocate an object of node `nodeid`, -1 for any; 0 when there is none."""
        raise missing("kmem_cache_alloc_node")

    def kmem_cache_free(self, cpu: Cpu, cache: Cache, objp: int) -> int:
        """Free an object of `cache`."""
        raise missing("kmem_cache_free")

    def kmem_cache_alloc_bulk(self, cpu: Cpu, cache: Cache, flags: int, size: int) -> list[int]:
        """Allocate `size` objects, or none and an empty list."""
        raise missing("kmem_cache_alloc_bulk")

    def kmem_cache_free_bulk(self, cpu: Cpu, cache: Cache, objects: list[int]) -> int:
        """Free objects of `cache`; SLAB in order, SLUB slab by slab."""
        raise missing("kmem_cache_free_bulk")

    def kmalloc(self, cpu: Cpu, size: int, flags: int) -> int:
        """Allocate `size` bytes; 16 (ZERO_SIZE_PTR) for none, 0 on failure."""
        raise missing("kmalloc")

    def kmalloc_node(self, cpu: Cpu, size: int, flags: int, nodeid: int) -> int:
        """Allocate `size` bytes on node `nodeid`."""
        raise missing("kmalloc_node")

    def kfree(self, cpu: Cpu, objp: int) -> int:
        """Free what kmalloc returned; NULL and ZERO_SIZE_PTR do nothing."""
        raise missing("kfree")

    def kmalloc_slab(self, size: int, flags: int) -> Cache | None:
        """The cache that serves `size` bytes; None when none does."""
        raise missing("kmalloc_slab")

    def ksize(self, cpu: Cpu, objp: int) -> int:
        """Bytes that may be used at `objp`."""
        raise missing("ksize")

    # -- caches -------------------------------------------------------------------------------------------------------

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
    ) -> Cache | None:
        """Create or share a cache, on CPU 0 by default; None when it cannot be made.

        The parameters are the kernel's own (mm/slab_common.c: kmem_cache_create_usercopy), however many.
        """
        raise missing("kmem_cache_create")

    def kmem_cache_destroy(self, cache: Cache, cpu: Cpu | None = None) -> int:
        """Drop a reference to a cache; -EBUSY when the last one goes and objects are left."""
        raise missing("kmem_cache_destroy")

    def make_standing(self, name: str) -> Cache | None:
        """Make a cache that kernels have standing and the recorded one, built with less, has not; None if unknown."""
        raise missing("make_standing")

    def kmem_cache_shrink(self, cpu: Cpu, cache: Cache) -> int:
        """Give free memory of a cache back; 1 when slabs are left."""
        raise missing("kmem_cache_shrink")

    def tune(self, cache: Cache, values: Mapping[str, int], cpu: Cpu | None = None) -> int:
        """Set tunables of a cache by their names; 0 or a negative errno. BadValue for one that there is not.

        Those that are not named stay as they are.
        """
        raise missing("tune")

    # -- the rest of the kernel ---------------------------------------------------------------------------------------

    def start_reaping(self, cpu: Cpu) -> None:
        """Let `cpu` give back idle memory from time to time, if the allocator has such a habit."""
        raise missing("start_reaping")

    def set_policies(self, policies: MemPolicies) -> None:
        """Let the tasks on the CPUs have memory policies and cpusets from now on."""
        raise missing("set_policies")

    def set_failslab(self, faults: Faults | None) -> None:
        """Let allocations fail from now on; None: no more."""
        raise missing("set_failslab")

    def set_memcg(self, charging: MemcgCharging) -> None:
        """Charge the objects of tasks to their memory cgroups from now on."""
        raise missing("set_memcg")

    def cpu_up(self, cpu: Cpu, coming: int) -> int:
        """Prepare for CPU `coming` and let it take part; 0 or -ENOMEM."""
        raise missing("cpu_up")

    def cpu_down(self, cpu: Cpu, going: int) -> None:
        """Give back all that only CPU `going` used."""
        raise missing("cpu_down")

    def memory_going_online(self, cpu: Cpu, nid: int) -> int:
        """Prepare for the memory of a node; 0 or -ENOMEM."""
        raise missing("memory_going_online")

    def memory_going_offline(self, cpu: Cpu, nid: int) -> int:
        """Give a node's free slabs back; -EBUSY when slabs with objects are left."""
        raise missing("memory_going_offline")

    # -- views --------------------------------------------------------------------------------------------------------

    def slabinfo(self) -> str:
        """The text of /proc/slabinfo."""
        raise missing("slabinfo")

    def sysfs(self) -> str:
        """/sys/kernel/slab as text; empty where there is no such directory."""
        raise missing("sysfs")

    def tunables(self, cache: Cache) -> dict[str, int]:
        """The present value of everything that `tune` sets, by name."""
        raise missing("tunables")

    def parked(self, cache: Cache) -> Parked:
        """The free objects that a cache holds, and its pages; no lock is taken."""
        raise missing("parked")

    def arrays(self, cache: Cache) -> list[ArrayLevel]:
        """What each array of a cache holds; no lock is taken."""
        raise missing("arrays")


def missing(method: str) -> KernelBugError:
    """The error of an allocator that does not answer a call of the interface."""
    return KernelBugError(f"the allocator has no {method}")
