# Written by tools/declarations.py from cpu_partial.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel.mm.page cimport MemMap
from simslab.machine.accounting cimport callsites
from simslab.machine.core.cpu cimport Cpu
from simslab.slub cimport layout, stat_item
from simslab.slub.kmem_cache cimport KmemCache, KmemCacheCpu, KmemCacheNode
from simslab.slub.lists.node_list cimport NodeLists
from simslab.slub.slab_page cimport SlubPages

cdef long long TO_TAIL
cdef long long POBJECTS_SHIFT
cdef long long PAGES_MASK
cdef long long INSNS_PUT
cdef long long INSNS_PUT_MORE
cdef long long INSNS_PUT_DRAIN
cdef long long INSNS_UNFREEZE
cdef long long INSNS_UNFREEZE_SLAB
cdef long long INSNS_UNFREEZE_NODE
cdef long long INSNS_UNFREEZE_FREED
cdef long long SITE_PUT
cdef long long SITE_UNFREEZE


@cython.final
cdef class CpuPartial:
    cdef public SlubPages pages
    cdef public NodeLists lists
    cdef public MemMap mem_map
    cdef public object observer

    @cython.locals(c=KmemCacheCpu, old=cython.longlong)
    cdef long long put_cpu_partial(self, Cpu cpu, KmemCache cache, long long pfn, long long drain) except -1
    @cython.locals(mem_map=MemMap, counters=cython.longlong, pages=cython.longlong, pobjects=cython.longlong)
    cdef long long link_before(self, Cpu cpu, long long pfn, long long old) noexcept
    @cython.locals(saved=cython.longlong)
    cdef long long unfreeze_irqsave(self, Cpu cpu, KmemCache cache, KmemCacheCpu c) except -1
    @cython.locals(
        stat=KmemCacheCpu, mem_map=MemMap, n=KmemCacheNode, discard=cython.longlong, pfn=cython.longlong,
        page=cython.longlong, counters=cython.longlong
    )
    cpdef long long unfreeze_partials(self, Cpu cpu, KmemCache cache, KmemCacheCpu c) except -1
    @cython.locals(nid=cython.longlong, n=KmemCacheNode)
    cdef KmemCacheNode lock_node_of(self, Cpu cpu, KmemCache cache, KmemCacheNode held, long long pfn)
    cdef long long node_has_plenty(self, Cpu cpu, KmemCache cache, KmemCacheNode n) noexcept
    @cython.locals(c=KmemCacheCpu, following=cython.longlong)
    cdef long long discard_all(self, Cpu cpu, KmemCache cache, long long pfn) except -1
