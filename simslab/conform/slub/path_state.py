"""A SLUB cache on two nodes brought into the state that a recorded path begins with, and that path.

The record tells, of the acting CPU, its slab and lists, and how many slabs both nodes have and list; the rest follows
from the path's name and its result (which slabs went where), or does not matter to it.
"""

from __future__ import annotations

import re
from functools import cache as memoized
from typing import Final

from simslab.conform.slub.path_row import DRAIN, PathRow, plan
from simslab.conform.slub.topologies import new_system
from simslab.conform.watching import accesses_free_of_charge
from simslab.kernel.mm import gfp
from simslab.slab_common import flags as slab_flags
from simslab.slub import layout
from simslab.slub.allocator import SlubAllocator
from simslab.slub.creation.options import SlubOptions
from simslab.slub.kmem_cache import KmemCache

TOPOLOGY: Final = "2n4c"
NAME: Final = re.compile(r"b(ctor|rcu)?(\d+)")
CPU_OF_NODE: Final = (0, 2)
OTHER_CPU_OF_NODE: Final = (1, 3)
SEARCH: Final = 0  # what the cycle counter reads when other nodes are searched, and when not
NO_SEARCH: Final = 1023
LEFT: Final[dict[str, set[int]]] = {}  # by cache: slabs that the last bench made


@memoized
def machine() -> SlubAllocator:
    """Return the system whose caches are measured."""
    return new_system(TOPOLOGY, SlubOptions(slab_nomerge=True))


@memoized
def cache_of(name: str) -> KmemCache:
    """Return the private cache of that name."""
    match = NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"no cache {name!r} in the records of paths")
    flags = {"rcu": slab_flags.SLAB_TYPESAFE_BY_RCU, "ctor": 0}.get(match[1] or "", 0)
    if match[2] == "256":
        flags |= slab_flags.SLAB_HWCACHE_ALIGN
    made = machine().kmem_cache_create(name, int(match[2]), 0, flags, int(match[1] == "ctor"))
    assert made is not None
    return made


class Bench:
    """One cache in the state before a path; `run` runs the path. It is also the allocator's cycle counter."""

    def __init__(self, row: PathRow) -> None:
        self.row = row
        self.allocator = machine()
        self.pages = self.allocator.pages
        if row.kmalloc_size:
            found = self.allocator.kmalloc_slab(row.kmalloc_size, gfp.GFP_KERNEL)
            assert found is not None
            self.cache = found
        else:
            self.cache = cache_of(row.cache)
        self.node, self.distances = plan(row)
        self.cpu = self.allocator.kernel.machine.cpus[CPU_OF_NODE[self.node]]
        self.c = self.cache.cpu_slab[self.cpu.id]
        self.slabs: set[int] = set()
        self.gone: set[int] = set()
        self.objp = 0
        self.objects: list[int] = []
        self.allocator.get_partial.cycles = self
        self.allocator.observe(self)
        with accesses_free_of_charge(self.allocator.kernel.machine.cpus):
            self.clear()
            self.prepare()
        self.cpu.now = max(cpu.now for cpu in self.allocator.kernel.machine.cpus)

    # -- told by the allocator ----------------------------------------------------------------------------------------

    def slab_obtained(self, cache: KmemCache, pfn: int, nid: int, objects: int) -> None:
        """A new slab."""
        if cache is self.cache:
            self.slabs.add(pfn)

    def slab_discarded(self, cache: KmemCache, pfn: int, nid: int) -> None:
        """A slab is given back."""
        if cache is self.cache:
            self.slabs.discard(pfn)
            self.gone.add(pfn)

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

    def get_cycles(self, cpu: object) -> int:
        """What the cycle counter reads."""
        return SEARCH if self.row.searched else NO_SEARCH

    # -- state --------------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Take everything from the cache, and give back the slabs that the bench before it left."""
        for c in self.cache.cpu_slab:
            c.page, c.freelist, c.partial = -1, 0, -1
        for n in self.cache.nodes():
            n.nr_partial = n.nr_slabs = n.total_objects = 0
            for end in range(4):
                n.lists_owner[end] = -1
        for pfn in LEFT.pop(self.cache.name, set()):
            self.pages.free_slab(self.cpu, self.cache, pfn)

    def new_slab(self, nid: int, free: int, frozen: bool) -> int:
        """Obtain a slab of a node with `free` objects on its freelist, the first ones; the others are out."""
        cpu, cache = self.cpu, self.cache
        saved = cpu.irq_save(0)
        pfn = self.pages.new_slab(cpu, cache, gfp.GFP_ATOMIC | gfp.THISNODE, nid)
        cpu.irq_restore(saved)
        if pfn < 0:
            raise ValueError(f"no memory for a slab of {cache.name}")
        self.chain(pfn, range(free))
        objects = self.pages.objects(pfn)
        self.pages.mem_map.set("freelist", pfn, self.address(pfn, 0) if free else 0)
        self.pages.mem_map.set(
            "s_mem", pfn, (objects - free) | (objects << layout.OBJECTS_SHIFT) | (layout.FROZEN if frozen else 0)
        )
        return pfn

    def address(self, pfn: int, index: int) -> int:
        """Address of an object of a slab."""
        return (pfn << layout.PAGE_SHIFT) + index * self.cache.size

    def chain(self, pfn: int, indices: range) -> None:
        """Let the free pointers of these objects name one another in order."""
        for index in indices:
            following = self.address(pfn, index + 1) if index + 1 in indices else 0
            self.pages.freelists.set_freepointer(self.cache, self.address(pfn, index), following)

    def prepare(self) -> None:
        """Bring the cache into the state before the path."""
        before = self.row.before
        spare = {0: before["node_slabs"], 1: before["remote_slabs"]}  # by distance: 0 local, 1 remote
        if before["has_page"]:
            self.make_cpu_slab()
            spare[before["page_node"] ^ self.node] -= 1
        for distance in self.make_cpu_partial():
            spare[distance] -= 1
        listed = {0: before["node_partial"], 1: before["remote_partial"]}
        if self.row.call == "free_" and not self.row.kind.startswith("fast"):
            distance = self.row.where
            spare[distance] -= self.make_object(distance)
            listed[distance] -= int(self.row.kind.startswith("node_partial"))
        elif self.row.path.startswith(("free_", "kfree_")):
            self.objp = self.address(self.c.page, self.pages.objects(self.c.page) - 1)
        elif self.row.call == "bulk_free_":
            count = int(self.row.path.rpartition("_")[2])
            last = self.pages.objects(self.c.page)
            self.objects = [self.address(self.c.page, index) for index in range(last - count, last)]
        for distance in (0, 1):
            self.list_slabs(distance, listed[distance])
            for _ in range(spare[distance] - listed[distance]):
                self.new_slab(self.node ^ distance, 0, frozen=False)

    def make_cpu_slab(self) -> None:
        """Give the CPU its slab, with objects on its own and on the page's freelist."""
        before = self.row.before
        own, others = before["cpu_freelist"], before["page_freelist"]
        pfn = self.new_slab(before["page_node"], 0, frozen=True)
        objects = self.pages.objects(pfn)
        self.chain(pfn, range(own))
        self.chain(pfn, range(own, own + others))
        self.pages.mem_map.set("freelist", pfn, self.address(pfn, own) if others else 0)
        self.pages.mem_map.set("s_mem", pfn, (objects - others) | (objects << layout.OBJECTS_SHIFT) | layout.FROZEN)
        self.c.page, self.c.freelist = pfn, self.address(pfn, 0) if own else 0

    def make_cpu_partial(self) -> list[int]:
        """Give the CPU its partial slabs; the distance of each slab's node."""
        count = self.row.before["cpu_partial_slabs"]
        popped = self.row.popped
        free = [1] * count
        drained = DRAIN.match(self.row.kind)
        for i in range(count - int(drained[2]) if drained else count, count):
            free[i] = self.cache.oo_objects  # given back when the list is drained
        if popped and self.row.ends_there:
            free[popped - 1] = self.row.after["cpu_freelist"] + 1
        slabs = [self.new_slab(self.node ^ where, free[i], frozen=True) for i, where in enumerate(self.distances)]
        self.link_partial(slabs, self.counted(popped, count))
        return self.distances

    def counted(self, popped: int, count: int) -> list[int]:
        """Objects counted for each slab of the CPU's list when it was put there."""
        before, after = self.row.before["cpu_pobjects"], self.row.after["cpu_pobjects"]
        head = before - after if 0 < popped < count else before
        first = [1] * popped if popped else []
        if first:
            first[-1] = head - (popped - 1)
        rest = [1] * (count - popped)
        if rest:
            rest[-1] = (after if popped else before) - (len(rest) - 1)
        return first + rest

    def link_partial(self, slabs: list[int], counted: list[int]) -> None:
        """Make slabs the CPU's list, first to last."""
        mem_map = self.pages.mem_map
        for i, pfn in enumerate(slabs):
            mem_map.set("next", pfn, slabs[i + 1] if i + 1 < len(slabs) else -1)
            mem_map.set("prev", pfn, (len(slabs) - i) | (sum(counted[i:]) << 32))
        self.c.partial = slabs[0] if slabs else -1

    def make_object(self, distance: int) -> int:
        """Make the slab of the object to be freed, unless it is one of the CPU's list; how many were made."""
        row, kind = self.row, self.row.kind
        nid = self.node ^ distance
        made = 0
        pfn = -1
        if kind.startswith("frozen_cpu_partial_own"):
            pfn = self.c.partial
            while pfn >= 0 and self.pages.mem_map.nid(pfn) != nid:
                pfn = self.pages.mem_map.get("next", pfn)
        if pfn >= 0:
            free = self.cache.oo_objects - row.obj_inuse
            self.chain(pfn, range(free))
            self.pages.mem_map.set("freelist", pfn, self.address(pfn, 0) if free else 0)
            self.pages.mem_map.set(
                "s_mem", pfn, row.obj_inuse | (self.cache.oo_objects << layout.OBJECTS_SHIFT) | layout.FROZEN
            )
        else:
            made = 1
            frozen = kind.startswith("frozen")
            pfn = self.new_slab(nid, self.cache.oo_objects - row.obj_inuse, frozen)
            if kind.startswith("frozen_other_cpu"):
                self.cache.cpu_slab[OTHER_CPU_OF_NODE[nid]].page = pfn
            elif kind.startswith("node_partial"):
                self.add_partial(nid, pfn)
        self.objp = self.address(pfn, self.cache.oo_objects - 1)
        return made

    def list_slabs(self, distance: int, count: int) -> None:
        """Fill a node's list: those that the path takes first, with as many objects as it found."""
        row = self.row
        nid = self.node ^ distance
        taken = re.search(r"node_partial_(\d+)", row.kind)
        free = [1] * count
        if taken and row.call.startswith("alloc") and nid == row.after["page_node"]:
            further = min(int(taken[1]), count) - 1
            free[0] = row.after["cpu_freelist"] + 1
            free[1 : 1 + further] = shares(row.after["cpu_pobjects"], further, self.cache.oo_objects)
        for objects in free:
            self.add_partial(nid, self.new_slab(nid, objects, frozen=False))

    def add_partial(self, nid: int, pfn: int) -> None:
        """Put a slab at the end of its node's list."""
        n, cpu = self.cache.get_node(nid), self.cpu
        saved = cpu.irq_save(0)
        n.list_lock.lock(cpu, 0)
        self.allocator.lists.add_partial(cpu, self.cache, n, pfn, 1)
        n.list_lock.unlock(cpu)
        cpu.irq_restore(saved)

    def slab_pages(self) -> set[int]:
        """Return the page frames of the cache's slabs, those already given back too."""
        return {pfn + i for pfn in self.slabs | self.gone for i in range(1 << self.cache.oo_order)}

    def object_pages(self) -> set[int]:
        """Return the page frames of the slab of the path's object; with several objects, of all slabs."""
        if self.row.path.startswith("bulk"):
            return self.slab_pages()
        for pfn in self.slabs | self.gone:
            pages = set(range(pfn, pfn + (1 << self.cache.oo_order)))
            if self.objp >> layout.PAGE_SHIFT in pages:
                return pages
        return set()

    def state(self) -> dict[str, int]:
        """Return the state as the records have it."""
        c, freelists, mem_map = self.c, self.pages.freelists, self.pages.mem_map
        partial = self.allocator.partial.entries(c)
        local, remote = self.cache.get_node(self.node), self.cache.get_node(1 - self.node)
        head = mem_map.get("freelist", c.page) if c.page >= 0 else 0
        return {
            "has_page": int(c.page >= 0),
            "page_node": mem_map.nid(c.page) if c.page >= 0 else -1,
            "cpu_freelist": len(freelists.objects(self.cache, c.freelist)),
            "page_freelist": len(freelists.objects(self.cache, head)),
            "cpu_partial_slabs": len(partial),
            "cpu_pobjects": partial[0][2] if partial else 0,
            "node_partial": local.nr_partial,
            "node_slabs": local.nr_slabs,
            "remote_partial": remote.nr_partial,
            "remote_slabs": remote.nr_slabs,
        }

    def run(self) -> None:
        """Run the path."""
        allocator, cpu, cache, row = self.allocator, self.cpu, self.cache, self.row
        flags = gfp.GFP_ATOMIC if "atomic" in row.path else gfp.GFP_KERNEL
        match row.call:
            case "alloc_":
                self.objp = allocator.kmem_cache_alloc(cpu, cache, flags)
            case "alloc_node_":
                self.objp = allocator.kmem_cache_alloc_node(cpu, cache, flags, row.wanted)
            case "free_":
                allocator.kmem_cache_free(cpu, cache, self.objp)
            case "bulk_alloc_":
                allocator.kmem_cache_alloc_bulk(cpu, cache, flags, int(row.path.rpartition("_")[2]))
            case "bulk_free_":
                allocator.kmem_cache_free_bulk(cpu, cache, self.objects)
            case "kmalloc_":
                self.objp = allocator.kmalloc(cpu, row.kmalloc_size, flags)
            case "kfree_":
                allocator.kfree(cpu, self.objp)
            case other:
                raise ValueError(f"unknown path {other!r}")

    def leave(self) -> None:
        """Remember the slabs, for the next bench of the cache to give back."""
        LEFT[self.cache.name] = set(self.slabs)


def shares(total: int, parts: int, most: int) -> list[int]:
    """Return `total` in `parts` numbers of 1 to `most`, the last as large as can be, then the first."""
    found = [1] * parts
    left = total - parts
    for i in (parts - 1, *range(parts - 1)) if parts else ():
        more = min(left, most - 1)
        found[i] += more
        left -= more
    return found
