# Written by tools/declarations.py from slab_page.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel.mm cimport gfp
from simslab.kernel.mm.page cimport MemMap
from simslab.kernel.mm.page_alloc cimport PageAllocator
from simslab.kernel.mm.reserves cimport Reserves
from simslab.machine.accounting cimport callsites
from simslab.machine.core.cpu cimport Cpu
from simslab.slub cimport flags as fl
from simslab.slub cimport layout, stat_item
from simslab.slub.kmem_cache cimport KmemCache, KmemCacheCpu, KmemCacheNode
from simslab.slub.lists.freelists cimport FreeLists

cdef long long SET_SLAB
cdef long long SLAB_PFMEMALLOC
cdef long long PAGE_IS_PFMEMALLOC
cdef long long FIRST_TRY
cdef long long TYPESAFE_BY_RCU
cdef long long INSNS_ALLOCATE
cdef long long INSNS_ALLOCATE_OBJECT
cdef long long INSNS_ALLOCATE_OBJECT_CTOR
cdef long long INSNS_SHUFFLE
cdef long long INSNS_SHUFFLE_OBJECT
cdef long long INSNS_ALLOCATE_BLOCKING
cdef long long INSNS_ALLOCATE_NODE
cdef long long INSNS_PAGES_CURRENT
cdef long long INSNS_NODE_STATE
cdef long long INSNS_DISCARD
cdef long long INSNS_FREE_SLAB
cdef long long INSNS_FREE_SLAB_COMPOUND
cdef long long INSNS_SLAB_LOCK
cdef long long SITE_ALLOCATE
cdef long long SITE_SLAB_LOCK


@cython.final
cdef class SlubPages:
    cdef public MemMap mem_map
    cdef public FreeLists freelists
    cdef public PageAllocator page_allocator
    cdef public Reserves reserves
    cdef public object observer
    cdef public object locks
    cdef public object rcu
    cdef public object shuffle
    cdef public object debug
    cdef public long long counted
    cdef public object memcg
    cdef public object log
    cdef public long long deny_cache
    cdef public long long deny_mask
    cdef public long long deny_high_order
    cdef public list deny_order

    cpdef long long inuse(self, long long pfn) noexcept
    cpdef long long objects(self, long long pfn) noexcept
    cpdef long long frozen(self, long long pfn) noexcept
    cpdef long long load_new_counters(self, Cpu cpu) noexcept
    cdef long long charge_exchange(self, Cpu cpu, KmemCache cache, long long page) except? -1
    @cython.locals(saved=cython.longlong, same=cython.longlong)
    cdef long long cmpxchg_double_slab(
        self, Cpu cpu, KmemCache cache, long long pfn, long long freelist_old, long long counters_old,
        long long freelist_new, long long counters_new
    ) except -1
    cdef long long cmpxchg_double_slab_irqs_off(
        self, Cpu cpu, KmemCache cache, long long pfn, long long freelist_old, long long counters_old,
        long long freelist_new, long long counters_new
    ) except? -1
    @cython.locals(mem_map=MemMap, c=KmemCacheCpu)
    cpdef long long exchange(
        self, Cpu cpu, KmemCache cache, long long pfn, long long freelist_old, long long counters_old,
        long long freelist_new, long long counters_new
    ) except? -1
    cpdef long long new_slab(self, Cpu cpu, KmemCache cache, long long flags, long long node) except? -1
    @cython.locals(blocking=cython.longlong, pfn=cython.longlong)
    cdef long long allocate_slab(self, Cpu cpu, KmemCache cache, long long flags, long long node) except? -1
    @cython.locals(first=cython.longlong, objects=cython.longlong, pfn=cython.longlong, c=KmemCacheCpu)
    cdef long long slab_of_pages(self, Cpu cpu, KmemCache cache, long long flags, long long node) except? -1
    @cython.locals(pfn=cython.longlong)
    cdef long long alloc_slab_page(
        self, Cpu cpu, KmemCache cache, long long flags, long long node, long long order
    ) except? -1
    @cython.locals(wanted=cython.longlong, nid=cython.longlong)
    cdef long long is_refused(
        self, Cpu cpu, KmemCache cache, long long flags, long long node, long long order
    ) except -1
    @cython.locals(wanted=cython.longlong, nodes=list, single=cython.longlong, nid=cython.longlong, pfn=cython.longlong)
    cdef long long alloc_pages_denied(self, Cpu cpu, long long flags, long long node, long long order) except? -1
    @cython.locals(mem_map=MemMap, page=cython.longlong)
    cdef long long set_up_slab(self, Cpu cpu, KmemCache cache, long long pfn, long long objects) except -1
    @cython.locals(objp=cython.longlong, order=list, i=cython.longlong)
    cdef long long chain_objects(self, Cpu cpu, KmemCache cache, long long pfn, long long objects) except -1
    @cython.locals(objp=cython.longlong, i=cython.longlong, following=cython.longlong)
    cdef long long chain_shuffled(self, Cpu cpu, KmemCache cache, long long pfn, long long first, list order) except? -1
    cdef long long setup_object(self, Cpu cpu, KmemCache cache, long long objp) except? -1
    @cython.locals(nid=cython.longlong, n=KmemCacheNode)
    cpdef long long inc_slabs_node(self, Cpu cpu, KmemCache cache, long long pfn) except -1
    cdef long long charge_counting(self, Cpu cpu, long long n) except? -1
    @cython.locals(nid=cython.longlong, n=KmemCacheNode)
    cpdef long long discard_slab(self, Cpu cpu, KmemCache cache, long long pfn) except -1
    cpdef rcu_free_slab(self, Cpu cpu, tuple slab)
    @cython.locals(mem_map=MemMap, page=cython.longlong, order=cython.longlong)
    cdef long long free_slab(self, Cpu cpu, KmemCache cache, long long pfn) except -1
