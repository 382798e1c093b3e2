# Written by tools/declarations.py from alloc.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel.mm cimport gfp
from simslab.kernel.mm.page cimport MemMap
from simslab.machine.accounting cimport callsites, causes
from simslab.machine.core.cpu cimport Cpu
from simslab.slab_common.memcg cimport verdicts
from simslab.slub cimport flags as fl
from simslab.slub cimport layout, paths, stat_item
from simslab.slub.cpu_slab cimport CpuSlab
from simslab.slub.kmem_cache cimport KmemCache, KmemCacheCpu
from simslab.slub.lists.freelists cimport FreeLists
from simslab.slub.lists.get_partial cimport GetPartial
from simslab.slub.slab_page cimport SlubPages

cdef long long CONTENTS_MATTER
cdef long long INSNS_FAST
cdef long long INSNS_FAST_NODE
cdef long long INSNS_NOPAGE
cdef long long INSNS_EMPTY
cdef long long INSNS_SLOW_NODE
cdef long long INSNS_MISMATCH_NODE
cdef long long INSNS_ZERO
cdef long long INSNS_SLOW
cdef long long INSNS_SLOW_NODE_STATE
cdef long long INSNS_SLOW_CHECK
cdef long long INSNS_SLOW_CHECK_NODE
cdef long long INSNS_SLOW_BYPASS
cdef long long INSNS_SLOW_MISMATCH
cdef long long INSNS_SLOW_POP
cdef long long INSNS_SLOW_PARTIAL
cdef long long INSNS_SLOW_PARTIAL_NODE
cdef long long INSNS_SLOW_NEW
cdef long long INSNS_SLOW_LOAD
cdef long long INSNS_BULK
cdef long long INSNS_BULK_OBJECT
cdef long long SITE_ALLOC
cdef long long SITE_BULK


@cython.final
cdef class SlubAlloc:
    cdef public SlubPages pages
    cdef public CpuSlab slabs
    cdef public GetPartial nodes
    cdef public MemMap mem_map
    cdef public FreeLists freelists
    cdef list node_has_memory
    cdef long long gfp_allowed_mask
    cdef public object failslab
    cdef public object memcg
    cdef public long long hooked
    cdef public object freeing
    cdef public object out_of_memory
    cdef long long warned_of_zeroing
    cdef public long long init_on_alloc
    cdef public long long init_on_free

    @cython.locals(
        verdict=cython.longlong, c=KmemCacheCpu, tid=cython.longlong, objp=cython.longlong, following=cython.longlong
    )
    cpdef long long slab_alloc_node(
        self, Cpu cpu, KmemCache cache, long long flags, long long node, long long by_node
    ) except -1
    cdef long long charge_entry(self, Cpu cpu, KmemCacheCpu c, long long by_node) noexcept
    @cython.locals(saved=cython.longlong, objp=cython.longlong)
    cdef long long slab_alloc_slow(self, Cpu cpu, KmemCache cache, long long flags, long long node) except -1
    cdef long long initialise(self, Cpu cpu, KmemCache cache, long long flags, long long objp) except -1
    cdef long long maybe_wipe_obj_freeptr(self, Cpu cpu, KmemCache cache, long long objp) noexcept
    cdef long long tell_zeroed(self, KmemCache cache, long long objp) except? -1
    cdef long long want_init_on_alloc(self, KmemCache cache, long long flags) noexcept
    cdef long long may_zero(self, KmemCache cache) noexcept
    @cython.locals(verdict=cython.longlong)
    cdef long long pre_alloc_hook(self, Cpu cpu, KmemCache cache, long long flags, long long size) except? -1
    @cython.locals(c=KmemCacheCpu, objp=cython.longlong)
    cdef long long slab_alloc(self, Cpu cpu, KmemCache cache, long long flags, long long node) except -1
    cdef long long has_normal_memory(self, long long node) except -1
    @cython.locals(pfn=cython.longlong)
    cdef long long take_cpu_partial(self, Cpu cpu, KmemCacheCpu c) noexcept
    @cython.locals(pfn=cython.longlong, objp=cython.longlong)
    cdef long long from_cpu_slab(
        self, Cpu cpu, KmemCache cache, KmemCacheCpu c, long long flags, long long node
    ) except -1
    @cython.locals(
        mem_map=MemMap, objp=cython.longlong, counters=cython.longlong, objects=cython.longlong, taken=cython.longlong
    )
    cdef long long get_freelist(self, Cpu cpu, KmemCache cache, long long pfn) except -1
    cdef long long load_freelist(self, Cpu cpu, KmemCache cache, KmemCacheCpu c, long long objp) noexcept
    @cython.locals(objp=cython.longlong)
    cdef long long new_slab_objects(
        self, Cpu cpu, KmemCache cache, KmemCacheCpu c, long long flags, long long node
    ) except -1
    cpdef long long warn_of_zeroing(self, Cpu cpu) except? -1
    @cython.locals(pfn=cython.longlong, objp=cython.longlong)
    cdef long long from_new_slab(
        self, Cpu cpu, KmemCache cache, KmemCacheCpu c, long long flags, long long node
    ) except -1
    @cython.locals(objects=list, verdict=cython.longlong, c=KmemCacheCpu, _=cython.longlong, objp=cython.longlong)
    cpdef list kmem_cache_alloc_bulk(self, Cpu cpu, KmemCache cache, long long flags, long long size)
    @cython.locals(objp=cython.longlong)
    cdef list bulk_failed(self, Cpu cpu, KmemCache cache, list objects)
