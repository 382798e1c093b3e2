# Written by tools/declarations.py from get_partial.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel cimport layout as kernel_layout
from simslab.kernel.mm cimport gfp
from simslab.kernel.mm.page cimport MemMap
from simslab.kernel.mm.page_alloc cimport PageAllocator
from simslab.kernel.mm.zone cimport Zone
from simslab.machine.accounting cimport callsites
from simslab.machine.core.cpu cimport Cpu
from simslab.slub cimport layout, stat_item
from simslab.slub.kmem_cache cimport KmemCache, KmemCacheCpu, KmemCacheNode
from simslab.slub.lists.cpu_partial cimport CpuPartial
from simslab.slub.slab_page cimport SlubPages

cdef long long RATIO_MASK
cdef long long SLAB_PFMEMALLOC
cdef long long ZONE_DMA
cdef long long ZONE_DMA32
cdef long long ZONE_NORMAL
cdef long long INSNS_PARTIAL_NODE
cdef long long INSNS_PARTIAL_SLAB
cdef long long INSNS_ANY
cdef long long INSNS_ANY_SEARCH
cdef long long INSNS_ANY_FOUND
cdef long long INSNS_ANY_PASSED
cdef long long SITE_PARTIAL


@cython.final
cdef class GetPartial:
    cdef public SlubPages pages
    cdef public CpuPartial partial
    cdef public MemMap mem_map
    cdef public object cycles
    cdef public object policies

    @cython.locals(nid=cython.longlong, n=KmemCacheNode, objp=cython.longlong)
    cdef long long get_partial(self, Cpu cpu, KmemCache cache, long long flags, long long node) except -1
    @cython.locals(
        c=KmemCacheCpu, objp=cython.longlong, available=cython.longlong, pfn=cython.longlong, following=cython.longlong
    )
    cdef long long get_partial_node(self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long flags) except -1
    @cython.locals(
        mem_map=MemMap, page=cython.longlong, counters=cython.longlong, objects=cython.longlong, free=cython.longlong
    )
    cdef long long acquire_slab(
        self, Cpu cpu, KmemCache cache, KmemCacheNode n, KmemCacheCpu c, long long pfn, long long found
    ) except -1
    @cython.locals(
        nid=cython.longlong, highest=cython.longlong, page_allocator=PageAllocator, zones=list, i=cython.longlong,
        zone=Zone, n=KmemCacheNode, objp=cython.longlong
    )
    cdef long long get_any_partial(self, Cpu cpu, KmemCache cache, long long flags) except -1
    cdef long long get_cycles(self, Cpu cpu) except? -1
    cdef long long gfp_zone(self, long long flags) noexcept
    cdef long long pfmemalloc_match(self, Cpu cpu, long long pfn, long long flags) except -1
