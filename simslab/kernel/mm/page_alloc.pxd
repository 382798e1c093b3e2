# Written by tools/declarations.py from page_alloc.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.kernel cimport layout
from simslab.kernel.mm cimport gfp as gfps
from simslab.kernel.mm.page cimport MemMap
from simslab.kernel.mm.reserves cimport Reserves
from simslab.kernel.mm.vmstat cimport VmStat
from simslab.kernel.mm.zone cimport PerCpuPages, Zone
from simslab.machine.accounting cimport causes
from simslab.machine.core.cpu cimport Cpu

cdef long long ZONE_DMA
cdef long long ZONE_DMA32
cdef long long ZONE_NORMAL
cdef long long PG_HEAD
cdef long long PG_SLAB
cdef long long PG_BUDDY
cdef long long PG_PFMEMALLOC
cdef long long ALLOC_PAGES_INSNS
cdef long long SLOWPATH_INSNS
cdef long long FREELIST_INSNS
cdef long long NEXT_ZONE_INSNS
cdef long long PREP_INSNS
cdef long long PREP_ORDER_INSNS
cdef long long COMPOUND_INSNS
cdef long long COMPOUND_TAIL_INSNS
cdef long long CHECK_PAGE_INSNS
cdef long long BULK_INSNS
cdef long long BULK_PAGE_INSNS
cdef long long BULK_FREE_INSNS
cdef long long IRQSAVE_INSNS
cdef long long FREE_PAGES_INSNS
cdef long long FREE_PAGES_ORDER_INSNS
cdef long long FREE_UNREF_INSNS
cdef long long FREE_COMMIT_INSNS
cdef long long FREE_OK_INSNS
cdef long long FREE_TAIL_INSNS
cdef long long SITE_RMQUEUE
cdef long long SITE_BULK
cdef long long SITE_FREE_BULK
cdef long long SITE_FREE_OK
cdef long long SITE_PCP_ALLOC
cdef long long SITE_PCP_FREE


@cython.final
cdef class PageAllocator:
    cdef public MemMap mem_map
    cdef public list zones
    cdef public list zonelists
    cdef public list thisnode
    cdef object percpu_owner
    cdef long long* percpu_base
    cdef object pgdat_owner
    cdef long long* pgdat
    cdef public VmStat vmstat
    cdef public Reserves reserves
    cdef public long long more_to_take
    cdef public long long more_to_free
    cdef public long long more_to_refill
    cdef public long long more_to_flush
    cdef public long long init_on_alloc
    cdef public long long init_on_free
    cdef public object cpusets
    cdef public object direct_map
    cdef public object warn_alloc
    cdef public object stand_in

    cpdef long long alloc_pages(self, Cpu cpu, long long gfp, long long order, long long nid) except? -1
    cpdef long long alloc_pages_current(self, Cpu cpu, long long gfp, long long order) except? -1
    @cython.locals(bill=cython.longlong, wall=cython.longlong, first=cython.longlong, pfn=cython.longlong)
    cpdef long long alloc_pages_nodemask(
        self, Cpu cpu, long long gfp, long long order, long long nid, long long bound
    ) except? -1
    @cython.locals(bill=cython.longlong)
    cpdef long long free_pages(self, Cpu cpu, long long pfn, long long order) except -1
    @cython.locals(zone=Zone)
    cpdef Zone zone_of(self, long long pfn)
    @cython.locals(alloc_flags=cython.longlong, pfn=cython.longlong, harder=cython.longlong)
    cdef long long alloc_pages_slowpath(
        self, Cpu cpu, long long gfp, long long order, long long nid, long long bound
    ) except? -1
    @cython.locals(
        highest=cython.longlong, zones=list, preferred=Zone, n=cython.longlong, i=cython.longlong, zone=Zone,
        pfn=cython.longlong
    )
    cdef long long get_page_from_freelist(
        self, Cpu cpu, long long gfp, long long order, long long nid, long long alloc_flags
    ) except? -1
    cdef bint allowed(self, Cpu cpu, long long node, long long gfp, long long alloc_flags) except? -1
    @cython.locals(flags=cython.longlong, pcp=PerCpuPages, pfn=cython.longlong)
    cdef long long rmqueue_pcplist(self, Cpu cpu, Zone preferred, Zone zone) except? -1
    @cython.locals(_=cython.longlong, pfn=cython.longlong)
    cdef long long rmqueue_bulk(self, Cpu cpu, Zone zone, PerCpuPages pcp) except -1
    @cython.locals(flags=cython.longlong, pfn=cython.longlong)
    cdef long long rmqueue(self, Cpu cpu, Zone preferred, Zone zone, long long order) except? -1
    cdef long long map_pages(self, Cpu cpu, long long pfn, long long order, long long enable) except? -1
    @cython.locals(addr=cython.longlong)
    cdef long long prep_new_page(
        self, Cpu cpu, long long pfn, long long order, long long gfp, long long alloc_flags
    ) noexcept
    cdef long long kernel_init_free_pages(self, Cpu cpu, long long pfn, long long order) except? -1
    @cython.locals(tail=cython.longlong, addr=cython.longlong)
    cdef long long prep_compound_page(self, Cpu cpu, long long pfn, long long order) noexcept
    cdef long long wipe_and_unmap(self, Cpu cpu, long long pfn, long long order) except? -1
    @cython.locals(addr=cython.longlong, flags=cython.longlong, zone=Zone, pcp=PerCpuPages)
    cdef long long free_unref_page(self, Cpu cpu, long long pfn) except -1
    @cython.locals(pfn=cython.longlong, following=cython.longlong)
    cpdef long long free_pcppages_bulk(self, Cpu cpu, Zone zone, PerCpuPages pcp, long long count) except -1
    @cython.locals(tail=cython.longlong, addr=cython.longlong, zone=Zone, flags=cython.longlong)
    cdef long long free_pages_ok(self, Cpu cpu, long long pfn, long long order) except -1
