# Written by tools/declarations.py from recorder.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport bits, buffers
from simslab.base.histogram cimport Histogram
from simslab.machine.accounting cimport causes
from simslab.machine.core.cpu cimport Cpu
from simslab.workload.streams cimport operations

cdef long long ATTRIBUTION_ROW
cdef long long CPU_ROW
cdef long long NEVER_BOOKED
cdef long long NO_PATH
cdef long long SECTION_BYTES_SHIFT


@cython.final
cdef class Recorder:
    cdef readonly long long nr_nodes
    cdef readonly long long nr_caches
    cdef readonly long long nr_paths
    cdef public list histograms
    cdef readonly object attribution_owner
    cdef long long* attribution
    cdef readonly object cpus_owner
    cdef long long* cpus
    cdef readonly object allocated_owner
    cdef long long* allocated
    cdef readonly object freed_owner
    cdef long long* freed
    cdef object sections_owner
    cdef long long* sections
    cdef object inside_owner
    cdef long long* inside
    cdef object booked_owner
    cdef long long* booked
    cdef readonly long long in_handlers
    cdef readonly long long counted_twice
    cdef readonly long long violations
    cdef readonly long long objects_allocated
    cdef readonly long long objects_freed
    cdef public long long failed
    cdef public object witness
    cdef public object by_phase

    cpdef long long begin(self, Cpu cpu) noexcept
    @cython.locals(
        latency=cython.longlong, path=cython.longlong, row=cython.longlong, cpu_row=cython.longlong,
        counters="long long*", attribution="long long*", cpus="long long*", counts_here=cython.bint,
        total=cython.longlong, charged=cython.longlong, cause=cython.longlong, cycles=cython.longlong
    )
    cpdef long long end(self, Cpu cpu, long long start, long long operation, long long cache) except -1
    cpdef long long tell(self, Cpu cpu, long long start, long long operation, long long cache) except? -1
    @cython.locals(index=cython.longlong, histogram=Histogram)
    cdef inline long long count(self, long long operation, long long path, long long cache, long long latency) except -1
    @cython.locals(
        counts_here=cython.bint, row=cython.longlong, counters="long long*", charged=cython.longlong,
        cause=cython.longlong
    )
    cpdef inline long long book_outside(self, Cpu cpu) noexcept
    cpdef long long object_allocated(self, Cpu cpu, long long addr) noexcept
    cpdef long long object_freed(self, Cpu cpu, long long addr) noexcept
    @cython.locals(i=cython.longlong)
    cpdef long long clear_cpu(self, Cpu cpu) noexcept
