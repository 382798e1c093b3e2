"""What must hold of a SLUB cache between any two operations, checked from outside.

Every slab is where its state says: on its node's list, with exactly one CPU while frozen, or nowhere when it is full.
Every object is on exactly one freelist or with exactly one user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simslab.slub import flags as fl
from simslab.slub.kmem_cache import KmemCache, KmemCacheNode
from simslab.slub.layout import FULL, PAGE_SHIFT, PARTIAL

SLAB: Final = "slab"  # of a CPU
LIST: Final = "list"  # of a CPU
PARTIAL_LIST: Final = "partial list"  # of a node
FULL_LIST: Final = "full list"  # of a node
Place = tuple[str, int]  # one of these, and the number of the CPU or node

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simslab.slub.allocator import SlubAllocator


class SlubAudit:
    """Observer of one cache (`allocator.observe`): it knows which slabs live, and checks them on demand."""

    def __init__(self, allocator: SlubAllocator, cache: KmemCache) -> None:
        self.allocator = allocator
        self.cache = cache
        self.slabs: set[int] = set()
        self.objects_of: dict[int, frozenset[int]] = {}  # addresses of a slab's objects
        self.problems: list[str] = []
        self.checks = 0

    # -- told by the allocator ----------------------------------------------------------------------------------------

    def slab_obtained(self, cache: KmemCache, pfn: int, nid: int, objects: int) -> None:
        """A new slab."""
        if cache is self.cache:
            if pfn in self.slabs:
                self.problems.append(f"slab {pfn} obtained twice")
            self.slabs.add(pfn)
            first = (pfn << PAGE_SHIFT) + cache.left
            self.objects_of[pfn] = frozenset(range(first, first + objects * cache.size, cache.size))

    def slab_discarded(self, cache: KmemCache, pfn: int, nid: int) -> None:
        """A slab is given back."""
        if cache is self.cache:
            if pfn not in self.slabs or self.allocator.pages.inuse(pfn):
                self.problems.append(f"slab {pfn} given back twice, or with objects out")
            self.slabs.discard(pfn)

    def no_pages(self, cache: KmemCache, order: int, node: int) -> None:
        """A page allocation failed."""

    def partial_added(self, cache: KmemCache, pfn: int, nid: int, tail: int) -> None:
        """A slab was put on its node's list."""

    def partial_removed(self, cache: KmemCache, pfn: int, nid: int) -> None:
        """A slab was taken off its node's list."""

    def cpu_partial_put(self, cache: KmemCache, cpu_id: int, pfn: int) -> None:
        """A slab was put on a CPU's list."""

    def flush_begins(self, cache: KmemCache, cpu_id: int) -> None:
        """A CPU's flush begins."""

    # -- checks -------------------------------------------------------------------------------------------------------

    def check(self, held: Iterable[int]) -> list[str]:
        """Return what is wrong, in sentences, when the users of the cache hold the objects `held`."""
        self.checks += 1
        places = self.places()
        nodes: dict[int, list[int]] = {}
        for pfn in self.slabs:
            nodes.setdefault(self.allocator.pages.mem_map.nid(pfn), []).append(pfn)
        for n in self.cache.nodes():
            self.check_node(n, nodes.get(n.node, []))
        own = {c.page: c.freelist for c in self.cache.cpu_slab if c.page >= 0}
        free: list[int] = []
        for pfn in sorted(self.slabs):
            free += self.check_slab(pfn, places.get(pfn, []), own.get(pfn, 0))
        self.check_objects(list(held), free)
        problems, self.problems = self.problems, []
        return problems

    def places(self) -> dict[int, list[Place]]:
        """Return where each slab is found, and check the CPUs' lists on the way."""
        found: dict[int, list[Place]] = {}
        for cpu_id, c in enumerate(self.cache.cpu_slab):
            if c.page >= 0:
                found.setdefault(c.page, []).append((SLAB, cpu_id))
            elif c.freelist:
                self.problems.append(f"CPU {cpu_id} has a freelist but no slab")
            entries = self.allocator.partial.entries(c)
            for i, (pfn, pages, pobjects) in enumerate(entries):
                found.setdefault(pfn, []).append((LIST, cpu_id))
                if pages != len(entries) - i or pobjects < pages:
                    self.problems.append(f"CPU {cpu_id}'s list counts {pages} slabs, {pobjects} objects at slab {pfn}")
        for n in self.cache.nodes():
            for pfn in self.allocator.lists.list_pfns(n, PARTIAL):
                found.setdefault(pfn, []).append((PARTIAL_LIST, n.node))
            for pfn in self.allocator.lists.list_pfns(n, FULL):
                found.setdefault(pfn, []).append((FULL_LIST, n.node))
        for pfn in found.keys() - self.slabs:
            self.problems.append(f"slab {pfn} on {told(found[pfn])} does not live")
        return found

    def check_node(self, n: KmemCacheNode, mine: list[int]) -> None:
        """Compare a node's counters with its lists and with its slabs `mine`."""
        counted = {
            "nr_partial": (n.nr_partial, len(self.allocator.lists.list_pfns(n, PARTIAL))),
            "nr_slabs": (n.nr_slabs, len(mine)),
            "total_objects": (n.total_objects, sum(self.allocator.pages.objects(pfn) for pfn in mine)),
        }
        for name, (kept, true) in counted.items():
            if kept != true:
                self.problems.append(f"node {n.node}: {name} is {kept}, should be {true}")

    def check_slab(self, pfn: int, places: list[Place], of_cpu: int) -> list[int]:
        """Check one slab's counters and place; its free objects, with those of the CPU's freelist `of_cpu`."""
        pages = self.allocator.pages
        free = pages.freelists.objects(self.cache, pages.mem_map.get("freelist", pfn))
        objects, inuse, frozen = pages.objects(pfn), pages.inuse(pfn), pages.frozen(pfn)
        if objects - inuse != len(free):
            self.problems.append(f"slab {pfn}: inuse {inuse} of {objects}, but {len(free)} on its freelist")
        if [kind for kind, _ in places] not in self.wanted_places(frozen, len(free)):
            self.problems.append(f"slab {pfn}: frozen {frozen}, {len(free)} free, on {told(places)}")
        for kind, owner in places:
            if kind in (PARTIAL_LIST, FULL_LIST) and pages.mem_map.nid(pfn) != owner:
                self.problems.append(f"slab {pfn} is on the list of node {owner}, not its own")
        if of_cpu:
            free = free + pages.freelists.objects(self.cache, of_cpu)
        for objp in sorted(set(free) - self.objects_of[pfn]):
            self.problems.append(f"slab {pfn}: {objp:#x} on a freelist is none of its objects")
        return free

    def wanted_places(self, frozen: int, free: int) -> list[list[str]]:
        """Return the places, without owner, that a slab may be in."""
        if frozen:
            return [[SLAB], [LIST]]
        if free:
            return [[PARTIAL_LIST]]
        return [[FULL_LIST]] if self.cache.debug and self.cache.flags & fl.SLAB_STORE_USER else [[]]

    def check_objects(self, held: list[int], free: list[int]) -> None:
        """Every object of every slab is free once or held once."""
        true: set[int] = set()
        for pfn in self.slabs:
            true |= self.objects_of[pfn]
        if len(held) + len(free) != len(true) or set(held).union(free) != true:
            both = [hex(objp) for objp in sorted(set(held) & set(free))[:3]]
            self.problems.append(f"{len(held)} objects held and {len(free)} free, of {len(true)}; both: {both}")


def told(places: list[Place]) -> list[str]:
    """Return places as problems name them."""
    return [f"{'CPU' if kind in (SLAB, LIST) else 'node'} {owner}'s {kind}" for kind, owner in places]
