# Written by tools/declarations.py from slab_page.py; its docstring tells what is decided here.
cimport cython
from simslab.allocator.allocator cimport Allocator
from simslab.kernel cimport layout
from simslab.kernel.locking.spinlock cimport LockStats
from simslab.kernel.mm cimport gfp
from simslab.kernel.mm.page cimport MemMap
from simslab.kernel.mm.page_alloc cimport PageAllocator
from simslab.machine.accounting cimport callsites
from simslab.machine.core.cpu cimport Cpu
from simslab.slab cimport cflgs
from simslab.slab.kmem_cache cimport KmemCache, KmemCacheNode
from simslab.slab.slab_lists cimport SlabLists
from simslab.slab_common cimport flags as fl

cdef long long ROW_SHIFT
cdef long long SET_SLAB
cdef long long SET_SLAB_PFMEMALLOC
cdef long long PAGE_IS_PFMEMALLOC
cdef long long INSNS_GROW
cdef long long INSNS_GROW_OBJECT
cdef long long INSNS_GROW_OBJECT_CTOR
cdef long long INSNS_GROW_END
cdef long long INSNS_NODE_STATE
cdef long long INSNS_DESTROY
cdef long long INSNS_FREEPAGES
cdef long long INSNS_SLABS_DESTROY
cdef long long SITE_GROW
cdef long long SITE_GROW_END
cdef long long SITE_COLOUR
cdef long long NO_COLOUR


@cython.final
cdef class SlabPages:
    cdef public MemMap mem_map
    cdef public SlabLists lists
    cdef public PageAllocator page_allocator
    cdef public Allocator source
    cdef public object observer
    cdef public LockStats locks
    cdef public object rcu
    cdef public object randomizer
    cdef public object debug
    cdef public object memcg
    cdef public long long locked_colour
    cdef public long long stats
    cdef public object log
    cdef long long warned_of_zeroing
    cdef public long long deny_cache
    cdef public long long deny_mask
    cdef public list deny_order

    @cython.locals(colour=cython.longlong, blocking=cython.longlong, pfn=cython.longlong)
    cdef long long cache_grow_begin(self, Cpu cpu, KmemCache cache, long long flags, long long nodeid) except? -1
    cpdef long long warn_of_zeroing(self, Cpu cpu) except? -1
    @cython.locals(mem_map=MemMap, pfn=cython.longlong, page_node=cython.longlong, n=KmemCacheNode)
    cdef long long new_slab(
        self, Cpu cpu, KmemCache cache, long long flags, long long nodeid, long long colour
    ) except? -1
    cdef long long next_colour(self, Cpu cpu, KmemCache cache, KmemCacheNode n) except? -1
    @cython.locals(colour=cython.longlong)
    cdef long long choose_colour_locked(self, Cpu cpu, KmemCache cache, KmemCacheNode n) except? -1
    @cython.locals(saved=cython.longlong, colour=cython.longlong)
    cdef long long colour_of_found(self, Cpu cpu, KmemCache cache, KmemCacheNode n) except? -1
    @cython.locals(pfn=cython.longlong)
    cdef long long kmem_getpages(self, Cpu cpu, KmemCache cache, long long flags, long long nodeid) except? -1
    @cython.locals(nid=cython.longlong, single=cython.longlong, pfn=cython.longlong)
    cdef long long alloc_pages_denied(self, Cpu cpu, KmemCache cache, long long flags, long long nodeid) except? -1
    @cython.locals(
        mem_map=MemMap, page=cython.longlong, addr=cython.longlong, freelist=cython.longlong, provider=KmemCache,
        path=cython.longlong
    )
    cdef long long alloc_slabmgmt(
        self, Cpu cpu, KmemCache cache, long long pfn, long long colour_off, long long flags, long long nodeid
    ) except -1
    @cython.locals(mem_map=MemMap, page=cython.longlong, row=cython.longlong, i=cython.longlong)
    cdef long long cache_init_objs(self, Cpu cpu, KmemCache cache, long long pfn) except -1
    @cython.locals(mem_map=MemMap, page_node=cython.longlong, page=cython.longlong, n=KmemCacheNode)
    cdef long long cache_grow_end(self, Cpu cpu, KmemCache cache, long long pfn) except -1
    @cython.locals(following=cython.longlong)
    cpdef long long slabs_destroy(self, Cpu cpu, KmemCache cache, long long first) except -1
    @cython.locals(mem_map=MemMap, freelist=cython.longlong, provider=KmemCache, path=cython.longlong)
    cpdef long long slab_destroy(self, Cpu cpu, KmemCache cache, long long pfn) except -1
    cpdef kmem_rcu_free(self, Cpu cpu, tuple slab)
    @cython.locals(mem_map=MemMap, page=cython.longlong)
    cdef long long kmem_freepages(self, Cpu cpu, KmemCache cache, long long pfn) except -1
