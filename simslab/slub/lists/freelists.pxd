# Written by tools/declarations.py from freelists.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.kernel.mm.page cimport MemMap
from simslab.machine.core.cpu cimport Cpu
from simslab.slub cimport layout
from simslab.slub.kmem_cache cimport KmemCache

cdef long long FIRST_WORDS
cdef long long SIZE_CLASSES
cdef long long INSNS_FREELIST_PTR
cdef long long BYTE
cdef long long WORD_BYTES
cdef long long SIGN
cdef long long TOP_BYTE


@cython.final
cdef class FreeLists:
    cdef public MemMap mem_map
    cdef public long long hardened
    cdef public object owner
    cdef long long* words
    cdef public long long room
    cdef public long long used
    cdef list free_rows

    @cython.locals(size_class=cython.longlong, rows=list)
    cpdef long long new_row(self, long long pfn, long long objects) except -1
    cpdef long long drop_row(self, long long pfn, long long objects) except -1
    cpdef grow(self)
    @cython.locals(t=cython.longlong)
    cpdef long long obj_to_index(self, KmemCache cache, long long offset) noexcept
    @cython.locals(pfn=cython.longlong)
    cdef long long place(self, KmemCache cache, long long objp) noexcept
    @cython.locals(word=cython.longlong)
    cpdef long long get_freepointer(self, KmemCache cache, long long objp) noexcept
    cpdef long long set_freepointer(self, KmemCache cache, long long objp, long long following) except -1
    cpdef long long freelist_ptr(self, KmemCache cache, long long objp, long long word) noexcept
    @cython.locals(top=cython.longlong, swapped=cython.longlong, place=cython.longlong)
    cpdef long long swab(self, long long word) noexcept
    cdef long long charge_hardening(self, Cpu cpu, KmemCache cache) except -1
