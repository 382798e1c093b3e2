"""Creating, sharing and destroying caches, as far as the allocators have it in common (mm/slab_common.c).

Process context, interrupts on. Creation and destruction wait for slab_mutex and for CPUs and memory that come or go.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Generic, Protocol, TypeVar

from simslab.allocator.cache import Cache
from simslab.kernel.errno import EBUSY, EINVAL, ENOMEM
from simslab.kernel.kernel import Kernel
from simslab.kernel.locking.mutex import Mutex, holding
from simslab.kernel.mm import gfp
from simslab.kernel.printk import KernelLog
from simslab.machine.core.cpu import Cpu
from simslab.slab_common import flags as fl
from simslab.slab_common.alignment import BYTES_PER_WORD, boot_alignment, calculate_alignment
from simslab.slab_common.kmalloc import KmallocCache
from simslab.slab_common.kmalloc_caches import KmallocCaches
from simslab.slab_common.memcg.standing import ACCOUNTED
from simslab.slab_common.slab_state import KernelPanicError
from simslab.slab_common.standing import StandingCache
from simslab.slab_common.usercopy import usercopy_window_is_valid

KMALLOC_MAX_SIZE: Final = 4 << 20  # bytes; of both allocators with pages of 4 KiB and MAX_ORDER 11

AnyCache = TypeVar("AnyCache", bound=Cache)


@dataclass(frozen=True)
class CacheRequest:
    """What kmem_cache_create_usercopy is asked for."""

    name: str
    size: int  # bytes of an object
    align: int = 0
    flags: int = 0
    ctor: int = 0
    useroffset: int = 0
    usersize: int = 0


class SlabCaches(Protocol[AnyCache]):
    """The caches of one kernel, and the calls with which they get their own structures."""

    kernel: Kernel
    slab_mutex: Mutex
    caches: list[AnyCache]
    caches_to_rcu_destroy: list[AnyCache]
    by_index: list[AnyCache | None]
    kmem_cache: AnyCache | None
    kmalloc_caches: KmallocCaches

    def kmem_cache_alloc(self, cpu: Cpu, cache: Cache, flags: int) -> int:
        """Allocate an object; 0 when there is none."""

    def kmem_cache_free(self, cpu: Cpu, cache: Cache, objp: int) -> int:
        """Free an object of `cache`."""


class CacheCreation(ABC, Generic[AnyCache]):
    """Creation and destruction of the caches of `slab`; what an allocator does its own way is abstract (mm/slab.h)."""

    def __init__(
        self, slab: SlabCaches[AnyCache], cache_line_size: int, debug_vm: bool = False, memcg: bool = False
    ) -> None:
        self.slab = slab
        self.memcg_flags = fl.SLAB_ACCOUNT if memcg else 0
        self.cache_line_size = cache_line_size
        self.debug_vm = debug_vm

    # -- the allocator's part (mm/slab.h) -----------------------------------------------------------------------------

    @abstractmethod
    def cache_create_mask(self) -> int:
        """Flags that reach a cache being created (CACHE_CREATE_MASK)."""

    @abstractmethod
    def cache_structure(self, index: int, addr: int, name: str) -> AnyCache:
        """An empty struct kmem_cache at `addr`."""

    @abstractmethod
    def kmem_cache_alias(self, request: CacheRequest) -> AnyCache | None:
        """An existing cache to be shared, with one reference more (__kmem_cache_alias)."""

    @abstractmethod
    def set_up(self, cpu: Cpu, cache: AnyCache, flags: int) -> int:
        """Size a cache and give it what it needs; 0 or a negative errno with all released (__kmem_cache_create)."""

    @abstractmethod
    def shutdown(self, cpu: Cpu, cache: AnyCache) -> int:
        """Empty a cache; not 0 when objects are left (__kmem_cache_shutdown)."""

    @abstractmethod
    def release(self, cpu: Cpu, cache: AnyCache) -> None:
        """Free what an empty cache consists of, but for its structure (__kmem_cache_release)."""

    @contextmanager
    def caches_held(self, cpu: Cpu) -> Iterator[None]:
        """No cache, CPU or memory comes or goes inside: the hotplug locks, then slab_mutex (mm/slab_common.c).

        Not modelled: the cycles of the three locks when nobody has them. A run's caches are made before its measured
        part.
        """
        with self.slab.kernel.hotplug.held_off(cpu), holding(self.slab.slab_mutex, cpu, charged=False):
            yield

    # -- creation -----------------------------------------------------------------------------------------------------

    def kmem_cache_create_usercopy(self, cpu: Cpu, request: CacheRequest) -> AnyCache | None:
        """Create or share a cache (mm/slab_common.c: kmem_cache_create_usercopy).

        Returns None after a warning when creation fails; raises KernelPanicError instead for a SLAB_PANIC cache, and
        EndlessAlignmentError for the one request at which the real kernel hangs.
        """
        with self.caches_held(cpu):
            cache, err = self.create_or_share(cpu, request)
        if err:
            self.creation_failed(cpu, request, err)
        return cache

    def create_or_share(self, cpu: Cpu, request: CacheRequest) -> tuple[AnyCache | None, int]:
        """Body of kmem_cache_create_usercopy, under slab_mutex: (cache, 0) or (None, errno)."""
        err = kmem_cache_sanity_check(self.slab.kernel.log, cpu, request) if self.debug_vm else 0
        if err or request.flags & ~(fl.SLAB_FLAGS_PERMITTED | self.memcg_flags) or request.size < 0:
            return None, err or -EINVAL
        request = replace(request, flags=request.flags & (self.cache_create_mask() | self.memcg_flags))
        if not usercopy_window_is_valid(request.size, request.useroffset, request.usersize):
            window = f"usercopy window {request.useroffset}+{request.usersize}"
            self.slab.kernel.log.pr_warn(cpu, f"{window} does not lie in an object of {request.size} bytes")
            request = replace(request, useroffset=0, usersize=0)
        cache = None if request.usersize else self.kmem_cache_alias(request)
        if cache is not None:
            return cache, 0
        # Not modelled: kstrdup_const of the name; most callers pass a constant that is not copied.
        align = calculate_alignment(request.flags, request.align, request.size, self.cache_line_size)
        return self.create_cache(cpu, replace(request, align=align))

    def creation_failed(self, cpu: Cpu, request: CacheRequest, err: int) -> None:
        """Warn, or panic if the cache was asked for with SLAB_PANIC."""
        if request.flags & fl.SLAB_PANIC:
            raise KernelPanicError(f"kmem_cache_create: Failed to create slab '{request.name}'. Error {err}")
        self.slab.kernel.log.pr_warn(cpu, f"kmem_cache_create({request.name}) failed with error {err}")
        self.slab.kernel.log.dump_stack(cpu)

    def create_cache(self, cpu: Cpu, request: CacheRequest) -> tuple[AnyCache | None, int]:
        """Make a new cache whose struct comes from the cache of caches; (cache, 0) or (None, errno) (create_cache)."""
        addr = self.slab.kmem_cache_alloc(cpu, self.cache_of_caches(), gfp.GFP_KERNEL | gfp.ZERO)
        if not addr:
            return None, -ENOMEM
        cache = self.new_kmem_cache(addr, request.name)
        cache.size = cache.object_size = request.size
        cache.align, cache.ctor = request.align, request.ctor
        cache.useroffset, cache.usersize = request.useroffset, request.usersize
        err = self.set_up(cpu, cache, request.flags)
        if err:
            self.slab.by_index.pop()
            self.slab.kmem_cache_free(cpu, self.cache_of_caches(), addr)
            return None, err
        cache.refcount = 1
        self.slab.caches.append(cache)
        return cache, 0

    def cache_of_caches(self) -> AnyCache:
        """Return the cache that struct kmem_cache comes from, which boot makes first."""
        kmem_cache = self.slab.kmem_cache
        assert kmem_cache is not None
        return kmem_cache

    def new_kmem_cache(self, addr: int, name: str) -> AnyCache:
        """Return an empty struct kmem_cache at `addr`, entered in `by_index` but not yet in `caches`."""
        cache = self.cache_structure(len(self.slab.by_index), addr, name)
        self.slab.by_index.append(cache)
        return cache

    def create_boot_cache(self, cpu: Cpu, cache: AnyCache, size: int, flags: int, usersize: int) -> None:
        """Fill a cache made at boot, whose struct exists already (mm/slab_common.c: create_boot_cache)."""
        cache.size = cache.object_size = size
        cache.align = boot_alignment(size, flags)
        cache.useroffset, cache.usersize = 0, usersize
        err = self.set_up(cpu, cache, flags)
        if err:
            raise KernelPanicError(f"Creation of kmalloc slab {cache.name} size={size} failed. Reason {err}")
        cache.refcount = -1  # exempt from merging for now

    def create_kmalloc_cache(self, cpu: Cpu, description: KmallocCache) -> None:
        """Make one kmalloc cache; user space may copy all of its objects (mm/slab_common.c: create_kmalloc_cache)."""
        addr = self.slab.kmem_cache_alloc(cpu, self.cache_of_caches(), gfp.GFP_NOWAIT | gfp.ZERO)
        if not addr:
            raise KernelPanicError("Out of memory when creating slab " + description.name)
        cache = self.new_kmem_cache(addr, description.name)
        self.create_boot_cache(cpu, cache, description.size, description.flags, description.size)
        self.slab.caches.append(cache)
        cache.refcount = 1
        self.slab.kmalloc_caches.rows[description.type][description.index] = cache

    def create_standing(self, cpu: Cpu, standing: StandingCache) -> AnyCache | None:
        """Make a standing cache as one of its own, with the references its aliases left; None after a warning.

        Not modelled: the aliases' own names. An object_size raised later than creation is the allocator's to set.
        """
        accounted = self.memcg_flags if standing.name in ACCOUNTED else 0
        flags = (standing.flags & self.cache_create_mask()) | accounted
        align = calculate_alignment(flags, standing.align, standing.object_size)
        request = CacheRequest(
            standing.name,
            standing.object_size,
            align,
            flags,
            standing.ctor,
            standing.useroffset,
            standing.usersize,
        )
        cache, err = self.create_cache(cpu, request)
        if cache is None:
            self.creation_failed(cpu, request, err)
        else:
            cache.refcount = standing.refcount
        return cache

    # -- destruction --------------------------------------------------------------------------------------------------

    def kmem_cache_destroy(self, cpu: Cpu, cache: AnyCache) -> int:
        """Drop one reference; the last one shuts the cache down (mm/slab_common.c: kmem_cache_destroy).

        Returns -EBUSY, after a warning, when objects are left: the cache then stays in the list, without references,
        and its objects can still be freed. As in the kernel a later request may share it again.
        """
        with self.caches_held(cpu):
            cache.refcount -= 1
            if cache.refcount:
                return 0
            err = self.shutdown_cache(cpu, cache)
            if err:
                self.slab.kernel.log.pr_err(cpu, f"kmem_cache_destroy {cache.name}: Slab cache still has objects")
                self.slab.kernel.log.dump_stack(cpu)
            return err

    def shutdown_cache(self, cpu: Cpu, cache: AnyCache) -> int:
        """Empty a cache and take it out of the list; 0 or -EBUSY with objects left (mm/slab_common.c: shutdown_cache).

        The slabs of a SLAB_TYPESAFE_BY_RCU cache refer to it until their grace period is over, so its own structure
        goes after that, by deferred work that serves all caches destroyed meanwhile.
        """
        if self.shutdown(cpu, cache):
            return -EBUSY
        self.slab.caches.remove(cache)
        if cache.flags & fl.SLAB_TYPESAFE_BY_RCU:
            self.slab.caches_to_rcu_destroy.append(cache)
            self.slab.kernel.workqueue.queue_work(cpu, self.slab_caches_to_rcu_destroy_workfn)
        else:
            self.slab_kmem_cache_release(cpu, cache)
        return 0

    def slab_caches_to_rcu_destroy_workfn(self, cpu: Cpu) -> None:
        """Release the caches that wait for grace periods, once these are over (slab_caches_to_rcu_destroy_workfn).

        Not modelled: the worker asleep meanwhile; the rest of the work is queued on the CPU whose callback is the last.
        """
        with holding(self.slab.slab_mutex, cpu, charged=False):
            to_destroy = list(self.slab.caches_to_rcu_destroy)
            self.slab.caches_to_rcu_destroy.clear()
        if not to_destroy:
            return

        def release(worker: Cpu) -> None:
            for cache in to_destroy:
                self.slab_kmem_cache_release(worker, cache)

        kernel = self.slab.kernel
        kernel.rcu.after_barrier(cpu, lambda last: kernel.workqueue.queue_work(last, release))

    def slab_kmem_cache_release(self, cpu: Cpu, cache: AnyCache) -> None:
        """Free a cache's arrays, nodes and structure (mm/slab_common.c: slab_kmem_cache_release)."""
        self.slab.by_index[cache.index] = None
        self.release(cpu, cache)
        self.slab.kmem_cache_free(cpu, self.cache_of_caches(), cache.addr)


def kmem_cache_sanity_check(log: KernelLog, cpu: Cpu, request: CacheRequest) -> int:
    """Return 0, or -EINVAL for a size that kernels with DEBUG_VM refuse; a name with blanks is warned of.

    Not modelled: a name that is NULL. In an interrupt the locks that are taken before have refused already.
    """
    if not BYTES_PER_WORD <= request.size <= KMALLOC_MAX_SIZE:
        log.pr_err(cpu, f"kmem_cache_create({request.name}): size {request.size} fails the integrity check")
        return -EINVAL
    if " " in request.name:
        log.pr_warn(cpu, f"kmem_cache_create: a blank in the name '{request.name}' confuses parsers")
        log.dump_stack(cpu)
    return 0
