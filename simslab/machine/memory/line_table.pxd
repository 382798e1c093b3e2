# Written by tools/declarations.py from line_table.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers

cdef long long ROW
cdef long long HASH_MULTIPLIER
cdef long long HASH_LINE_MASK
cdef long long WORD_MASK


@cython.final
cdef class LineTable:
    cdef readonly long long slots
    cdef long long shift
    cdef readonly long long used
    cdef public object owner
    cdef long long* rows

    @cython.locals(folded=cython.longlong)
    cdef long long slot(self, long long line) noexcept
    @cython.locals(slot=cython.longlong, index=cython.longlong)
    cpdef long long row(self, long long line) except -1
    @cython.locals(
        old="long long*", old_slots=cython.longlong, i=cython.longlong, slot=cython.longlong, word=cython.longlong
    )
    cdef long long grow(self) except -1
