# Written by tools/declarations.py from allocator.py; its docstring tells what is decided here.
from simslab.kernel.mm cimport gfp
from simslab.slab.core cimport SlabCore


cdef class SlabAllocator(SlabCore):
    cdef public object creation
