# Written by tools/declarations.py from zone.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.kernel cimport layout
from simslab.kernel.locking.spinlock cimport SpinLock
from simslab.kernel.mm cimport gfp
from simslab.kernel.mm.buddy cimport Buddy
from simslab.kernel.mm.page cimport MemMap, PageLists
from simslab.machine.core.cpu cimport Cpu

cdef long long NR_ZONES
cdef long long BATCH_BYTES
cdef long long WATERMARK_ORDER_INSNS
cdef long long GATHER_INSNS
cdef long long WATERMARK_BLOCK_INSNS


@cython.final
cdef class PerCpuPages:
    cdef public long long addr
    cdef public long long count
    cdef public PageLists lists
    cdef public long long batch
    cdef public long long high


@cython.final
cdef class Zone:
    cdef public MemMap mem_map
    cdef public long long node
    cdef public long long index
    cdef public long long start
    cdef public long long end
    cdef public long long managed
    cdef readonly long long pgdat
    cdef public long long addr
    cdef public Buddy buddy
    cdef public SpinLock lock
    cdef public long long wmark_min
    cdef public long long wmark_low
    cdef public long long wmark_high
    cdef readonly object reserve_owner
    cdef long long* lowmem_reserve
    cdef readonly list pageset
    cdef readonly object numa_owner
    cdef long long* numa_stat

    @cython.locals(first=cython.longlong, before=cython.longlong, taken=cython.longlong, pfn=cython.longlong)
    cdef long long gather(self, Cpu cpu, PerCpuPages pcp, long long count) except? -1
    @cython.locals(mark=cython.longlong)
    cdef long long watermark_fast(self, Cpu cpu, long long order, long long highest, long long alloc_flags) noexcept
    @cython.locals(blocks=cython.longlong)
    cdef long long watermark_ok(
        self, Cpu cpu, long long order, long long mark, long long highest, long long alloc_flags
    ) noexcept
