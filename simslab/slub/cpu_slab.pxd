# Written by tools/declarations.py from cpu_slab.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel.mm.page cimport MemMap
from simslab.machine.accounting cimport callsites
from simslab.machine.core.cpu cimport Cpu
from simslab.slub cimport flags as fl
from simslab.slub cimport layout, stat_item
from simslab.slub.kmem_cache cimport KmemCache, KmemCacheCpu, KmemCacheNode
from simslab.slub.lists.cpu_partial cimport CpuPartial
from simslab.slub.lists.freelists cimport FreeLists
from simslab.slub.slab_page cimport SlubPages

cdef long long M_NONE
cdef long long M_PARTIAL
cdef long long M_FULL
cdef long long M_FREE
cdef long long STORE_USER
cdef long long CONSISTENCY_CHECKS
cdef long long INSNS_DEACTIVATE
cdef long long INSNS_DEACTIVATE_LISTED
cdef long long INSNS_DEACTIVATE_TAIL
cdef long long INSNS_DEACTIVATE_OBJECT
cdef long long INSNS_DEACTIVATE_LAST
cdef long long INSNS_FLUSH
cdef long long SITE_DEACTIVATE


@cython.final
cdef class CpuSlab:
    cdef public SlubPages pages
    cdef public CpuPartial partial
    cdef public MemMap mem_map
    cdef public FreeLists freelists
    cdef public object observer

    @cython.locals(stat=KmemCacheCpu, page=cython.longlong, tail=cython.longlong)
    cpdef long long deactivate_slab(
        self, Cpu cpu, KmemCache cache, long long pfn, long long freelist, KmemCacheCpu c
    ) except -1
    @cython.locals(
        mem_map=MemMap, page=cython.longlong, following=cython.longlong, checked=cython.longlong,
        counters=cython.longlong
    )
    cdef long long free_cpu_objects(self, Cpu cpu, KmemCache cache, long long pfn, long long freelist) except -1
    @cython.locals(corrupted=cython.bint)
    cdef long long freelist_corrupted(self, Cpu cpu, KmemCache cache, long long pfn, long long objp) except? -1
    @cython.locals(
        mem_map=MemMap, n=KmemCacheNode, locked=cython.longlong, before=cython.longlong, head=cython.longlong,
        counters=cython.longlong, left=cython.longlong, mode=cython.longlong, following=cython.longlong
    )
    cdef long long unfreeze_slab(
        self, Cpu cpu, KmemCache cache, long long pfn, long long freelist, long long tail, KmemCacheCpu stat
    ) except -1
    cdef long long choose_place(
        self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long inuse, long long free
    ) noexcept
    cdef long long needs_lock(self, KmemCache cache, long long mode) noexcept
    cdef long long move(
        self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long pfn, long long before, long long mode, long long tail
    ) except -1
    cdef long long account(
        self, Cpu cpu, KmemCache cache, long long pfn, long long mode, long long tail, KmemCacheCpu stat
    ) except -1
    @cython.locals(stat=KmemCacheCpu)
    cpdef long long flush_slab(self, Cpu cpu, KmemCache cache, KmemCacheCpu c) except -1
    @cython.locals(c=KmemCacheCpu)
    cpdef long long flush_cpu_slab(self, Cpu cpu, KmemCache cache, long long of_cpu) except -1
