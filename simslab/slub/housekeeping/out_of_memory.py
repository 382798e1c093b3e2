"""What the kernel prints when a cache of SLUB cannot grow (mm/slub.c: slab_out_of_memory, with SLUB_DEBUG)."""

from __future__ import annotations

from simslab.kernel.mm import gfp
from simslab.kernel.printk import KernelLog, RateLimit
from simslab.machine.core.cpu import Cpu
from simslab.slub.creation.geometry import get_order
from simslab.slub.housekeeping.count_partial import count_free, count_partial
from simslab.slub.kmem_cache import KmemCache
from simslab.slub.lists.node_list import NodeLists
from simslab.slub.slab_page import SlubPages


class OutOfMemory:
    """Prints at most ten messages in five seconds. Not modelled: the list_locks it takes to count free objects."""

    def __init__(self, pages: SlubPages, lists: NodeLists, log: KernelLog) -> None:
        self.pages = pages
        self.lists = lists
        self.log = log
        self.slub_oom_rs = RateLimit(log, "slab_out_of_memory")

    def tell(self, cpu: Cpu, cache: KmemCache, flags: int, nid: int) -> None:
        """Tell that a slab could not be had for node `nid` (-1: any), and what each node holds."""
        if flags & gfp.NOWARN or not self.slub_oom_rs.allows(cpu):
            return
        warn = self.log.pr_warn
        warn(cpu, f"SLUB: Unable to allocate memory on node {nid}, gfp={flags:#x}({gfp.format_gfp(flags)})")
        sizes = f"object size: {cache.object_size}, buffer size: {cache.size}"
        orders = f"default order: {cache.oo_order}, min order: {cache.min_order}"
        warn(cpu, f"  cache: {cache.name}, {sizes}, {orders}")
        if cache.min_order > get_order(cache.object_size):
            warn(cpu, f"  {cache.name} debugging increased min order, use slub_debug=O to disable.")
        for n in cache.nodes():
            free = count_partial(self.pages, self.lists, n, count_free)
            warn(cpu, f"  node {n.node}: slabs: {n.nr_slabs}, objs: {n.total_objects}, free: {free}")
