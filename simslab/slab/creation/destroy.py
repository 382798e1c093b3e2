"""Destroying caches: the last reference, objects that are left, and grace periods (mm/slab_common.c).

Process context, interrupts on. Not modelled: slab_mutex and the hotplug locks around it (see slab_common.py).
"""

from __future__ import annotations

from simslab.machine.core.cpu import Cpu
from simslab.slab import flags as fl
from simslab.slab.core import SlabCore
from simslab.slab.creation.slab_common import cache_of_caches, kmem_cache_release
from simslab.slab.errno import EBUSY
from simslab.slab.kmem_cache import KmemCache


def kmem_cache_destroy(core: SlabCore, cache: KmemCache, cpu: Cpu | None = None) -> int:
    """Drop one reference; the last one shuts the cache down (mm/slab_common.c: kmem_cache_destroy).

    Returns -EBUSY, after a warning, when objects are left: the cache then stays in the list, without references, and
    its objects can still be freed. As in the kernel a later request may share it again.
    """
    cpu = cpu or core.kernel.machine.cpus[0]
    cache.refcount -= 1
    if cache.refcount:
        return 0
    err = shutdown_cache(core, cpu, cache)
    if err:
        core.kernel.log.pr_err(cpu, f"kmem_cache_destroy {cache.name}: Slab cache still has objects")
        core.kernel.log.dump_stack(cpu)
    return err


def shutdown_cache(core: SlabCore, cpu: Cpu, cache: KmemCache) -> int:
    """Empty a cache and take it out of the list; 0 or -EBUSY when objects are left (mm/slab_common.c: shutdown_cache).

    The slabs of a SLAB_TYPESAFE_BY_RCU cache refer to it until their grace period is over, so its own structure goes
    after that, by deferred work that serves all caches destroyed meanwhile.
    """
    if core.kmem_cache_shrink(cpu, cache):  # mm/slab.c: __kmem_cache_shutdown
        return -EBUSY
    core.caches.remove(cache)
    if cache.flags & fl.SLAB_TYPESAFE_BY_RCU:
        core.caches_to_rcu_destroy.append(cache)
        core.kernel.workqueue.queue_work(cpu, lambda worker: slab_caches_to_rcu_destroy_workfn(core, worker))
    else:
        slab_kmem_cache_release(core, cpu, cache)
    return 0


def slab_caches_to_rcu_destroy_workfn(core: SlabCore, cpu: Cpu) -> None:
    """Release the caches that wait for grace periods, once these are over (slab_caches_to_rcu_destroy_workfn).

    Not modelled: the worker asleep meanwhile; the rest of the work is queued on the CPU whose callback is the last.
    """
    to_destroy = list(core.caches_to_rcu_destroy)
    core.caches_to_rcu_destroy.clear()
    if not to_destroy:
        return

    def release(worker: Cpu) -> None:
        for cache in to_destroy:
            slab_kmem_cache_release(core, worker, cache)

    kernel = core.kernel
    kernel.rcu.after_barrier(cpu, lambda last: kernel.workqueue.queue_work(last, release))


def slab_kmem_cache_release(core: SlabCore, cpu: Cpu, cache: KmemCache) -> None:
    """Free a cache's arrays, nodes and structure (mm/slab_common.c: slab_kmem_cache_release)."""
    core.by_index[cache.index] = None
    kmem_cache_release(core, cpu, cache)
    core.kmem_cache_free(cpu, cache_of_caches(core), cache.addr)
