"""Objects of the slabs on a node's list (mm/slub.c: count_partial, count_free, count_inuse). Nothing is charged."""

from __future__ import annotations

from collections.abc import Callable

from simslab.slub import layout
from simslab.slub.kmem_cache import KmemCacheNode
from simslab.slub.lists.node_list import NodeLists
from simslab.slub.slab_page import SlubPages

Count = Callable[[SlubPages, int], int]


def count_partial(pages: SlubPages, lists: NodeLists, n: KmemCacheNode, count: Count) -> int:
    """Return the sum of `count(pages, pfn)` over the partial slabs of a node."""
    return sum(count(pages, pfn) for pfn in lists.list_pfns(n, layout.PARTIAL))


def count_free(pages: SlubPages, pfn: int) -> int:
    """Return how many objects of a slab are free."""
    return pages.objects(pfn) - pages.inuse(pfn)


def count_inuse(pages: SlubPages, pfn: int) -> int:
    """Return how many objects of a slab are out."""
    return pages.inuse(pfn)
