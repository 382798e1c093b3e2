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
from simslab.slab.creation import cpucache, node_setup
from simslab.slab.kmem_cache import KmemCache
from simslab.slab_common.slab_state import DOWN, FULL, PARTIAL, KernelPanicError

BOOT_CPUCACHE_ENTRIES: Final = 1
CACHE_CACHE: Final = 0  # which MAX_NUMNODES of init_kmem_cache_node
SIZE_NODE: Final = 1


def setup_cpu_cache(core: SlabCore, cpu: Cpu, cache: KmemCache, request: int) -> int:
    """Give a new cache its arrays (mm/slab.c: setup_cpu_cache); 0 or a negative errno."""
    if core.slab_state >= FULL:
        return cpucache.enable_cpucache(core, cpu, cache, request)
    return setup_boot_cpu_cache(core, cpu, cache, request)


def setup_boot_cpu_cache(core: SlabCore, cpu: Cpu, cache: KmemCache, request: int) -> int:
    """Give a cache per-CPU arrays of one entry and bare nodes, before FULL (mm/slab.c: setup_cpu_cache)."""
    entries = BOOT_CPUCACHE_ENTRIES
    if not cpucache.alloc_kmem_cache_cpus(core, cpu, cache, entries, 1):
        return -ENOMEM
    if core.slab_state == DOWN:
        set_up_node(core, cpu, cache, CACHE_CACHE)
    elif core.slab_state == PARTIAL:
        set_up_node(core, cpu, cache, SIZE_NODE)
    else:
        for nid in core.kernel.online_nodes:
            addr = core.kmalloc_node(cpu, node_setup.node_bytes(core), request, nid)
            if not addr:
                raise KernelPanicError(f"no memory for the node structures of {cache.name}")
            cache.node[nid] = node_setup.new_node(core, cache, addr, nid, node_setup.lists_apart(core))
    local = cache.node[core.kernel.cpu_to_mem[cpu.id]]
    assert local is not None
    local.next_reap = node_setup.first_reap(core, cpu, cache)
    cache.batchcount, cache.limit = 1, entries
    return 0


def set_up_node(core: SlabCore, cpu: Cpu, cache: KmemCache, which: int) -> None:
    """Use the node structures in kernel data (mm/slab.c: set_up_node)."""
    for nid in core.kernel.online_nodes:
        node = node_setup.new_node(core, cache, boot_node_address(core, which, nid), nid)
        node.next_reap = node_setup.first_reap(core, cpu, cache)
        cache.node[nid] = node


def boot_node_address(core: SlabCore, which: int, nid: int) -> int:
    """Return the address of init_kmem_cache_node[which * MAX_NUMNODES + nid]; a larger machine's kernel has more."""
    nodes = max(layout.MAX_NUMNODES, core.kernel.nr_node_ids)
    first = core.boot_data + layout.KMEM_CACHE_NODE + layout.POINTER_BYTES * nodes
    index = which * nodes + nid
    return first - first % layout.CACHE_LINE + layout.CACHE_LINE + index * layout.NODE_BYTES
