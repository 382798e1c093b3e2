"""Turning on what stands before and behind the objects' paths of any allocator: injected faults, memory cgroups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from simslab.allocator.allocator import Faults
    from simslab.allocator.cache import Cache
    from simslab.kernel.kernel import Kernel
    from simslab.kernel.memcg.charge import MemcgCharging
    from simslab.machine.core.cpu import Cpu
    from simslab.slab_common.memcg.hooks import MemcgHooks
    from simslab.slab_common.memcg.vectors import SlabPlaces


class Charged(Protocol):
    """A part of an allocator that tells memory cgroups of what it does."""

    memcg: Any  # MemcgHooks; None where nobody is charged


class Allocating(Charged, Protocol):
    """The part that allocates objects; `hooked` is 1 where it has to ask for anything (slab_pre_alloc_hook)."""

    failslab: Any  # Faults; None where none are injected
    hooked: int


class Hooked(Protocol):
    """An allocator by its parts."""

    kernel: Kernel
    memcg: MemcgHooks | None

    @property
    def by_index(self) -> Sequence[Cache | None]:
        """Its caches by index."""

    @property
    def allocating(self) -> Allocating:
        """What allocates objects."""

    @property
    def freeing(self) -> Charged:
        """What frees them."""

    @property
    def pages(self) -> Charged:
        """What makes and destroys slabs."""

    def slab_places(self) -> SlabPlaces:
        """Where a slab has its objects, for vectors beside it."""

    def kmalloc_node(self, cpu: Cpu, size: int, flags: int, nodeid: int) -> int:
        """Allocate `size` bytes on node `nodeid`."""

    def kfree(self, cpu: Cpu, objp: int) -> int:
        """Free them."""


def set_failslab(allocator: Hooked, faults: Faults | None) -> None:
    """Let allocations fail from now on; None: no more (mm/failslab.c)."""
    allocator.allocating.failslab = faults
    allocator.allocating.hooked = int(faults is not None or allocator.memcg is not None)


def set_memcg(allocator: Hooked, charging: MemcgCharging) -> None:
    """Charge the objects of tasks to their memory cgroups from now on (memcg_kmem_enabled).

    Speed: loaded where asked for (benchmarks/start.py).
    """
    from simslab.slab_common.memcg.hooks import MemcgHooks
    from simslab.slab_common.memcg.vectors import ObjCgroupVectors

    vectors = ObjCgroupVectors(allocator.kernel.mem_map, allocator, allocator.slab_places())
    hooks = MemcgHooks(charging, vectors, allocator.by_index)
    allocator.memcg = hooks
    for part in (allocator.allocating, allocator.freeing, allocator.pages):
        part.memcg = hooks
    allocator.allocating.hooked = 1
