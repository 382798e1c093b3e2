# Written by tools/declarations.py from free.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel.mm.page cimport MemMap
from simslab.machine.accounting cimport callsites, causes
from simslab.machine.core.cpu cimport Cpu
from simslab.slub cimport flags as fl
from simslab.slub cimport layout, paths, stat_item
from simslab.slub.kmem_cache cimport KmemCache, KmemCacheCpu, KmemCacheNode
from simslab.slub.lists.cpu_partial cimport CpuPartial
from simslab.slub.lists.freelists cimport FreeLists
from simslab.slub.slab_page cimport SlubPages

cdef long long DRAIN
cdef long long TO_TAIL
cdef long long LOOKAHEAD
cdef long long CONTENTS_MATTER
cdef long long INSNS_ENTRY
cdef long long INSNS_KFREE
cdef long long INSNS_FAST
cdef long long INSNS_NOT_FAST
cdef long long INSNS_SLOW
cdef long long INSNS_SLOW_FROZE
cdef long long INSNS_SLOW_LISTED
cdef long long INSNS_SLOW_EMPTIED
cdef long long INSNS_SLOW_FREED
cdef long long INSNS_IRQSAVE
cdef long long INSNS_IRQRESTORE
cdef long long INSNS_ZERO
cdef long long INSNS_BULK_ENTRY
cdef long long INSNS_BULK_SEVERAL
cdef long long INSNS_BULK_OBJECT
cdef long long INSNS_BULK_HOOK
cdef long long SITE_FREE


@cython.final
cdef class SlubFree:
    cdef public SlubPages pages
    cdef public CpuPartial partial
    cdef public list by_index
    cdef public MemMap mem_map
    cdef public FreeLists freelists
    cdef public long long init_on_free
    cdef public object memcg
    cdef long long warned
    cdef long long detached_pfn
    cdef object detached_cache
    cdef long long detached_head
    cdef long long detached_tail
    cdef long long detached_count

    @cython.locals(pfn=cython.longlong, found=KmemCache)
    cpdef long long kmem_cache_free(self, Cpu cpu, KmemCache cache, long long objp) except -1
    @cython.locals(found=KmemCache, checks=cython.longlong)
    cdef KmemCache cache_from_obj(self, Cpu cpu, KmemCache cache, long long pfn, long long objp)
    @cython.locals(pfn=cython.longlong, cache=KmemCache)
    cpdef long long kfree(self, Cpu cpu, long long objp) except -1
    @cython.locals(c=KmemCacheCpu)
    cdef long long settle_for(self, Cpu cpu, KmemCache cache, long long pfn) except? -1
    cdef long long slab_free_one(self, Cpu cpu, KmemCache cache, long long pfn, long long objp) except -1
    @cython.locals(behind=cython.longlong)
    cdef long long wipe(self, Cpu cpu, KmemCache cache, long long objp) noexcept
    @cython.locals(c=KmemCacheCpu, tid=cython.longlong)
    cdef long long do_slab_free(
        self, Cpu cpu, KmemCache cache, long long pfn, long long head, long long tail, long long count
    ) except -1
    @cython.locals(
        c=KmemCacheCpu, mem_map=MemMap, page=cython.longlong, n=KmemCacheNode, saved=cython.longlong,
        prior=cython.longlong, counters=cython.longlong, left=cython.longlong
    )
    cdef long long slab_free_slow(
        self, Cpu cpu, KmemCache cache, long long pfn, long long head, long long tail, long long count
    ) except -1
    @cython.locals(nid=cython.longlong)
    cdef KmemCacheNode node_of(self, Cpu cpu, KmemCache cache, long long pfn)
    cdef long long unlock_irqrestore(self, Cpu cpu, KmemCacheNode n, long long saved) except -1
    @cython.locals(drains=cython.longlong)
    cdef long long freed_without_lock(
        self, Cpu cpu, KmemCache cache, long long pfn, long long counters, long long left, KmemCacheCpu c
    ) except -1
    @cython.locals(c=KmemCacheCpu)
    cdef long long freed_under_lock(
        self, Cpu cpu, KmemCache cache, KmemCacheNode n, long long saved, long long pfn, long long prior, long long left
    ) except -1
    @cython.locals(size=cython.longlong, own=KmemCache)
    cpdef long long kmem_cache_free_bulk(self, Cpu cpu, KmemCache cache, list objects) except -1
    @cython.locals(objp=cython.longlong)
    cpdef long long uncharge(self, Cpu cpu, KmemCache cache, list objects) except? -1
    @cython.locals(objp=cython.longlong, own=KmemCache, skipped=cython.longlong, lookahead=cython.longlong)
    cdef long long build_detached_freelist(self, Cpu cpu, KmemCache cache, list objects, long long size) except -1
    @cython.locals(pfn=cython.longlong, found=KmemCache)
    cdef KmemCache bulk_cache(self, Cpu cpu, KmemCache cache, long long objp)
    @cython.locals(pfn=cython.longlong)
    cdef long long detach(self, Cpu cpu, KmemCache cache, long long objp, long long following) except -1
    @cython.locals(following=cython.longlong, last=cython.longlong, turned=cython.longlong, objp=cython.longlong)
    cdef long long free_hook(self, Cpu cpu, KmemCache cache) except -1
