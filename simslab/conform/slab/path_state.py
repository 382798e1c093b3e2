"""A cache on two nodes brought into the state that a row of the instruction counts begins with, and the row's path."""

from __future__ import annotations

import re
from functools import cache as memoized
from typing import Final

from simslab.base.errors import UserError
from simslab.conform.records import Row
from simslab.conform.topologies import new_system
from simslab.conform.watching import accesses_free_of_charge
from simslab.kernel.layout import SLABS_FREE, SLABS_FULL, SLABS_PARTIAL
from simslab.kernel.mm import gfp
from simslab.machine.accounting.callsites import site
from simslab.slab.allocator import SlabAllocator
from simslab.slab.creation.cpucache import do_tune_cpucache
from simslab.slab.creation.options import SlabOptions
from simslab.slab.kmem_cache import ArrayCache, KmemCache
from simslab.slab_common import flags as fl

TOPOLOGY: Final = "2n4c"
MOST: Final = 1 << 12  # objects, slabs, or entries of an array
LARGEST_OBJECT: Final = 1 << 22
UNLIMITED: Final = 1 << 30
NAME: Final = re.compile(r"b(ctor|rec)?(\d{1,9})")
KMALLOC: Final = re.compile(r"(kmalloc_node|kmalloc|kfree)_hit_(\d{1,9})")
REMOTE_CPU: Final = 2
SITE_ALLOC: Final = site("kmem_cache_alloc")


@memoized
def machine() -> SlabAllocator:
    """Return the system whose caches are measured."""
    return new_system(TOPOLOGY, SlabOptions(slab_nomerge=True))


class Bench:
    """One cache in the state before a path; `run` runs the path on the first CPU."""

    def __init__(self, row: Row, before: tuple[int, ...]) -> None:
        self.path = row["path"]
        self.allocator = machine()
        self.cpu = self.allocator.kernel.machine.cpus[0]
        self.kmalloc = KMALLOC.fullmatch(self.path)
        # Not recorded; an array not used lately takes at most 16 objects, of which one is returned.
        self.touched = int("_miss_" not in self.path or row["ac_after"] != "15")
        objects, free_slabs, slabs = (
            row.integer(f"remote_{name}_after", 0, MOST) - before[at]
            for name, at in (("free_objects", 6), ("free_slabs", 7), ("total_slabs", 8))
        )
        self.remote_emptied = free_slabs > 0 or slabs < 0
        self.remote_freed = (
            objects - row.integer("objs_per_slab", 1, MOST) * slabs
        )  # went back into slabs of the other node
        self.pages: set[int] = set()
        self.held: tuple[list[int], list[int]] = ([], [])
        with accesses_free_of_charge(self.allocator.kernel.machine.cpus):
            self.cache = self.make_cache(row)
            self.align_arrays()
            self.prepare(before)
        latest = max(cpu.now for cpu in self.allocator.kernel.machine.cpus)
        self.cpu.now = latest
        self.slab_pages()

    def make_cache(self, row: Row) -> KmemCache:
        """Make the row's cache with its tunables."""
        if self.kmalloc:
            cache = self.allocator.kmalloc_slab(int(self.kmalloc[2]), gfp.GFP_KERNEL)
            if cache is None:
                told = f"is '{self.path:.40}'"
                raise UserError(
                    told, file=row.file, line=row.line, column=1, path="path", expected="a size that exists"
                )
            return cache
        match = NAME.match(row["cache"])
        if match is None or not 0 < int(match[2]) <= LARGEST_OBJECT:
            told = f"is '{row['cache']:.40}'"
            raise UserError(
                told, file=row.file, line=row.line, column=1, path="cache", expected="b or bctor and a size"
            )
        flags = fl.SLAB_RECLAIM_ACCOUNT if match[1] == "rec" else 0
        made = self.allocator.kmem_cache_create(row["cache"], int(match[2]), 0, flags, int(match[1] == "ctor"))
        if made is None:
            row.refuse("cache", "one that can be created")
        limit, batchcount = row.integer("limit", 1, MOST), row.integer("batchcount", 1, MOST)
        shared = row.integer("shared_limit", 0, MOST) // batchcount
        if (limit, batchcount, shared) != (made.limit, made.batchcount, made.shared):
            do_tune_cpucache(self.allocator, self.cpu, made, limit, batchcount, shared, gfp.GFP_KERNEL)
        return made

    def align_arrays(self) -> None:
        """Let the CPUs' arrays begin a line, as the record counts lines from the start of a structure."""
        for ac in self.cache.cpu_cache:
            ac.addr = -(-ac.addr // 64) * 64

    def prepare(self, before: tuple[int, ...]) -> None:
        """Bring the cache into a state: objects that were allocated first are the first in slabs, arrays, hands."""
        ac, shared, alien, *nodes = before
        if self.kmalloc:
            nodes = [0, 0, -(-(ac + 1) // self.cache.num), 0, 0, 0]
            shared = alien = 0
        for nid in (0, 1):
            self.obtain(nid, nodes[3 * nid + 2])
            self.give_back(nid, nodes[3 * nid], nodes[3 * nid + 1], 0 if nid else shared)
            self.empty_array(nid)
        local = self.held[0]
        n = self.cache.get_node(0)
        if n.shared is not None:
            self.put(n.shared, local, shared)
        self.put(self.cache.cpu_cache[0], local, ac)
        self.cache.cpu_cache[0].touched = self.touched
        if n.alien is not None and n.alien[1] is not None:
            self.put(n.alien[1].ac, self.held[1], alien)
        self.fill_remote_shared(alien)

    def obtain(self, nid: int, slabs: int) -> None:
        """Allocate all objects of `slabs` new slabs of a node."""
        cpu = self.allocator.kernel.machine.cpus[REMOTE_CPU if nid else 0]
        for _ in range(slabs * self.cache.num):
            self.held[nid].append(self.allocator.allocating.slab_alloc(cpu, self.cache, gfp.GFP_KERNEL, SITE_ALLOC))

    def fill_remote_shared(self, alien: int) -> None:
        """Leave as little room in the other node's shared array, whose state is not recorded, as the path met."""
        shared = self.cache.get_node(1).shared
        if self.remote_freed > 0 and shared is not None:
            shared.avail = shared.limit - (alien - self.remote_freed)

    def empty_array(self, nid: int) -> None:
        """Take what a CPU's array holds, as those of kmalloc caches do."""
        cpu = self.allocator.kernel.machine.cpus[REMOTE_CPU if nid else 0]
        while self.cache.cpu_cache[cpu.id].avail:
            self.allocator.allocating.slab_alloc(cpu, self.cache, gfp.GFP_KERNEL, SITE_ALLOC)

    def give_back(self, nid: int, free_objects: int, free_slabs: int, shared: int) -> None:
        """Put objects back into slabs so that this many are free, and this many slabs entirely.

        Objects freed in the order of their allocation fill the shared array first; then slabs empty one by one.
        """
        num, held = self.cache.num, self.held[nid]
        if shared and (shared + free_objects) // num - -(-shared // num) == free_slabs:
            self.free_to_slabs(nid, held[shared : shared + free_objects])
            del held[shared : shared + free_objects]
            return
        whole, rest = free_slabs * num, free_objects - free_slabs * num
        chosen = held[:whole]
        start = whole
        while rest > 0:
            share = min(rest, num - 1)
            chosen += held[start : start + share]
            start, rest = start + num, rest - share
        self.free_to_slabs(nid, chosen)
        gone = set(chosen)
        kept = [objp for objp in held[:start] if objp not in gone]
        # Objects of the other node that are freed next belong to other slabs, unless the path empties a slab.
        held[:] = held[start:] + kept if nid and not self.remote_emptied else kept + held[start:]

    def free_to_slabs(self, nid: int, objects: list[int]) -> None:
        """Run free_block on objects without trimming."""
        n, cpu = self.cache.get_node(nid), self.cpu
        array = ArrayCache(0, max(len(objects), 1), 1)
        self.put(array, list(objects), len(objects))
        limit, n.free_limit = n.free_limit, UNLIMITED
        flags = cpu.irq_save(0)
        n.list_lock.lock(cpu, 0)
        self.allocator.freeing.blocks.free_block(cpu, self.cache, array, len(objects), nid)
        n.list_lock.unlock(cpu)
        cpu.irq_restore(flags)
        n.free_limit = limit

    def put(self, array: ArrayCache, objects: list[int], count: int) -> None:
        """Move the first `count` objects into an array."""
        for objp in objects[:count]:
            array.entry[array.avail] = objp
            array.avail += 1
        del objects[:count]

    def slab_pages(self) -> set[int]:
        """Return the page frames of the cache's slabs, those already destroyed too."""
        pages = self.allocator.pages
        for nid in (0, 1):
            for which in (SLABS_PARTIAL, SLABS_FULL, SLABS_FREE):
                for pfn in pages.lists.list_pfns(self.cache.get_node(nid), which):
                    self.pages.update(range(pfn, pfn + (1 << self.cache.gfporder)))
        return self.pages

    def state(self) -> tuple[int, ...]:
        """Return the state in the table's order."""
        local, remote = self.cache.get_node(0), self.cache.get_node(1)
        alien = local.alien[1] if local.alien is not None else None
        return (
            self.cache.cpu_cache[0].avail,
            local.shared.avail if local.shared is not None else 0,
            alien.ac.avail if alien is not None else 0,
            *(count for n in (local, remote) for count in (n.free_objects, n.free_slabs, n.total_slabs)),
        )

    def run(self) -> None:
        """Run the path."""
        allocator, cpu, cache, path = self.allocator, self.cpu, self.cache, self.path
        flags = gfp.GFP_ATOMIC if path.endswith("_atomic") else gfp.GFP_KERNEL
        if self.kmalloc:
            self.run_kmalloc(self.kmalloc[1], int(self.kmalloc[2]))
        elif path.startswith("alloc_node"):
            flags |= gfp.THISNODE if path.endswith("_thisnode") else 0
            allocator.kmem_cache_alloc_node(cpu, cache, flags, 0 if "local" in path else 1)
        elif path.startswith("bulk_alloc"):
            allocator.kmem_cache_alloc_bulk(cpu, cache, flags, int(path[-1]))
        elif path.startswith("bulk_free"):
            allocator.kmem_cache_free_bulk(cpu, cache, self.held[0][: int(path[-1])])
        elif path.startswith("shrink"):
            allocator.kmem_cache_shrink(cpu, cache)
        elif path.startswith("free"):
            allocator.kmem_cache_free(cpu, cache, self.held["alien" in path][0])
        else:
            # A cache with a constructor was asked for plain objects.
            allocator.kmem_cache_alloc(cpu, cache, flags | (gfp.ZERO if path.startswith("z") and not cache.ctor else 0))

    def run_kmalloc(self, function: str, size: int) -> None:
        """Run a hit in a kmalloc cache."""
        if function == "kfree":
            self.allocator.kfree(self.cpu, self.held[0][0])
        elif function == "kmalloc":
            self.allocator.kmalloc(self.cpu, size, gfp.GFP_KERNEL)
        else:
            self.allocator.kmalloc_node(self.cpu, size, gfp.GFP_KERNEL, 0)
