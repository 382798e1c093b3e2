# Written by tools/declarations.py from allocator.py; its docstring tells what is decided here.
from simslab.allocator.cache cimport Cache
from simslab.machine.core.cpu cimport Cpu


# Not final: allocators derive from it.
cdef class Allocator:
    cdef public object kernel
    cdef readonly tuple path_names
    cdef public object caches
    cdef public object by_index
    cdef public list online_cpus
    cdef public object debug

    cpdef long long kmem_cache_alloc(self, Cpu cpu, Cache cache, long long flags) except -1
    cpdef long long kmem_cache_alloc_node(self, Cpu cpu, Cache cache, long long flags, long long nodeid) except -1
    cpdef long long kmem_cache_free(self, Cpu cpu, Cache cache, long long objp) except -1
    cpdef list kmem_cache_alloc_bulk(self, Cpu cpu, Cache cache, long long flags, long long size)
    cpdef long long kmem_cache_free_bulk(self, Cpu cpu, Cache cache, list objects) except -1
    cpdef long long kmalloc(self, Cpu cpu, long long size, long long flags) except -1
    cpdef long long kmalloc_node(self, Cpu cpu, long long size, long long flags, long long nodeid) except -1
    cpdef long long kfree(self, Cpu cpu, long long objp) except -1
    cpdef long long ksize(self, Cpu cpu, long long objp) except? -1
    cpdef long long kmem_cache_shrink(self, Cpu cpu, Cache cache) except? -1
