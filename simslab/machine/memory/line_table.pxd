# Written by tools/declarations.py from line_table.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers, hashing

cdef long long PAGE_BITS
cdef long long IN_PAGE
cdef long long HASH_BITS
cdef long long MOST_TOGETHER


cdef class LineTable:
    cdef readonly long long instances
    cdef readonly long long width
    cdef readonly long long blocks
    cdef readonly long long stride
    cdef long long beside
    cdef long long own_key
    cdef long long latest_key
    cdef long long latest_block
    cdef readonly long long pages
    cdef readonly long long used
    cdef readonly long long slots
    cdef long long shift
    cdef object index_owner
    cdef long long* index
    cdef public object owner
    cdef long long* rows

    @cython.locals(key=cython.longlong)
    cdef long long row_of(self, long long instance, long long line) except -1
    @cython.locals(slot=cython.longlong)
    cdef long long block_of(self, long long key) except -1
    @cython.locals(block=cython.longlong)
    cdef long long add(self, long long key, long long slot) except -1
    @cython.locals(slot=cython.longlong)
    cdef long long free_slot(self, long long key) noexcept
    @cython.locals(old_slots=cython.longlong, old="long long*", i=cython.longlong, slot=cython.longlong)
    cdef long long grow(self) except -1
