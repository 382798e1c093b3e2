# Written by tools/declarations.py from kmalloc_caches.py; its docstring tells what is decided here.
cimport cython
from simslab.allocator.cache cimport Cache
from simslab.kernel.mm cimport gfp
from simslab.slab_common cimport kmalloc

cdef long long SMALL_SIZE
cdef long long ABOVE_SMALL


@cython.final
cdef class KmallocCaches:
    cdef public long long largest
    cdef public list rows
    cdef list size_index

    @cython.locals(index=cython.longlong, kind=cython.longlong, row=list)
    cpdef Cache kmalloc_slab(self, long long size, long long flags)
