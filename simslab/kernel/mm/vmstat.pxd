# Written by tools/declarations.py from vmstat.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.kernel cimport layout
from simslab.kernel.mm.zone cimport PerCpuPages, Zone
from simslab.machine.core.cpu cimport Cpu

cdef long long NUMA_HIT
cdef long long NUMA_MISS
cdef long long NUMA_FOREIGN
cdef long long NUMA_LOCAL
cdef long long NUMA_OTHER
cdef long long NUMA_STATE_INSNS
cdef long long ZONE_STATE_INSNS


@cython.final
cdef class VmStat:
    cdef object percpu_owner
    cdef long long* percpu_base

    cdef long long zone_statistics(self, Cpu cpu, Zone preferred, Zone zone) except -1
    @cython.locals(pcp=PerCpuPages)
    cpdef long long inc_numa_state(self, Cpu cpu, Zone zone, long long item) except -1
    cdef long long count_vm_events(self, Cpu cpu) noexcept
    @cython.locals(pcp=PerCpuPages)
    cdef long long mod_zone_page_state(self, Cpu cpu, Zone zone) except -1
