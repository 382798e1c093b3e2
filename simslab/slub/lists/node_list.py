"""The lists of partial and full slabs of a node; the caller holds `list_lock` (mm/slub.c)."""

from __future__ import annotations

from typing import Any, Final

from simslab.kernel.mm.page import MemMap
from simslab.machine.core.cpu import Cpu
from simslab.slub import flags as fl
from simslab.slub import layout
from simslab.slub.kmem_cache import KmemCache, KmemCacheNode

DEACTIVATE_TO_HEAD: Final = 0
DEACTIVATE_TO_TAIL: Final = 1
STORE_USER: Final = fl.SLAB_STORE_USER


class NodeLists:
    """The node lists of all caches of one kernel.

    `observer`, when set, is told `partial_added(cache, pfn, nid, tail)` and `partial_removed(cache, pfn, nid)`.
    """

    def __init__(self, mem_map: MemMap) -> None:
        self.mem_map = mem_map
        self.observer: Any = None

    def add_partial(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, pfn: int, tail: int) -> int:
        """Put a slab at the head or tail of the partial list (mm/slub.c: add_partial)."""
        n.list_lock.assert_held(cpu)
        n.nr_partial += 1
        cpu.update(n.addr + layout.NODE_NR_PARTIAL)
        if tail:
            self.mem_map.list_add_tail(cpu, n.lists, layout.PARTIAL, n.addr + layout.NODE_PARTIAL, pfn)
        else:
            self.mem_map.list_add(cpu, n.lists, layout.PARTIAL, n.addr + layout.NODE_PARTIAL, pfn)
        if self.observer is not None:
            self.observer.partial_added(cache, pfn, n.node, tail)
        return 0

    def remove_partial(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, pfn: int) -> int:
        """Take a slab off the partial list (mm/slub.c: remove_partial)."""
        n.list_lock.assert_held(cpu)
        self.mem_map.list_del(cpu, n.lists, layout.PARTIAL, n.addr + layout.NODE_PARTIAL, pfn)
        n.nr_partial -= 1
        cpu.update(n.addr + layout.NODE_NR_PARTIAL)
        if self.observer is not None:
            self.observer.partial_removed(cache, pfn, n.node)
        return 0

    def add_full(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, pfn: int) -> int:
        """Put a slab without free objects on the full list, of caches that track users (mm/slub.c: add_full)."""
        if not cache.flags & STORE_USER:
            return 0
        n.list_lock.assert_held(cpu)
        return self.mem_map.list_add(cpu, n.lists, layout.FULL, n.addr + layout.NODE_FULL, pfn)

    def remove_full(self, cpu: Cpu, cache: KmemCache, n: KmemCacheNode, pfn: int) -> int:
        """Take a slab off the full list (mm/slub.c: remove_full)."""
        if not cache.flags & STORE_USER:
            return 0
        n.list_lock.assert_held(cpu)
        return self.mem_map.list_del(cpu, n.lists, layout.FULL, n.addr + layout.NODE_FULL, pfn)

    # -- views, no charge ---------------------------------------------------------------------------------------------

    def list_pfns(self, n: KmemCacheNode, which: int) -> list[int]:
        """Slabs of list `which` (PARTIAL, FULL) of node `n`, in list order."""
        found: list[int] = []
        pfn = n.lists[2 * which]
        while pfn >= 0:
            found.append(pfn)
            pfn = self.mem_map.next[pfn]
        return found
