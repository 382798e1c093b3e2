# Written by tools/declarations.py from node_list.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel.mm.page cimport MemMap
from simslab.machine.core.cpu cimport Cpu
from simslab.slub cimport flags as fl
from simslab.slub cimport layout
from simslab.slub.kmem_cache cimport KmemCache, KmemCacheNode

cdef long long STORE_USER


@cython.final
cdef class NodeLists:
    cdef public MemMap mem_map
    cdef public object observer

    cpdef long long add_partial(
        self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long pfn, long long tail
    ) except -1
    cpdef long long remove_partial(self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long pfn) except -1
    cpdef long long add_full(self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long pfn) except -1
    cpdef long long remove_full(self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long pfn) except -1
    @cython.locals(found=list, pfn=cython.longlong)
    cpdef list list_pfns(self, KmemCacheNode n, long long which)
