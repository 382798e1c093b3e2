"""What the kernel prints when a cache of SLUB cannot grow (mm/slub.c: slab_out_of_memory, with SLUB_DEBUG)."""

from __future__ import annotations

from typing import Final

from simslab.kernel.mm import gfp
from simslab.kernel.printk import KernelLog, RateLimit
from simslab.machine.core.cpu import Cpu
from simslab.slub.creation.geometry import get_order
from simslab.slub.kmem_cache import KmemCache, KmemCacheNode
from simslab.slub.lists.node_list import NodeLists
from simslab.slub.slab_page import SlubPages

PARTIAL: Final = 0  # which list of KmemCacheNode.lists


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
            free = self.count_free(n)
            warn(cpu, f"  node {n.node}: slabs: {n.nr_slabs}, objs: {n.total_objects}, free: {free}")

    def count_free(self, n: KmemCacheNode) -> int:
        """Free objects of the slabs on a node's list (mm/slub.c: count_partial with count_free)."""
        return sum(self.pages.objects(pfn) - self.pages.inuse(pfn) for pfn in self.lists.list_pfns(n, PARTIAL))
