# Written by tools/declarations.py from core.py; its docstring tells what is decided here.
cimport cython
from simslab.allocator.allocator cimport Allocator
from simslab.allocator.cache cimport Cache
from simslab.kernel.mm cimport gfp
from simslab.kernel.mm.page cimport MemMap
from simslab.kernel.mm.page_alloc cimport PageAllocator
from simslab.machine.core.cpu cimport Cpu
from simslab.slab_common cimport kmalloc as kmalloc_types
from simslab.slab_common.kmalloc_caches cimport KmallocCaches
from simslab.slub cimport flags as fl
from simslab.slub cimport layout, paths
from simslab.slub.alloc cimport SlubAlloc
from simslab.slub.cpu_slab cimport CpuSlab
from simslab.slub.creation cimport kmalloc
from simslab.slub.free cimport SlubFree
from simslab.slub.kmem_cache cimport KmemCache
from simslab.slub.lists.cpu_partial cimport CpuPartial
from simslab.slub.lists.get_partial cimport GetPartial
from simslab.slub.lists.node_list cimport NodeLists
from simslab.slub.slab_page cimport SlubPages

cdef long long SLAB_PAGE
cdef long long HEAD_PAGE
cdef long long INSNS_KMALLOC
cdef long long INSNS_KMALLOC_NODE
cdef long long INSNS_KMALLOC_LARGE


cdef class SlubCore(Allocator):
    cdef public object options
    cdef readonly list caches_to_rcu_destroy
    cdef public KmallocCaches kmalloc_caches
    cdef public KmemCache kmem_cache
    cdef public object memcg
    cdef public KmemCache kmem_cache_node
    cdef public long long slab_state
    cdef public long long boot_data
    cdef public object slab_mutex
    cdef public list flush_order
    cdef readonly list nodes_with_memory
    cdef public SlubPages pages
    cdef public NodeLists lists
    cdef public CpuPartial partial
    cdef public CpuSlab slabs
    cdef public GetPartial get_partial
    cdef readonly SlubAlloc allocating
    cdef public SlubFree freeing
    cdef readonly object reports

    @cython.locals(own=KmemCache)
    cpdef long long kmem_cache_alloc(self, Cpu cpu, Cache cache, long long flags) except -1
    @cython.locals(own=KmemCache)
    cpdef long long kmem_cache_alloc_node(self, Cpu cpu, Cache cache, long long flags, long long nodeid) except -1
    @cython.locals(own=KmemCache)
    cpdef long long kmem_cache_free(self, Cpu cpu, Cache cache, long long objp) except -1
    @cython.locals(own=KmemCache)
    cpdef list kmem_cache_alloc_bulk(self, Cpu cpu, Cache cache, long long flags, long long size)
    @cython.locals(own=KmemCache)
    cpdef long long kmem_cache_free_bulk(self, Cpu cpu, Cache cache, list objects) except -1
    @cython.locals(own=KmemCache)
    cpdef KmemCache kmalloc_slab(self, long long size, long long flags)
    @cython.locals(cache=KmemCache)
    cpdef long long kmalloc(self, Cpu cpu, long long size, long long flags) except -1
    @cython.locals(cache=KmemCache)
    cpdef long long kmalloc_node(self, Cpu cpu, long long size, long long flags, long long nodeid) except -1
    @cython.locals(order=cython.longlong, pages=PageAllocator, pfn=cython.longlong)
    cdef long long kmalloc_large(
        self, Cpu cpu, long long size, long long flags, long long nodeid, long long by_policy
    ) except? -1
    @cython.locals(mem_map=MemMap, pfn=cython.longlong)
    cpdef long long kfree(self, Cpu cpu, long long objp) except -1
