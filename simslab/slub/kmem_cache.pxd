# Written by tools/declarations.py from kmem_cache.py; its docstring tells what is decided here.
cimport cython
from simslab.allocator.cache cimport Cache
from simslab.base cimport buffers
from simslab.kernel.locking.spinlock cimport SpinLock


@cython.final
cdef class KmemCacheCpu:
    cdef public long long addr
    cdef public long long freelist
    cdef public long long tid
    cdef public long long page
    cdef public long long partial
    cdef readonly object stat_owner
    cdef long long* stat

    cpdef list stats(self)


@cython.final
cdef class KmemCacheNode:
    cdef public long long addr
    cdef public long long node
    cdef public SpinLock list_lock
    cdef public long long nr_partial
    cdef readonly object lists_owner
    cdef long long* lists
    cdef public long long nr_slabs
    cdef public long long total_objects


@cython.final
cdef class KmemCache(Cache):
    cdef public list cpu_slab
    cdef public long long cpu_slab_offset
    cdef public long long min_partial
    cdef public long long offset
    cdef public long long cpu_partial
    cdef public long long oo_order
    cdef public long long oo_objects
    cdef public long long max_order
    cdef public long long max_objects
    cdef public long long min_order
    cdef public long long min_objects
    cdef public long long inuse
    cdef public long long red_left_pad
    cdef public long long remote_node_defrag_ratio
    cdef public long long random
    cdef public long long debug
    cdef public long long left
    cdef public list node
    cdef public list aliases

    @cython.locals(n=KmemCacheNode)
    cpdef KmemCacheNode get_node(self, long long nid)
    cdef long long check_alive(self) except? -1
