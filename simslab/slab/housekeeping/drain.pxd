# Written by tools/declarations.py from drain.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel cimport layout
from simslab.machine.accounting cimport callsites
from simslab.machine.core.cpu cimport Cpu
from simslab.slab cimport paths
from simslab.slab.free cimport SlabFree
from simslab.slab.kmem_cache cimport AlienCache, AlienTable, ArrayCache, KmemCache, KmemCacheNode
from simslab.slab.slab_page cimport SlabPages

cdef long long EVERYTHING
cdef long long INSNS_DO_DRAIN
cdef long long INSNS_DRAIN_ALIEN_NODE
cdef long long INSNS_SHRINK
cdef long long INSNS_DRAIN_FREELIST
cdef long long INSNS_DRAIN_FREELIST_SLAB
cdef long long INSNS_SPIN_LOCK_IRQ
cdef long long INSNS_DRAIN_ARRAY_NONE
cdef long long INSNS_DRAIN_ARRAY
cdef long long INSNS_REAP_CACHE
cdef long long SITE_DO_DRAIN
cdef long long SITE_DRAIN_FREELIST
cdef long long SITE_DRAIN_ARRAY
cdef long long SITE_DRAIN_CPU_CACHES
cdef long long SITE_DRAIN_ALIEN
cdef long long SITE_REAP_ALIEN


@cython.final
cdef class SlabDrain:
    cdef public SlabPages pages
    cdef public SlabFree freeing
    cdef public list caches
    cdef public list online_nodes
    cdef public long long stats
    cdef public long long all_nodes

    @cython.locals(surplus=cython.longlong)
    cpdef long long free_array(self, Cpu cpu, KmemCache cache, KmemCacheNode n, ArrayCache ac, long long site) except -1
    @cython.locals(count=cython.longlong, surplus=cython.longlong)
    cdef long long drain_array_locked(
        self, Cpu cpu, KmemCache cache, ArrayCache ac, long long node, long long free_all
    ) except? -1
    @cython.locals(surplus=cython.longlong)
    cdef long long drain_array(self, Cpu cpu, KmemCache cache, KmemCacheNode n, ArrayCache ac, long long node) except -1
    @cython.locals(nid=cython.longlong, alien=AlienCache, flags=cython.longlong, surplus=cython.longlong)
    cpdef long long drain_alien_cache(self, Cpu cpu, KmemCache cache, AlienTable aliens, long long addr) except -1
    @cython.locals(freed=cython.longlong, pfn=cython.longlong)
    cpdef long long drain_freelist(self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long tofree) except -1
    @cython.locals(node=cython.longlong, n=KmemCacheNode, ac=ArrayCache, surplus=cython.longlong)
    cpdef long long do_drain(self, Cpu cpu, KmemCache cache) except -1
    @cython.locals(nid=cython.longlong, n=KmemCacheNode, surplus=cython.longlong)
    cpdef long long drain_nodes(self, Cpu cpu, KmemCache cache) except -1
    @cython.locals(left=cython.longlong, nid=cython.longlong, n=KmemCacheNode)
    cpdef long long shrink_nodes(self, Cpu cpu, KmemCache cache) except -1
    @cython.locals(node=cython.longlong, cache=KmemCache, n=KmemCacheNode)
    cpdef long long reap_caches(self, Cpu cpu, long long reap_node, long long jiffies, long long node_timeout) except -1
    @cython.locals(share=cython.longlong, freed=cython.longlong)
    cdef long long reap_node_of(self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long next_reap) except -1
    @cython.locals(emptied=list, nid=cython.longlong, alien=AlienCache, surplus=cython.longlong)
    cdef long long reap_aliens(self, Cpu cpu, KmemCache cache, KmemCacheNode n) except? -1
    @cython.locals(alien=AlienCache, surplus=cython.longlong)
    cdef long long reap_alien(self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long reap_node) except -1
