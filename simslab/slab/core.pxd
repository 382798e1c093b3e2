# Written by tools/declarations.py from core.py; its docstring tells what is decided here.
cimport cython
from simslab.allocator.allocator cimport Allocator
from simslab.allocator.cache cimport Cache
from simslab.kernel cimport layout
from simslab.machine.accounting cimport callsites
from simslab.machine.core.cpu cimport Cpu
from simslab.slab cimport paths
from simslab.slab.alloc cimport SlabAlloc
from simslab.slab.free cimport SlabFree
from simslab.slab.housekeeping.drain cimport SlabDrain
from simslab.slab.kmem_cache cimport ArrayCache, KmemCache
from simslab.slab.slab_page cimport SlabPages
from simslab.slab_common cimport kmalloc as kmalloc_types
from simslab.slab_common.kmalloc_caches cimport KmallocCaches

cdef long long INSNS_KMALLOC
cdef long long INSNS_KMALLOC_NODE
cdef long long INSNS_SMP_CALL
cdef long long SITE_ALLOC
cdef long long SITE_ALLOC_NODE
cdef long long SITE_KMALLOC
cdef long long SITE_KMALLOC_NODE
cdef long long SITE_SERIAL_CALL


# Not final: Cython allows no overriding method in a final class.
cdef class SlabCore(Allocator):
    cdef public object options
    cdef readonly list caches_to_rcu_destroy
    cdef public KmallocCaches kmalloc_caches
    cdef public KmemCache kmem_cache
    cdef public object memcg
    cdef public long long slab_state
    cdef public long long slab_max_order
    cdef public bint use_alien_caches
    cdef public list cpus_in_node
    cdef public long long boot_data
    cdef public object slab_mutex
    cdef public SlabPages pages
    cdef public SlabFree freeing
    cdef readonly SlabAlloc allocating
    cdef public SlabDrain drain
    cdef public object reaper

    @cython.locals(own=KmemCache, objp=cython.longlong)
    cpdef long long kmem_cache_alloc(self, Cpu cpu, Cache cache, long long flags) except -1
    @cython.locals(own=KmemCache, objp=cython.longlong)
    cpdef long long kmem_cache_alloc_node(self, Cpu cpu, Cache cache, long long flags, long long nodeid) except -1
    @cython.locals(own=KmemCache)
    cpdef long long kmem_cache_free(self, Cpu cpu, Cache cache, long long objp) except -1
    @cython.locals(own=KmemCache, objects=list)
    cpdef list kmem_cache_alloc_bulk(self, Cpu cpu, Cache cache, long long flags, long long size)
    @cython.locals(own=KmemCache, slots=list)
    cpdef long long kmem_cache_free_bulk(self, Cpu cpu, Cache cache, list objects) except -1
    @cython.locals(own=KmemCache)
    cpdef KmemCache kmalloc_slab(self, long long size, long long flags)
    @cython.locals(cache=KmemCache, objp=cython.longlong)
    cpdef long long kmalloc(self, Cpu cpu, long long size, long long flags) except -1
    @cython.locals(cache=KmemCache, objp=cython.longlong)
    cpdef long long kmalloc_node(self, Cpu cpu, long long size, long long flags, long long nodeid) except -1
    cpdef long long kfree(self, Cpu cpu, long long objp) except -1
    @cython.locals(before=cython.longlong, cache=KmemCache, _=cython.longlong, objp=cython.longlong)
    cpdef long long kmalloc_node_times(
        self, Cpu cpu, long long size, long long flags, long long nodeid, ArrayCache found, long long count
    ) except? -1
    @cython.locals(i=cython.longlong)
    cpdef long long kfree_all(self, Cpu cpu, ArrayCache objects) except -1
    cpdef KmemCache virt_to_cache(self, Cpu cpu, long long objp)
    @cython.locals(own=KmemCache)
    cpdef long long kmem_cache_shrink(self, Cpu cpu, Cache cache) except? -1
    @cython.locals(others=list)
    cpdef long long shrink_online(self, Cpu cpu, KmemCache cache) except? -1
    cpdef long long kmem_cache_shrink_in_order(self, Cpu cpu, KmemCache cache, list order) except? -1
