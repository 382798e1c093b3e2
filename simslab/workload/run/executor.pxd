# Written by tools/declarations.py from executor.py; its docstring tells what is decided here.
cimport cython
from simslab.allocator.allocator cimport Allocator
from simslab.allocator.cache cimport Cache
from simslab.base cimport buffers
from simslab.base.engine cimport Engine
from simslab.machine.core.cpu cimport Cpu
from simslab.slab_common cimport kmalloc
from simslab.workload.run.recorder cimport Recorder
from simslab.workload.streams cimport operations


@cython.final
cdef class Executor:
    cdef readonly Engine engine
    cdef readonly Allocator allocator
    cdef readonly Recorder recorder
    cdef readonly list caches
    cdef readonly object kinds_owner
    cdef long long* kinds
    cdef readonly long long nr_slots
    cdef public object slots_owner
    cdef long long* slots
    cdef object object_size_owner
    cdef long long* object_size
    cdef public list cpus
    cdef public object faults
    cdef public long long skipped_frees

    @cython.locals(
        opcode=cython.longlong, index=cython.longlong, node=cython.longlong, cache=Cache, start=cython.longlong,
        objp=cython.longlong
    )
    cpdef long long allocate(self, Cpu cpu, long long kind, long long slot) except -1
    @cython.locals(row=cython.longlong)
    cdef inline long long put(self, Cpu cpu, long long slot, long long objp, long long cache, long long touch) except -1
    @cython.locals(row=cython.longlong, objp=cython.longlong)
    cdef inline long long take(self, Cpu cpu, long long slot, long long touch) except -1
    @cython.locals(size=cython.longlong)
    cdef long long write_to(self, Cpu cpu, long long objp, long long cache, long long touch) except? -1
    cdef long long bytes_of_pages(self, Cpu cpu, long long objp) except? -1
    @cython.locals(objp=cython.longlong)
    cpdef long long release(self, Cpu cpu, long long kind, long long slot) except -1
    @cython.locals(by_kfree=cython.bint, cache=Cache)
    cdef long long release_faulty(self, Cpu cpu, long long kind, long long slot, long long objp) except -1
    @cython.locals(cache=Cache, start=cython.longlong)
    cdef inline long long free_object(self, Cpu cpu, long long kind, long long slot, long long objp) except -1
    @cython.locals(
        cache=Cache, count=cython.longlong, start=cython.longlong, objects=list, i=cython.longlong, objp=cython.longlong
    )
    cpdef long long allocate_bulk(self, Cpu cpu, long long kind, long long slot) except -1
    @cython.locals(
        cache=Cache, objects=list, i=cython.longlong, objp=cython.longlong, faulty=list, start=cython.longlong
    )
    cpdef long long release_bulk(self, Cpu cpu, long long kind, long long slot) except -1
    cpdef long long drop(self, Cpu cpu, long long slot) except -1
    cpdef long long address_in(self, long long slot) noexcept
    cdef inline long long cache_in(self, long long slot) noexcept
    cpdef long long changed_at(self, long long slot) noexcept
    cdef long long wake_for(self, long long slot, Cpu cpu) noexcept
    @cython.locals(row=cython.longlong)
    cdef inline long long changed(self, Cpu cpu, long long slot) except -1
    @cython.locals(count=cython.longlong, slot=cython.longlong)
    cpdef long long live(self) except? -1
