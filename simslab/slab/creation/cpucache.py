"""Per-CPU arrays and tunables: making arrays, sizing them, replacing them, the nodes' arrays with them (mm/slab.c).

Runs in process context under slab_mutex with interrupts on. The arrays get simulated addresses from per-CPU memory,
what nodes have (node_setup.py) from kmalloc.
"""

from __future__ import annotations

import re
from typing import Final

from simslab.base import buffers
from simslab.kernel import layout
from simslab.kernel.errno import EINVAL, ENOMEM
from simslab.kernel.locking.mutex import holding
from simslab.machine.accounting.callsites import site
from simslab.machine.core.cpu import Cpu
from simslab.slab.core import SlabCore
from simslab.slab.creation import node_setup
from simslab.slab.creation.geometry import tunables
from simslab.slab.creation.node_setup import NodeSetup
from simslab.slab.kmem_cache import ArrayCache, KmemCache

DO_TUNE_CPUCACHE: Final = site("do_tune_cpucache")
MAX_SLABINFO_WRITE: Final = 128  # bytes
TRIPLE: Final = re.compile(r"\s*(-?[0-9]++)\s*(-?[0-9]++)\s*(-?[0-9]++)", re.ASCII)  # sscanf's " %d %d %d"
SIGN_BIT: Final = 1 << 31  # of an int
UINT_MAX: Final = (1 << 32) - 1


def enable_cpucache(core: SlabCore, cpu: Cpu, cache: KmemCache, request: int) -> int:
    """Choose the tunables by object size and apply them (mm/slab.c: enable_cpucache); 0 or a negative errno."""
    err: int = 0
    if core.pages.randomizer is not None:
        err = core.pages.randomizer.random.cache_random_seq_create(core, cpu, cache, cache.num, request)
    if not err:
        limit, batchcount, shared = tunables(cache.size, core.kernel.nr_cpu_ids, core.options.debug_slab)
        err = do_tune_cpucache(core, cpu, cache, limit, batchcount, shared, request)
    if err:
        core.kernel.log.pr_err(cpu, f"enable_cpucache failed for {cache.name}, error {-err}")
    return err


def do_tune_cpucache(
    core: SlabCore, cpu: Cpu, cache: KmemCache, limit: int, batchcount: int, shared: int, request: int
) -> int:
    """Replace the per-CPU arrays, free what the old ones held, then set up the nodes (mm/slab.c: do_tune_cpucache).

    The parameters are the kernel's own.
    """
    previous, previous_offset = cache.cpu_cache, cache.cpu_cache_offset
    if not alloc_kmem_cache_cpus(core, cpu, cache, limit, batchcount):
        return -ENOMEM
    if previous:
        core.kick_all_cpus_sync(cpu)  # no CPU may still be inside a section that uses an old array
    cache.batchcount, cache.limit, cache.shared = batchcount, limit, shared
    if previous:
        for owner in core.online_cpus:
            node = cache.node[core.kernel.cpu_to_mem[owner]]
            assert node is not None
            core.free_array(cpu, cache, node, previous[owner], DO_TUNE_CPUCACHE)
        core.kernel.percpu.free_percpu(previous_offset)
    return setup_kmem_cache_nodes(core, cpu, cache, request)


def alloc_kmem_cache_cpus(core: SlabCore, cpu: Cpu, cache: KmemCache, entries: int, batchcount: int) -> bool:
    """Make an array for every possible CPU; False without per-CPU memory (mm/slab.c: alloc_kmem_cache_cpus).

    Speed: the host commits what is used of one storage for all (benchmarks/boot.py).
    """
    percpu = core.kernel.percpu
    size = layout.ARRAY_CACHE_BYTES + layout.POINTER_BYTES * entries
    offset = percpu.alloc_percpu(size, layout.POINTER_BYTES, cpu)
    if offset < 0:
        return False
    cache.cpu_cache_offset = offset
    storage = buffers.int64_zeros(entries * core.kernel.nr_cpu_ids)
    cache.cpu_cache = [
        ArrayCache(addr, entries, batchcount, storage, i * entries) for i, addr in enumerate(percpu.addresses(offset))
    ]
    return True


def setup_kmem_cache_nodes(core: SlabCore, cpu: Cpu, cache: KmemCache, request: int) -> int:
    """Set up every online node, replacing shared arrays (mm/slab.c: setup_kmem_cache_nodes)."""
    setup = NodeSetup(core, cpu, request)
    for nid in core.kernel.online_nodes:
        err = setup.setup_kmem_cache_node(cache, nid, 1)
        if err:
            if cache not in core.caches:  # it is not in use yet: undo the nodes done so far
                release_nodes(core, cpu, cache, nid)
            return err
    return 0


def release_nodes(core: SlabCore, cpu: Cpu, cache: KmemCache, before: int) -> None:
    """Free the node structures of nodes below `before`."""
    for nid in range(before):
        node = cache.node[nid]
        if node is not None:
            if node.shared is not None:
                core.kfree(cpu, node.shared.addr)
            node_setup.free_alien_cache(core, cpu, node.alien, node.alien_addr)
            core.kfree(cpu, node.list_lock.addr)
            cache.node[nid] = None


def enter_node(core: SlabCore, cpu_id: int) -> None:
    """Let a CPU enter the mask of its node."""
    core.cpus_in_node[core.kernel.machine.cpus[cpu_id].node] += 1


def leave_node(core: SlabCore, cpu_id: int) -> None:
    """Undo enter_node."""
    core.cpus_in_node[core.kernel.machine.cpus[cpu_id].node] -= 1


def slabinfo_write(core: SlabCore, text: str, request: int, cpu: Cpu | None = None) -> int:
    """Tune a cache by a line `name limit batchcount shared` written to /proc/slabinfo (mm/slab.c: slabinfo_write).

    Returns the length of `text` or a negative errno: -EINVAL for more than 128 bytes, a cache that does not exist, or
    no three numbers behind the first blank, which ends the name. A triple that makes no sense changes nothing and, as
    in the kernel, is no error; it is warned of.
    """
    cpu = cpu or core.kernel.machine.cpus[0]
    name, _, rest = text.partition(" ")
    found = TRIPLE.match(rest)
    if len(text.encode()) > MAX_SLABINFO_WRITE or found is None:
        return -EINVAL
    limit, batchcount, shared = (c_int(number) for number in found.groups())
    with holding(core.slab_mutex, cpu):
        for cache in reversed(core.caches):
            if cache.name == name:
                return tune_held(core, cpu, cache, (limit, batchcount, shared), request) or len(text)
    return -EINVAL


def tune(core: SlabCore, cpu: Cpu, cache: KmemCache, triple: tuple[int, int, int], request: int) -> int:
    """Give a cache another (limit, batchcount, shared), as slabinfo_write does; 0 or a negative errno."""
    with holding(core.slab_mutex, cpu):
        return tune_held(core, cpu, cache, triple, request)


def tune_held(core: SlabCore, cpu: Cpu, cache: KmemCache, triple: tuple[int, int, int], request: int) -> int:
    """Body of slabinfo_write, under slab_mutex."""
    limit, batchcount, shared = triple
    if limit < 1 or batchcount < 1 or batchcount > limit or shared < 0:
        told = f"slabinfo: {cache.name} {limit} {batchcount} {shared} ignored"
        core.kernel.log.pr_warn(cpu, f"{told}: expected limit >= batchcount >= 1, shared >= 0")
        return 0
    return do_tune_cpucache(core, cpu, cache, limit, batchcount, shared, request)


def c_int(digits: str) -> int:
    """What an int is after sscanf's %d: the number's lowest 32 bits, with a sign (lib/vsprintf.c: vsscanf)."""
    return ((int(digits) + SIGN_BIT) & UINT_MAX) - SIGN_BIT
