# Written by tools/declarations.py from object_source.py; its docstring tells what is decided here.
from simslab.machine.core.cpu cimport Cpu
from simslab.slab.kmem_cache cimport KmemCache


cdef class ObjectSource:
    cpdef long long kmem_cache_alloc_node(self, Cpu cpu, KmemCache cache, long long flags, long long nodeid) except -1
    cpdef long long kmem_cache_free(self, Cpu cpu, KmemCache cache, long long objp) except -1
