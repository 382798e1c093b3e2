# Written by tools/declarations.py from kmem_cache.py; its docstring tells what is decided here.
cimport cython
from simslab.allocator.cache cimport Cache
from simslab.base cimport buffers
from simslab.kernel cimport layout
from simslab.kernel.locking.spinlock cimport LockClass, SpinLock


@cython.final
cdef class ArrayCache:
    cdef public long long addr
    cdef public long long avail
    cdef public long long limit
    cdef public long long batchcount
    cdef public long long touched
    cdef public object owner
    cdef readonly long long first
    cdef long long* entry

    cpdef list entries(self)


@cython.final
cdef class AlienCache:
    cdef public long long addr
    cdef public ArrayCache ac
    cdef public SpinLock lock


@cython.final
cdef class AlienTable:
    cdef public object addresses
    cdef long long* address
    cdef public long long limit
    cdef readonly LockClass lock_class
    cdef public list made

    @cython.locals(alien=AlienCache)
    cpdef AlienCache get(self, long long nid)
    @cython.locals(addr=cython.longlong, array=ArrayCache, alien=AlienCache)
    cdef AlienCache make(self, long long nid)


@cython.final
cdef class KmemCacheNode:
    cdef public long long addr
    cdef public long long node
    cdef public SpinLock list_lock
    cdef readonly object lists_owner
    cdef long long* lists
    cdef public long long total_slabs
    cdef public long long free_slabs
    cdef public long long free_objects
    cdef public long long free_limit
    cdef public long long colour_next
    cdef public ArrayCache shared
    cdef public AlienTable alien
    cdef public long long alien_addr
    cdef public long long next_reap
    cdef public long long free_touched


@cython.final
cdef class KmemCache(Cache):
    cdef public list cpu_cache
    cdef public long long cpu_cache_offset
    cdef public long long batchcount
    cdef public long long limit
    cdef public long long shared
    cdef public long long num
    cdef public long long gfporder
    cdef public long long colour
    cdef public long long colour_off
    cdef public KmemCache freelist_cache
    cdef public long long freelist_size
    cdef public long long obj_offset
    cdef public list node
    cdef public unsigned long long num_active
    cdef public long long num_allocations
    cdef public unsigned long long high_mark
    cdef public long long grown
    cdef public long long reaped
    cdef public long long errors
    cdef public long long max_freeable
    cdef public long long node_allocs
    cdef public long long node_frees
    cdef public long long node_overflow
    cdef public long long allochit
    cdef public long long allocmiss
    cdef public long long freehit
    cdef public long long freemiss

    @cython.locals(n=KmemCacheNode)
    cpdef KmemCacheNode get_node(self, long long nid)
