# Written by tools/declarations.py from alloc.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel cimport layout
from simslab.kernel.mm cimport gfp
from simslab.machine.accounting cimport callsites
from simslab.machine.core.cpu cimport Cpu
from simslab.slab cimport paths
from simslab.slab.alloc_node cimport NodeAlloc
from simslab.slab.free cimport SlabFree
from simslab.slab.kmem_cache cimport ArrayCache, KmemCache, KmemCacheNode
from simslab.slab.slab_lists cimport SlabLists
from simslab.slab.slab_page cimport SlabPages
from simslab.slab_common cimport flags as fl
from simslab.slab_common.memcg cimport verdicts

cdef long long BATCHREFILL_LIMIT
cdef long long INSNS_ALLOC
cdef long long INSNS_ALLOC_MISS
cdef long long INSNS_ALLOC_NODE
cdef long long INSNS_ALLOC_NODE_HIT
cdef long long INSNS_ZERO
cdef long long INSNS_REFILL_SHARED
cdef long long INSNS_REFILL
cdef long long INSNS_REFILL_SHARED_EMPTY
cdef long long INSNS_REFILL_SLAB
cdef long long INSNS_REFILL_OBJECT
cdef long long INSNS_REFILL_FULL
cdef long long INSNS_REFILL_GROW
cdef long long INSNS_REFILL_GROW_OBJECT
cdef long long INSNS_BULK
cdef long long INSNS_BULK_OBJECT
cdef long long SITE_BULK
cdef long long SITE_REFILL


@cython.final
cdef class SlabAlloc:
    cdef public SlabPages pages
    cdef public SlabFree freeing
    cdef public SlabLists lists
    cdef public NodeAlloc nodes
    cdef long long gfp_allowed_mask
    cdef public object failslab
    cdef public object memcg
    cdef public long long hooked
    cdef public object policies
    cdef public long long init_on_alloc
    cdef public long long locked_look
    cdef public long long locked_refill
    cdef public long long stats

    @cython.locals(verdict=cython.longlong, saved=cython.longlong, objp=cython.longlong)
    cpdef long long slab_alloc(self, Cpu cpu, KmemCache cache, long long flags, long long site) except -1
    @cython.locals(verdict=cython.longlong, saved=cython.longlong, objp=cython.longlong)
    cpdef long long slab_alloc_node(
        self, Cpu cpu, KmemCache cache, long long flags, long long nodeid, long long site
    ) except -1
    @cython.locals(objp=cython.longlong)
    cdef long long do_alloc_node(self, Cpu cpu, KmemCache cache, long long flags, long long nodeid) except -1
    cdef long long after_alloc(self, Cpu cpu, KmemCache cache, long long flags, long long objp) noexcept
    @cython.locals(zero=cython.longlong)
    cdef debugcheck_after(self, Cpu cpu, KmemCache cache, long long flags, long long objp)
    cdef long long want_init_on_alloc(self, KmemCache cache, long long flags) noexcept
    @cython.locals(verdict=cython.longlong)
    cdef long long pre_alloc_hook(self, Cpu cpu, KmemCache cache, long long flags, long long size) except? -1
    cdef long long post_alloc_hook(self, Cpu cpu, KmemCache cache, long long flags, long long objp) except? -1
    @cython.locals(objects=list, verdict=cython.longlong, _=cython.longlong, objp=cython.longlong)
    cpdef list kmem_cache_alloc_bulk(self, Cpu cpu, KmemCache cache, long long flags, long long size)
    @cython.locals(objp=cython.longlong)
    cdef long long do_cache_alloc(self, Cpu cpu, KmemCache cache, long long flags) except -1
    @cython.locals(nid=cython.longlong)
    cdef long long alternate_node_alloc(self, Cpu cpu, KmemCache cache, long long flags) except -1
    @cython.locals(ac=ArrayCache)
    cdef long long cache_alloc(self, Cpu cpu, KmemCache cache, long long flags) except -1
    @cython.locals(
        node=cython.longlong, ac=ArrayCache, batchcount=cython.longlong, n=KmemCacheNode, objp=cython.longlong
    )
    cdef long long cache_alloc_refill(self, Cpu cpu, KmemCache cache, long long flags) except -1
    cdef long long refill_size(self, ArrayCache ac) except? -1
    cdef long long node_has_objects(self, Cpu cpu, KmemCacheNode n) except -1
    @cython.locals(shared=ArrayCache)
    cdef long long refill_from_node(
        self, Cpu cpu, KmemCache cache, ArrayCache ac, KmemCacheNode n, long long batchcount
    ) except -1
    @cython.locals(pfn=cython.longlong, before=cython.longlong)
    cdef long long refill_from_slabs(
        self, Cpu cpu, KmemCache cache, ArrayCache ac, KmemCacheNode n, long long batchcount
    ) except -1
    @cython.locals(pfn=cython.longlong, ac=ArrayCache, taken=cython.longlong)
    cdef ArrayCache refill_by_growth(
        self, Cpu cpu, KmemCache cache, long long flags, long long node, long long batchcount
    )
    @cython.locals(ac=ArrayCache, pfn=cython.longlong)
    cdef ArrayCache grow_and_refill(self, Cpu cpu, KmemCache cache, long long flags, KmemCacheNode n, long long node)
