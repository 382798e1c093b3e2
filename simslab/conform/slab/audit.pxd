# Written by tools/declarations.py from audit.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.kernel cimport layout
from simslab.kernel.mm.page cimport MemMap
from simslab.slab cimport cflgs
from simslab.slab.kmem_cache cimport AlienCache, AlienTable, ArrayCache, KmemCache, KmemCacheNode

cdef long long ROW_SHIFT
cdef long long NR_LISTS
cdef long long WRONG_LIST
cdef long long WRONG_NODE
cdef long long WRONG_TOTAL
cdef long long WRONG_FREE_SLABS
cdef long long WRONG_FREE_OBJECTS
cdef long long UNKNOWN_SLAB
cdef long long LISTED_TWICE
cdef long long SLABS_LOST
cdef long long BAD_INDEX
cdef long long TWO_PLACES
cdef long long BAD_HOLDER
cdef long long OVER_LIMIT
cdef long long NOT_AT_HOME
cdef long long NO_OBJECT
cdef long long OBJECTS_LOST
cdef long long NOT_EMPTIED


@cython.final
cdef class SlabAudit:
    cdef public MemMap mem_map
    cdef public KmemCache cache
    cdef public list homes
    cdef long long check_homes
    cdef public list held
    cdef public list freeing
    cdef public list slabs
    cdef public list retired
    cdef public list cpu_cache
    cdef public list aliens
    cdef public long long room
    cdef public long long checks
    cdef readonly long long stamp
    cdef long long subject
    cdef public long long listed
    cdef long long placed
    cdef object marks_owner
    cdef long long* marks
    cdef readonly object lists_owner
    cdef long long* lists

    @cython.locals(problem=cython.longlong)
    cpdef long long check(self, long long objects_in_flight, long long slabs_growing, long long slabs_dying) except -1
    @cython.locals(nid=cython.longlong, n=KmemCacheNode, aliens=AlienTable, known=AlienTable)
    cdef note_retired(self)
    @cython.locals(entry=KmemCacheNode, problem=cython.longlong)
    cdef long long check_nodes(self) except -1
    @cython.locals(
        total=cython.longlong, free_slabs=cython.longlong, free_objects=cython.longlong, which=cython.longlong,
        pfn=cython.longlong, problem=cython.longlong
    )
    cdef long long check_node(self, KmemCacheNode n) noexcept
    @cython.locals(active=cython.longlong, slot=cython.longlong, expected=cython.longlong)
    cdef long long check_listed(self, KmemCacheNode n, long long which, long long pfn) noexcept
    @cython.locals(
        unlisted=cython.longlong, used=cython.longlong, entry=cython.longlong, pfn=cython.longlong,
        problem=cython.longlong
    )
    cdef long long check_slabs(self, long long slabs_growing, long long slabs_dying) except -1
    @cython.locals(
        row=cython.longlong, num=cython.longlong, active=cython.longlong, i=cython.longlong, index=cython.longlong,
        holder=cython.longlong
    )
    cdef long long check_free_indices(self, long long pfn) noexcept
    @cython.locals(cpu_id=cython.longlong, entry=ArrayCache, problem=cython.longlong, n=KmemCacheNode)
    cdef long long check_arrays(self) except -1
    @cython.locals(problem=cython.longlong, nid=cython.longlong, alien=AlienCache)
    cdef long long check_shared(self, KmemCacheNode n) except -1
    @cython.locals(i=cython.longlong, problem=cython.longlong)
    cdef long long check_array(self, ArrayCache ac, long long home) noexcept
    @cython.locals(entry=cython.longlong, problem=cython.longlong)
    cdef long long check_users(self, long long objects_in_flight) except -1
    @cython.locals(mark=cython.longlong)
    cdef long long place(self, long long objp) noexcept
    @cython.locals(mark=cython.longlong)
    cdef place_freeing(self, long long objp)
    @cython.locals(pfn=cython.longlong, slot=cython.longlong, index=cython.longlong)
    cdef long long mark_of(self, long long objp) noexcept
    @cython.locals(entry=ArrayCache)
    cdef long long check_retired(self) except -1
