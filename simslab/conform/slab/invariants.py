"""What must hold of the allocator's state between any two operations, as a function that lists what does not.

It reads the structures without charging anything. Call it only when no CPU is inside the allocator.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from simslab.kernel.layout import PAGE_SHIFT, SLABS_FREE, SLABS_FULL, SLABS_PARTIAL
from simslab.slab import cflgs
from simslab.slab.kmem_cache import ArrayCache, KmemCache, KmemCacheNode

if TYPE_CHECKING:
    from simslab.slab.allocator import SlabAllocator
    from simslab.slab.slab_page import SlabPages

LISTS: Final = ("slabs_partial", "slabs_full", "slabs_free")


def check(allocator: SlabAllocator, live: dict[int, Iterable[int]] | None = None) -> list[str]:
    """Return every broken invariant of all caches, as sentences; an empty list when all hold.

    `live` maps the index of a cache to the addresses its users hold; caches in it are also checked for lost objects.
    """
    broken: list[str] = []
    for cache in allocator.caches:
        users = None if live is None else live.get(cache.index)
        broken += [f"{cache.name}: {problem}" for problem in check_cache(allocator, cache, users)]
    return broken


def check_cache(allocator: SlabAllocator, cache: KmemCache, users: Iterable[int] | None = None) -> list[str]:
    """Return every broken invariant of one cache; `users` are the addresses handed out to its users."""
    pages = allocator.pages
    broken = [problem for n in nodes_of(cache) for problem in check_node(pages, cache, n)]
    broken += [f"{name}: avail {ac.avail} of limit {ac.limit}" for name, ac in arrays(cache) if ac.avail > ac.limit]
    broken += check_homes(allocator, cache)
    broken += check_places(pages, cache, users)
    return broken


def nodes_of(cache: KmemCache) -> Iterator[KmemCacheNode]:
    """The node structures a cache has."""
    return (n for n in cache.node if n is not None)


def arrays(cache: KmemCache) -> Iterator[tuple[str, ArrayCache]]:
    """Every array of a cache with a name for messages."""
    for cpu_id, ac in enumerate(cache.cpu_cache):
        yield f"array of CPU {cpu_id}", ac
    for n in nodes_of(cache):
        if n.shared is not None:
            yield f"shared array of node {n.node}", n.shared
        for nid, alien in enumerate(n.alien or ()):
            if alien is not None:
                yield f"alien array of node {n.node} for node {nid}", alien.ac


def check_node(pages: SlabPages, cache: KmemCache, n: KmemCacheNode) -> list[str]:
    """Counters equal the lists; a slab is in the list its `active` says and on its own node."""
    lists = [pages.lists.list_pfns(n, which) for which in (SLABS_PARTIAL, SLABS_FULL, SLABS_FREE)]
    active = {pfn: pages.mem_map.get("active", pfn) for pfns in lists for pfn in pfns}
    expected = {
        "total_slabs": len(active),
        "free_slabs": len(lists[SLABS_FREE]),
        "free_objects": sum(cache.num - count for count in active.values()),
    }
    broken = [
        f"node {n.node} {name} is {getattr(n, name)}, its lists say {value}"
        for name, value in expected.items()
        if getattr(n, name) != value
    ]
    for which, pfns in enumerate(lists):
        broken += [
            f"node {n.node} slab {pfn:#x} with {active[pfn]} of {cache.num} active is in {LISTS[which]}"
            for pfn in pfns
            if list_of(active[pfn], cache.num) != which
        ]
        broken += [
            f"slab {pfn:#x} is on node {pages.mem_map.nid(pfn)}" for pfn in pfns if pages.mem_map.nid(pfn) != n.node
        ]
    if n.list_lock.owner >= 0:
        broken.append(f"node {n.node} list_lock is held by CPU {n.list_lock.owner}")
    return broken


def list_of(active: int, num: int) -> int:
    """Which list a slab with `active` of `num` objects handed out belongs to."""
    return SLABS_FREE if active == 0 else SLABS_FULL if active == num else SLABS_PARTIAL


def check_homes(allocator: SlabAllocator, cache: KmemCache) -> list[str]:
    """Arrays hold only objects of the node they may hold objects of."""
    mem_map = allocator.pages.mem_map
    wanted: list[tuple[str, ArrayCache, int]] = []
    if len(allocator.kernel.online_nodes) > 1:
        homes = allocator.kernel.cpu_to_mem
        wanted += [(f"array of CPU {i}", ac, homes[i]) for i, ac in enumerate(cache.cpu_cache)]
    for n in nodes_of(cache):
        if n.shared is not None:
            wanted.append((f"shared array of node {n.node}", n.shared, n.node))
        for nid, alien in enumerate(n.alien or ()):
            if alien is not None:
                wanted.append((f"alien array of node {n.node} for node {nid}", alien.ac, nid))
    return [
        f"{name} holds {objp:#x} of node {mem_map.nid(objp >> PAGE_SHIFT)}"
        for name, ac, nid in wanted
        for objp in ac.entries()
        if mem_map.nid(objp >> PAGE_SHIFT) != nid
    ]


def check_places(pages: SlabPages, cache: KmemCache, users: Iterable[int] | None) -> list[str]:
    """Each object is in exactly one place: with a user, in an array, or in its slab's index array."""
    slots: set[int] = set()
    places: Counter[int] = Counter()
    broken: list[str] = []
    for n in nodes_of(cache):
        for which in (SLABS_PARTIAL, SLABS_FULL, SLABS_FREE):
            for pfn in pages.lists.list_pfns(n, which):
                first = pages.mem_map.get("s_mem", pfn)
                slots.update(range(first, first + cache.num * cache.size, cache.size))
                free = pages.lists.free_indices(cache, pfn)
                places.update(first + index * cache.size for index in free)
                broken += check_slab(pages, cache, pfn, free)
    for _, ac in arrays(cache):
        places.update(ac.entries())
    if users is not None:
        places.update(objp - cache.obj_offset for objp in users)
        broken += [f"object {objp:#x} is lost" for objp in sorted(slots - places.keys())]
    broken += [f"object {objp:#x} is in {count} places" for objp, count in sorted(places.items()) if count > 1]
    broken += [f"object {objp:#x} is in no slab of the cache" for objp in sorted(places.keys() - slots)]
    return broken


def check_slab(pages: SlabPages, cache: KmemCache, pfn: int, free: list[int]) -> list[str]:
    """Free indices are in range, and an index array inside an object is inside a free one."""
    broken = [f"slab {pfn:#x} has free index {index} of {cache.num}" for index in free if index >= cache.num]
    if cache.flags & cflgs.CFLGS_OBJFREELIST_SLAB and free and pages.lists.freelist_holder(cache, pfn) not in free:
        broken.append(f"slab {pfn:#x}: its index array lies in an object that is not free")
    return broken
