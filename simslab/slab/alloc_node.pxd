# Written by tools/declarations.py from alloc_node.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel cimport layout
from simslab.kernel.mm cimport gfp
from simslab.kernel.mm.zone cimport Zone
from simslab.machine.accounting cimport callsites
from simslab.machine.core.cpu cimport Cpu
from simslab.slab cimport paths
from simslab.slab.kmem_cache cimport KmemCache, KmemCacheNode
from simslab.slab.slab_lists cimport SlabLists
from simslab.slab.slab_page cimport SlabPages

cdef long long ZONE_DMA
cdef long long ZONE_DMA32
cdef unsigned long long ULONG_MAX
cdef long long INSNS_NODE_SLABS
cdef long long INSNS_NODE_GROW
cdef long long INSNS_PFMEMALLOC_ALLOWED
cdef long long INSNS_FALLBACK
cdef long long INSNS_FALLBACK_ZONE
cdef long long SITE_NODE
cdef long long SITE_PFMEMALLOC


@cython.final
cdef class NodeAlloc:
    cdef public SlabPages pages
    cdef public SlabLists lists
    cdef public list zonelists
    cdef public object policies
    cdef public long long locked_refill
    cdef public long long stats

    @cython.locals(n=KmemCacheNode, objp=cython.longlong, pfn=cython.longlong)
    cdef long long cache_alloc_node(self, Cpu cpu, KmemCache cache, long long flags, long long nodeid) except -1
    @cython.locals(pfn=cython.longlong)
    cdef long long from_node_slabs(self, Cpu cpu, KmemCache cache, KmemCacheNode n) except? -1
    @cython.locals(objp=cython.longlong)
    cdef long long take_from_slab(self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long pfn) except -1
    @cython.locals(pfn=cython.longlong)
    cdef long long cache_alloc_pfmemalloc(self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long flags) except -1
    @cython.locals(exact=cython.longlong, objp=cython.longlong, nodes=list, pfn=cython.longlong)
    cdef long long fallback_alloc(self, Cpu cpu, KmemCache cache, long long flags) except -1
    @cython.locals(nid=cython.longlong, n=KmemCacheNode, objp=cython.longlong)
    cdef long long alloc_from_zonelist(self, Cpu cpu, KmemCache cache, long long exact, list nodes) except -1
    @cython.locals(zones=list, lowest=Zone)
    cdef long long has_zone(self, long long nid, long long exact) except? -1
    cdef count_alloced(self, KmemCache cache, long long count)
    @cython.locals(_=cython.longlong)
    cdef count_active(self, KmemCache cache, long long count)
