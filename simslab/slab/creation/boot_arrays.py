"""The arrays of a new cache, as far as the state of boot allows (mm/slab.c: setup_cpu_cache).

Before FULL a cache gets per-CPU arrays of one entry and bare node structures; those of the first two caches lie in
static kernel data: kmem_cache_boot, then init_kmem_cache_node[2 * MAX_NUMNODES].
"""

from __future__ import annotations

from typing import Final

from simslab.kernel import layout
from simslab.kernel.errno import ENOMEM
from simslab.machine.core.cpu import Cpu
from simslab.slab.core import SlabCore
from simslab.slab.creation import cpucache
from simslab.slab.kmem_cache import KmemCache
from simslab.slab_common.slab_state import DOWN, FULL, PARTIAL, KernelPanicError

BOOT_CPUCACHE_ENTRIES: Final = 1
BOOT_DATA_BYTES: Final = 2 * layout.PAGE_SIZE  # holds all of the static structures
CACHE_CACHE: Final = 0
SIZE_NODE: Final = layout.MAX_NUMNODES


def setup_cpu_cache(core: SlabCore, cpu: Cpu, cache: KmemCache, request: int) -> int:
    """Give a new cache its arrays (mm/slab.c: setup_cpu_cache); 0 or a negative errno."""
    if core.slab_state >= FULL:
        return cpucache.enable_cpucache(core, cpu, cache, request)
    return setup_boot_cpu_cache(core, cpu, cache, request)


def setup_boot_cpu_cache(core: SlabCore, cpu: Cpu, cache: KmemCache, request: int) -> int:
    """Give a cache per-CPU arrays of one entry and bare nodes, before FULL (mm/slab.c: setup_cpu_cache)."""
    entries = BOOT_CPUCACHE_ENTRIES
    if not cpucache.alloc_kmem_cache_cpus(core, cache, entries, 1):
        return -ENOMEM
    if core.slab_state == DOWN:
        set_up_node(core, cpu, cache, CACHE_CACHE)
    elif core.slab_state == PARTIAL:
        set_up_node(core, cpu, cache, SIZE_NODE)
    else:
        for nid in core.kernel.online_nodes:
            addr = core.kmalloc_node(cpu, layout.NODE_BYTES, request, nid)
            if not addr:
                raise KernelPanicError(f"no memory for the node structures of {cache.name}")
            cache.node[nid] = cpucache.new_node(core, cache, addr, nid)
    local = cache.node[core.kernel.cpu_to_mem[cpu.id]]
    assert local is not None
    local.next_reap = cpucache.first_reap(core, cpu, cache)
    cache.batchcount, cache.limit = 1, entries
    return 0


def set_up_node(core: SlabCore, cpu: Cpu, cache: KmemCache, index: int) -> None:
    """Use the node structures in kernel data (mm/slab.c: set_up_node)."""
    for nid in core.kernel.online_nodes:
        node = cpucache.new_node(core, cache, boot_node_address(core, index + nid), nid)
        node.next_reap = cpucache.first_reap(core, cpu, cache)
        cache.node[nid] = node


def boot_node_address(core: SlabCore, index: int) -> int:
    """Return the address of init_kmem_cache_node[index]."""
    first = core.boot_data + layout.KMEM_CACHE_BYTES
    return int(first - first % layout.CACHE_LINE + layout.CACHE_LINE + index * layout.NODE_BYTES)
