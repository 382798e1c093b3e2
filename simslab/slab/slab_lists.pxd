# Written by tools/declarations.py from slab_lists.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel cimport layout
from simslab.kernel.mm.page cimport MemMap
from simslab.kernel.mm.reserves cimport Reserves
from simslab.machine.core.cpu cimport Cpu
from simslab.slab cimport cflgs
from simslab.slab.kmem_cache cimport ArrayCache, KmemCache, KmemCacheNode

cdef long long SLAB_PFMEMALLOC
cdef long long ROW_SHIFT
cdef long long PREDICTED_OBJECTS
cdef long long ALLOC_CHAIN
cdef long long INSNS_FIRST_PARTIAL
cdef long long INSNS_FIRST_FREE
cdef long long INSNS_FIRST_NONE
cdef long long INSNS_VALID
cdef long long INSNS_VALID_MOVE
cdef long long INSNS_VALID_SLAB


@cython.final
cdef class SlabLists:
    cdef public MemMap mem_map
    cdef public Reserves reserves
    cdef public object debug

    cpdef long long once_a_slab(self, Cpu cpu, KmemCache cache) except? -1
    cdef long long list_add(self, Cpu cpu, KmemCacheNode n, long long which, long long pfn) noexcept
    cdef long long list_add_tail(self, Cpu cpu, KmemCacheNode n, long long which, long long pfn) noexcept
    cdef long long list_del(self, Cpu cpu, KmemCacheNode n, long long which, long long pfn) noexcept
    @cython.locals(pfn=cython.longlong)
    cdef long long get_first_slab(self, Cpu cpu, KmemCacheNode n, long long pfmemalloc) except? -1
    @cython.locals(pfn=cython.longlong)
    cdef long long first_slab(self, Cpu cpu, KmemCacheNode n) except? -1
    cdef long long get_valid_first_slab(self, Cpu cpu, KmemCacheNode n, long long pfn, long long pfmemalloc) noexcept
    cdef long long is_pfmemalloc(self, Cpu cpu, long long pfn) noexcept
    cdef long long move_to_tail(self, Cpu cpu, KmemCacheNode n, long long pfn) noexcept
    @cython.locals(pfn=cython.longlong)
    cdef long long first_ordinary(self, Cpu cpu, KmemCacheNode n, long long which) noexcept
    @cython.locals(partial=cython.bint, which=cython.longlong)
    cdef long long fixup_slab_list(self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long pfn) except -1
    @cython.locals(page=cython.longlong)
    cdef long long place_slab(self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long pfn) except -1
    @cython.locals(mem_map=MemMap, page=cython.longlong, active=cython.longlong)
    cdef long long slab_get_obj(self, Cpu cpu, KmemCache cache, long long pfn) noexcept
    @cython.locals(mem_map=MemMap, page=cython.longlong, active=cython.longlong)
    cdef long long slab_put_obj(self, Cpu cpu, KmemCache cache, long long pfn, long long objp) noexcept
    @cython.locals(offset=cython.longlong, t=cython.longlong)
    cpdef long long obj_to_index(self, KmemCache cache, long long pfn, long long objp) noexcept
    @cython.locals(mem_map=MemMap, page=cython.longlong)
    cdef long long alloc_block(
        self, Cpu cpu, KmemCache cache, ArrayCache ac, long long pfn, long long batchcount
    ) noexcept
    @cython.locals(found=list, pfn=cython.longlong)
    cpdef list list_pfns(self, KmemCacheNode n, long long which)
    @cython.locals(row=cython.longlong)
    cpdef list free_indices(self, KmemCache cache, long long pfn)
    cpdef long long freelist_holder(self, KmemCache cache, long long pfn) except? -1
