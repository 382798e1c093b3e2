"""What must hold of one cache at every instant at which another CPU could run, checked in a few microseconds.

Between operations every object is in exactly one place: free in its slab, in an array, or with a user. In the middle of
an operation, at a settle point, an object or a slab may also be *in flight*: on the stack of a CPU that waits for a
lock. `check` is told how much may be, and who runs nothing allows none. Everything else has no exceptions, since state
changes between settle points only: counters equal lists, lists follow `active`, no object has two places.

# Speed: `invariants.py` says the same of a whole allocator in sentences; this leaf reads the structures in C and marks
# each object it meets in a table, which takes 2-4 us where sets of addresses take milliseconds.
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers
from simslab.kernel import layout
from simslab.kernel.mm.page import MemMap
from simslab.slab import cflgs
from simslab.slab.kmem_cache import AlienTable, ArrayCache, KmemCache, KmemCacheNode

ROW_SHIFT: Final = 8
NR_LISTS: Final = 3

# What `check` can find; PROBLEMS has the words.
WRONG_LIST: Final = 1
WRONG_NODE: Final = 2
WRONG_TOTAL: Final = 3
WRONG_FREE_SLABS: Final = 4
WRONG_FREE_OBJECTS: Final = 5
UNKNOWN_SLAB: Final = 6
LISTED_TWICE: Final = 7
SLABS_LOST: Final = 8
BAD_INDEX: Final = 9
TWO_PLACES: Final = 10
BAD_HOLDER: Final = 11
OVER_LIMIT: Final = 12
NOT_AT_HOME: Final = 13
NO_OBJECT: Final = 14
OBJECTS_LOST: Final = 15
NOT_EMPTIED: Final = 16
PROBLEMS: Final = (
    "nothing",
    "slab %#x is in a list that its active count does not allow",
    "slab %#x is in a list of another node",
    "node %d: total_slabs is not what its lists hold",
    "node %d: free_slabs is not what its lists hold",
    "node %d: free_objects is not what its lists hold",
    "%#x is in a list or an account of slabs, and not in the other",
    "slab %#x is in two lists",
    "slab %#x is lost: in no list, and nobody is moving it",
    "slab %#x has a free index beyond its objects",
    "%#x: an object is in two places",
    "slab %#x has its index array in an object that is not free",
    "the array at %#x holds more than its limit",
    "object %#x is in an array for another node",
    "%#x is no object of the cache",
    "%d objects are lost",
    "the array at %#x was replaced and never emptied",
)


class SlabAudit:
    """The invariants of `cache`, from its creation on; `homes[i]` is the node whose objects CPU i's array may hold.

    `held` are the addresses its users hold; `freeing` those whose free is under way, which are in a place or in flight.
    It is the observer of slabs obtained and destroyed: set `pages.observer` to it. `subject` is what the last problem
    is about: an address, a pfn or a node.
    """

    def __init__(self, mem_map: MemMap, cache: KmemCache, homes: list[int]) -> None:
        self.mem_map = mem_map
        self.cache = cache
        self.homes = homes
        self.check_homes = 1 if len(cache.node) > 1 else 0
        self.held: list[int] = []
        self.freeing: list[int] = []
        self.slabs: list[int] = []
        self.retired: list[ArrayCache] = []  # arrays that were replaced and may not be empty yet
        self.cpu_cache = cache.cpu_cache
        self.aliens: list[AlienTable | None] = [None if n is None else n.alien for n in cache.node]
        self.room = 0
        self.checks = 0
        self.stamp = 0
        self.subject = 0
        self.listed = 0
        self.placed = 0
        self.make_room()

    def make_room(self) -> None:
        """Have a mark for every object of every slab that the memory map has a row for."""
        self.room = self.mem_map.nr_slots
        self.marks_owner = buffers.int64_zeros(self.room << ROW_SHIFT)
        self.marks = buffers.int64_pointer(self.marks_owner)
        self.lists_owner = buffers.int64_zeros(self.room)
        self.lists = buffers.int64_pointer(self.lists_owner)

    def sentence(self, problem: int) -> str:
        """What `check` found, in words."""
        text = PROBLEMS[problem]
        return f"{self.cache.name}: " + (text % self.subject if "%" in text else text)

    # -- observer of slabs --------------------------------------------------------------------------------------------

    def slab_obtained(self, cache: KmemCache, pfn: int, _nid: int) -> None:
        """A slab exists from now on."""
        if cache is self.cache:
            self.slabs.append(pfn)

    def slab_destroyed(self, cache: KmemCache, pfn: int, _nid: int) -> None:
        """A slab exists no longer."""
        if cache is self.cache:
            self.slabs.remove(pfn)

    # -- the check ----------------------------------------------------------------------------------------------------

    def check(self, objects_in_flight: int, slabs_growing: int, slabs_dying: int) -> int:
        """0, or the number of the first problem found.

        At most so many objects (beyond those of `freeing`) and slabs may be in no place: slabs that grow, some of whose
        objects may be handed out already, and slabs without objects that are about to be destroyed. With none in
        flight, nothing may be left in a retired array either.
        """
        self.checks += 1
        self.stamp += 1
        self.placed = 0
        self.listed = 0
        if self.mem_map.nr_slots > self.room:
            self.make_room()
        self.note_retired()
        problem = self.check_nodes()
        if not problem:
            problem = self.check_slabs(slabs_growing, slabs_dying)
        if not problem:
            problem = self.check_arrays()
        if not problem:
            problem = self.check_users(objects_in_flight)
        if not problem and not objects_in_flight and not slabs_growing and not slabs_dying and not self.freeing:
            problem = self.check_retired()
        return problem

    def note_retired(self) -> None:
        """Remember arrays that the cache does not refer to any more."""
        if self.cpu_cache is not self.cache.cpu_cache:
            self.retired += self.cpu_cache
            self.cpu_cache = self.cache.cpu_cache
        for nid, n in enumerate(self.cache.node):
            aliens = None if n is None else n.alien
            known = self.aliens[nid]
            if aliens is not known:
                self.retired += [alien.ac for alien in (known.made if known else ()) if alien is not None]
                self.aliens[nid] = aliens

    def check_nodes(self) -> int:
        """Counters equal the lists; a slab is in the list its `active` says, and on its own node."""
        for entry in self.cache.node:
            if entry is not None:
                problem = self.check_node(entry)
                if problem:
                    return problem
        return 0

    def check_node(self, n: KmemCacheNode) -> int:
        """The same for one node."""
        total = free_slabs = free_objects = 0
        for which in range(NR_LISTS):
            pfn = n.lists[2 * which]
            while pfn >= 0:
                problem = self.check_listed(n, which, pfn)
                if problem:
                    return problem
                total += 1
                if which == layout.SLABS_FREE:
                    free_slabs += 1
                free_objects += self.cache.num - self.mem_map.active[pfn]
                pfn = self.mem_map.next[pfn]
        self.listed += total
        self.subject = n.node
        if n.total_slabs != total:
            return WRONG_TOTAL
        if n.free_slabs != free_slabs:
            return WRONG_FREE_SLABS
        return 0 if n.free_objects == free_objects else WRONG_FREE_OBJECTS

    def check_listed(self, n: KmemCacheNode, which: int, pfn: int) -> int:
        """One slab of a list; also ends the walk of a list that has become a circle."""
        self.subject = pfn
        active = self.mem_map.active[pfn]
        slot = self.mem_map.slot[pfn]
        if self.mem_map.slab_cache[pfn] != self.cache.index or slot == 0:
            return UNKNOWN_SLAB
        if self.lists[slot] == self.stamp:
            return LISTED_TWICE
        self.lists[slot] = self.stamp
        expected = 2 if active == 0 else 1 if active == self.cache.num else 0
        if which != expected:
            return WRONG_LIST
        return 0 if self.mem_map.nid(pfn) == n.node else WRONG_NODE

    def check_slabs(self, slabs_growing: int, slabs_dying: int) -> int:
        """Every slab obtained and not destroyed is in a list or in flight; its free objects are marked."""
        unlisted = used = 0
        for entry in self.slabs:
            pfn = entry
            if self.lists[self.mem_map.slot[pfn]] != self.stamp:
                self.subject = pfn
                unlisted += 1
                if self.mem_map.active[pfn]:
                    used += 1
                if used > slabs_growing or unlisted > slabs_growing + slabs_dying:
                    return SLABS_LOST
            problem = self.check_free_indices(pfn)
            if problem:
                return problem
        self.subject = self.listed + unlisted - len(self.slabs)
        return UNKNOWN_SLAB if self.subject else 0

    def check_free_indices(self, pfn: int) -> int:
        """Free indices are in range and differ; an index array inside an object lies in a free one."""
        row = self.mem_map.slot[pfn] << ROW_SHIFT
        num = self.cache.num
        active = self.mem_map.active[pfn]
        self.subject = pfn
        for i in range(active, num):
            index = self.mem_map.rows[row + i]
            if index >= num:
                return BAD_INDEX
            if self.marks[row + index] == self.stamp:
                return TWO_PLACES
            self.marks[row + index] = self.stamp
        self.placed += num - active
        if self.cache.flags & cflgs.CFLGS_OBJFREELIST_SLAB and active < num:
            holder = self.mark_of(self.mem_map.freelist[pfn] - self.cache.obj_offset)
            if holder < 0 or self.marks[holder] != self.stamp:
                return BAD_HOLDER
        return 0

    def check_arrays(self) -> int:
        """Every array is within its limit and holds objects of its home that are in no other place."""
        for cpu_id, entry in enumerate(self.cache.cpu_cache):
            problem = self.check_array(entry, self.homes[cpu_id])
            if problem:
                return problem
        for n in self.cache.node:
            if n is not None:
                problem = self.check_shared(n)
                if problem:
                    return problem
        for entry in self.retired:
            problem = self.check_array(entry, -1)
            if problem:
                return problem
        return 0

    def check_shared(self, n: KmemCacheNode) -> int:
        """The shared and alien arrays of a node."""
        if n.shared is not None:
            problem = self.check_array(n.shared, n.node)
            if problem:
                return problem
        if n.alien is not None:
            for nid, alien in enumerate(n.alien.made):
                if alien is not None:
                    problem = self.check_array(alien.ac, nid)
                    if problem:
                        return problem
        return 0

    def check_array(self, ac: ArrayCache, home: int) -> int:
        """One array; `home` -1 for any."""
        if ac.avail > ac.limit or ac.avail < 0:
            self.subject = ac.addr
            return OVER_LIMIT
        for i in range(ac.avail):
            problem = self.place(ac.entry[i])
            if problem:
                return problem
            if self.check_homes and home >= 0 and self.mem_map.nid(ac.entry[i] >> layout.PAGE_SHIFT) != home:
                return NOT_AT_HOME
        return 0

    def check_users(self, objects_in_flight: int) -> int:
        """Objects with users, and on their way back from them; what is then in no place must be in flight."""
        for entry in self.held:
            problem = self.place(entry - self.cache.obj_offset)
            if problem:
                return problem
        for entry in self.freeing:
            self.place_freeing(entry - self.cache.obj_offset)
        self.subject = len(self.slabs) * self.cache.num - self.placed
        return OBJECTS_LOST if self.subject > objects_in_flight else 0

    def place(self, objp: int) -> int:
        """Mark an object found in a place outside its slab."""
        self.subject = objp
        mark = self.mark_of(objp)
        if mark < 0:
            return NO_OBJECT
        if self.marks[mark] == self.stamp:
            return TWO_PLACES
        self.marks[mark] = self.stamp
        self.placed += 1
        return 0

    def place_freeing(self, objp: int) -> None:
        """An object being freed is in flight unless it has arrived; its slab may even be gone."""
        mark = self.mark_of(objp)
        if mark >= 0 and self.marks[mark] != self.stamp:
            self.marks[mark] = self.stamp
            self.placed += 1

    def mark_of(self, objp: int) -> int:
        """Where the mark of the object at `objp` is; -1 when no object of the cache begins there."""
        pfn = objp >> layout.PAGE_SHIFT
        if pfn <= 0 or pfn >= self.mem_map.nr_pages:
            return -1
        pfn = self.mem_map.head[pfn]
        slot = self.mem_map.slot[pfn]
        if self.mem_map.slab_cache[pfn] != self.cache.index or slot == 0 or objp < self.mem_map.s_mem[pfn]:
            return -1
        index = (objp - self.mem_map.s_mem[pfn]) // self.cache.size
        if index >= self.cache.num or self.mem_map.s_mem[pfn] + index * self.cache.size != objp:
            return -1
        return (slot << ROW_SHIFT) + index

    def check_retired(self) -> int:
        """Between operations, arrays that were replaced are empty, and forgotten."""
        for entry in self.retired:
            if entry.avail:
                self.subject = entry.addr
                return NOT_EMPTIED
        self.retired.clear()
        return 0
