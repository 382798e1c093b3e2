"""A cache's whole state in the form of the golden traces, and its slabs by the numbers of a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from simslab.slub.kmem_cache import KmemCache, KmemCacheNode
from simslab.slub.layout import FULL, PARTIAL

if TYPE_CHECKING:
    from simslab.slub.allocator import SlubAllocator

State = dict[str, Any]
NODE_FIELDS: Final = ("node id", "nr_partial", "nr_slabs", "total_objects", "partial list", "full list")
CPU_FIELDS: Final = ("slab", "objects on the freelist", "partial list [slab, pages, pobjects]")
SLAB_FIELDS: Final = ("slab", "inuse", "frozen", "where", "page freelist", "node", "objects", "order")


class SlabNames:
    """Observer of an allocator: numbers the slabs of one cache as they come, and notes what happens to them."""

    def __init__(self, allocator: SlubAllocator) -> None:
        self.allocator = allocator
        self.cache: KmemCache | None = None
        self.seq: dict[int, int] = {}  # by pfn, those that live
        self.pfns: list[int] = []  # by number
        self.events: list[list[Any]] = []

    # -- told by the allocator ----------------------------------------------------------------------------------------

    def slab_obtained(self, cache: KmemCache, pfn: int, nid: int, objects: int) -> None:
        """A new slab."""
        if cache is self.cache:
            self.seq[pfn] = len(self.pfns)
            self.pfns.append(pfn)
            self.events.append(["g", self.seq[pfn], nid, self.allocator.pages.mem_map.get("order", pfn), objects])

    def slab_discarded(self, cache: KmemCache, pfn: int, nid: int) -> None:
        """A slab is given back."""
        if cache is self.cache:
            self.events.append(["d", self.seq.pop(pfn), nid])

    def no_pages(self, cache: KmemCache, order: int, node: int) -> None:
        """A page allocation failed."""
        if cache is self.cache:
            self.events.append(["f", order, node])

    def partial_added(self, cache: KmemCache, pfn: int, nid: int, tail: int) -> None:
        """A slab was put on its node's list."""
        if cache is self.cache:
            self.events.append(["a", self.seq[pfn], nid, tail])

    def partial_removed(self, cache: KmemCache, pfn: int, nid: int) -> None:
        """A slab was taken off its node's list."""
        if cache is self.cache:
            self.events.append(["r", self.seq[pfn], nid])

    def cpu_partial_put(self, cache: KmemCache, cpu_id: int, pfn: int) -> None:
        """A slab was put on a CPU's list."""
        if cache is self.cache:
            self.events.append(["p", cpu_id, self.seq[pfn]])

    def flush_begins(self, cache: KmemCache, cpu_id: int) -> None:
        """A CPU's flush begins."""
        if cache is self.cache:
            self.events.append(["F", cpu_id])

    # -- names --------------------------------------------------------------------------------------------------------

    def name(self, objp: int) -> list[int] | None:
        """[slab, index] of an object, None for NULL."""
        if not objp:
            return None
        assert self.cache is not None
        freelists = self.allocator.pages.freelists
        pfn = self.allocator.pages.mem_map.get("head", objp >> 12)
        return [self.seq[pfn], freelists.index(self.cache, objp)]

    def address(self, name: tuple[int, int]) -> int:
        """Address of the object called [slab, index]."""
        assert self.cache is not None
        return (self.pfns[name[0]] << 12) + self.cache.left + name[1] * self.cache.size


class StateReader:
    """Reads the state of one cache in the form of a trace; `online` are the CPUs in the trace."""

    def __init__(self, names: SlabNames, online: list[int]) -> None:
        self.names = names
        self.allocator = names.allocator
        self.online = online

    def read(self) -> State:
        """Return the whole state: `c`, `n`, `fl` and `s` as a complete line of a trace has them, `t`, `st`."""
        cache = self.names.cache
        assert cache is not None
        freelists = self.allocator.pages.freelists
        chains = [freelists.indices(cache, cache.cpu_slab[cpu].freelist) for cpu in self.online]
        return {
            "c": [self.cpu_state(cache, cpu, len(chain)) for cpu, chain in zip(self.online, chains, strict=True)],
            "n": [self.node_state(n) for n in cache.nodes()],
            "fl": dict(zip(self.online, chains, strict=True)),
            "s": self.slab_states(cache),
            "t": [cache.cpu_slab[cpu].tid for cpu in self.online],
            "st": self.allocator.statistics(cache),
        }

    def cpu_state(self, cache: KmemCache, cpu: int, length: int) -> list[Any]:
        """Return what a CPU has."""
        c = cache.cpu_slab[cpu]
        seq = self.names.seq
        partial = [[seq[pfn], pages, pobjects] for pfn, pages, pobjects in self.allocator.partial.entries(c)]
        return [seq[c.page] if c.page >= 0 else -1, length, partial]

    def node_state(self, n: KmemCacheNode) -> list[Any]:
        """Return a node's counters and lists."""
        lists, seq = self.allocator.lists, self.names.seq
        found = [n.node, n.nr_partial, n.nr_slabs, n.total_objects, [seq[pfn] for pfn in lists.list_pfns(n, PARTIAL)]]
        assert self.names.cache is not None
        if self.allocator.pages.debug is not None and self.names.cache.flags & 0x10000:  # SLAB_STORE_USER
            found.append([seq[pfn] for pfn in lists.list_pfns(n, FULL)])
        return found

    def slab_states(self, cache: KmemCache) -> dict[int, list[Any]]:
        """Return [slab, inuse, frozen, where, page freelist, node, objects, order] of every slab, by number."""
        pages, mem_map = self.allocator.pages, self.allocator.pages.mem_map
        places = self.places(cache)
        found = {}
        for pfn, number in self.names.seq.items():
            found[number] = [
                number,
                pages.inuse(pfn),
                pages.frozen(pfn),
                places.get(pfn, "F"),
                pages.freelists.indices(cache, mem_map.get("freelist", pfn)),
                mem_map.nid(pfn),
                pages.objects(pfn),
                mem_map.get("order", pfn),
            ]
        return found

    def places(self, cache: KmemCache) -> dict[int, str]:
        """Return where each slab is that is on a list or a CPU's own."""
        found = {}
        for n in cache.nodes():
            found.update(dict.fromkeys(self.allocator.lists.list_pfns(n, PARTIAL), "P"))
        for cpu in self.online:
            c = cache.cpu_slab[cpu]
            found.update({pfn: f"L{cpu}" for pfn, _, _ in self.allocator.partial.entries(c)})
            if c.page >= 0:
                found[c.page] = f"C{cpu}"
        return found
