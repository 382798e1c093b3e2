# Written by tools/declarations.py from free.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel cimport layout
from simslab.kernel.mm.page cimport MemMap
from simslab.kernel.mm.reserves cimport Reserves
from simslab.machine.accounting cimport callsites
from simslab.machine.core.cpu cimport Cpu
from simslab.machine.memory cimport states
from simslab.slab cimport paths
from simslab.slab.free_block cimport FreeBlock
from simslab.slab.kmem_cache cimport AlienCache, ArrayCache, KmemCache, KmemCacheNode
from simslab.slab.slab_page cimport SlabPages
from simslab.slab_common cimport flags as fl

cdef long long PREDICTED_TURNS
cdef long long INSNS_KMEM_CACHE_FREE
cdef long long INSNS_KFREE
cdef long long INSNS_FREE_HIT
cdef long long INSNS_FLUSH
cdef long long INSNS_FLUSH_FULL_SHARED
cdef long long INSNS_FLUSH_SHARED
cdef long long INSNS_ALIEN
cdef long long INSNS_ALIEN_FULL
cdef long long INSNS_REMOTE
cdef long long INSNS_IS_PFMEMALLOC
cdef long long INSNS_DRAIN_ALIEN
cdef long long INSNS_DRAIN_ALIEN_EMPTY
cdef long long INSNS_DRAIN_ALIEN_SHARED
cdef long long INSNS_TRANSFER
cdef long long INSNS_TRANSFER_NONE
cdef long long INSNS_MEMCPY
cdef long long INSNS_MEMMOVE
cdef long long INSNS_MEMMOVE_LOOP
cdef long long INSNS_MEMMOVE_TAIL
cdef long long INSNS_MEMMOVE_ENTRY
cdef long long INSNS_ZERO
cdef long long INSNS_BULK_FREE
cdef long long INSNS_BULK_FREE_OBJECT
cdef long long SITE_FREE
cdef long long SITE_KFREE
cdef long long SITE_BULK
cdef long long SITE_FLUSH
cdef long long SITE_ALIEN
cdef long long SITE_PFMEMALLOC
cdef long long SITE_DRAIN_ALIEN


@cython.final
cdef class SlabFree:
    cdef public SlabPages pages
    cdef public MemMap mem_map
    cdef public FreeBlock blocks
    cdef public list by_index
    cdef long long nr_online_nodes
    cdef public long long stats
    cdef public object memcg
    cdef public object log
    cdef Reserves reserves
    cdef public long long hardened
    cdef public long long init_on_free
    cdef bint warned
    cdef public ArrayCache single

    @cython.locals(found=KmemCache, flags=cython.longlong)
    cpdef long long kmem_cache_free(self, Cpu cpu, KmemCache cache, long long objp) except -1
    @cython.locals(flags=cython.longlong)
    cpdef long long kfree(self, Cpu cpu, long long objp) except -1
    @cython.locals(objp=cython.longlong, found=KmemCache)
    cpdef long long kmem_cache_free_bulk(self, Cpu cpu, KmemCache cache, list objects) except -1
    cpdef long long loop_ended(self, Cpu cpu, long long turns) except? -1
    @cython.locals(found=KmemCache, told=str)
    cpdef KmemCache cache_from_obj(self, Cpu cpu, KmemCache cache, long long objp)
    @cython.locals(pfn=cython.longlong, page=cython.longlong, cache=KmemCache)
    cpdef KmemCache virt_to_cache(self, Cpu cpu, long long objp)
    @cython.locals(ac=ArrayCache, pfn=cython.longlong, nid=cython.longlong)
    cdef long long cache_free(self, Cpu cpu, KmemCache cache, long long objp) except -1
    cdef long long free_one(self, Cpu cpu, KmemCache cache, ArrayCache ac, long long objp) except -1
    @cython.locals(told=str)
    cpdef warn_of_double_free(self, Cpu cpu, KmemCache cache, long long objp)
    @cython.locals(node=cython.longlong, n=KmemCacheNode, alien=AlienCache, ac=ArrayCache, surplus=cython.longlong)
    cdef long long cache_free_alien(self, Cpu cpu, KmemCache cache, long long objp, long long page_node) except -1
    cdef long long free_remote(self, Cpu cpu, KmemCache cache, long long objp, long long page_node) except -1
    cdef long long is_pfmemalloc(self, Cpu cpu, long long objp) noexcept
    cdef long long cache_free_pfmemalloc(self, Cpu cpu, KmemCache cache, long long objp) except -1
    @cython.locals(n=KmemCacheNode, surplus=cython.longlong)
    cdef long long to_slab(
        self, Cpu cpu, KmemCache cache, long long objp, long long page_node, long long site
    ) except -1
    @cython.locals(surplus=cython.longlong, n=KmemCacheNode)
    cpdef long long drain_alien_array(self, Cpu cpu, KmemCache cache, ArrayCache ac, long long node) except? -1
    @cython.locals(
        node=cython.longlong, n=KmemCacheNode, surplus=cython.longlong, batchcount=cython.longlong, shared=ArrayCache,
        room=cython.longlong
    )
    cdef long long cache_flusharray(self, Cpu cpu, KmemCache cache, ArrayCache ac) except -1
    cpdef long long drop_oldest(self, Cpu cpu, ArrayCache ac, long long count) except -1
    @cython.locals(nr=cython.longlong)
    cdef long long transfer_objects(self, Cpu cpu, ArrayCache to, ArrayCache source, long long wanted) noexcept
    @cython.locals(
        read_line=cython.longlong, write_line=cython.longlong, read_addr=cython.longlong, write_addr=cython.longlong,
        i=cython.longlong
    )
    cdef long long copy_entries(
        self, Cpu cpu, ArrayCache to, long long first, ArrayCache source, long long source_first, long long count
    ) noexcept
