# Written by tools/declarations.py from free_block.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel cimport layout
from simslab.kernel.mm.page cimport MemMap
from simslab.machine.core.cpu cimport Cpu
from simslab.slab.kmem_cache cimport ArrayCache, KmemCache, KmemCacheNode
from simslab.slab.slab_lists cimport SlabLists

cdef long long FREE_CHAIN
cdef unsigned long long ULONG_MAX
cdef long long INSNS_FREE_BLOCK
cdef long long INSNS_FREE_BLOCK_NONE
cdef long long INSNS_FREE_OBJECT
cdef long long INSNS_FROM_FULL
cdef long long INSNS_EMPTIED
cdef long long INSNS_TRIM


@cython.final
cdef class FreeBlock:
    cdef public SlabLists lists
    cdef public MemMap mem_map
    cdef public long long stats

    @cython.locals(n=KmemCacheNode, i=cython.longlong)
    cpdef long long free_block(
        self, Cpu cpu, KmemCache cache, ArrayCache ac, long long count, long long node
    ) except? -1
    @cython.locals(mem_map=MemMap, pfn=cython.longlong, page=cython.longlong)
    cdef long long free_into_slab(self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long objp) noexcept
    @cython.locals(chain=cython.longlong, pfn=cython.longlong)
    cdef long long trim(self, Cpu cpu, KmemCache cache, KmemCacheNode n) noexcept
    @cython.locals(pfn=cython.longlong)
    cpdef verify_not_free(self, Cpu cpu, KmemCache cache, long long objp)
    @cython.locals(count=cython.longlong, pfn=cython.longlong)
    cpdef note_freeable(self, KmemCache cache, KmemCacheNode n)
