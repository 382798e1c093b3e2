# Written by tools/declarations.py from reserves.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.kernel.mm cimport gfp as gfps
from simslab.machine.core.cpu cimport Cpu

cdef long long PF_MEMALLOC


@cython.final
cdef class Reserves:
    cdef readonly object flags_owner
    cdef long long* flags
    cdef readonly object softirq_owner
    cdef long long* softirq
    cdef public long long sk_memalloc_socks

    cpdef long long gfp_pfmemalloc_flags(self, Cpu cpu, long long gfp) noexcept
    @cython.locals(before=cython.longlong)
    cpdef long long memalloc_noreclaim_save(self, Cpu cpu) noexcept
    cpdef long long memalloc_noreclaim_restore(self, Cpu cpu, long long before) noexcept
