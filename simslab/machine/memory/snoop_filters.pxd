# Written by tools/declarations.py from snoop_filters.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport bits, buffers
from simslab.machine.memory cimport states
from simslab.machine.memory.line_table cimport LineTable


@cython.final
cdef class SnoopFilters(LineTable):
    cdef readonly long long words
    cdef readonly long long room
    cdef object word_owner
    cdef long long* core_word
    cdef object bit_owner
    cdef long long* core_bit
    cdef object core_owner
    cdef long long* domain_core

    cpdef long long add_core(self, long long row, long long core) noexcept
    cpdef long long drop_core(self, long long row, long long core) noexcept
    @cython.locals(word=cython.longlong)
    cpdef long long held(self, long long row) noexcept
    @cython.locals(mask=cython.longlong)
    cdef inline long long others_in(self, long long row, long long word, long long core) noexcept
    @cython.locals(found=cython.longlong, word=cython.longlong, mask=cython.longlong)
    cpdef long long another(self, long long domain, long long row, long long core) noexcept
    @cython.locals(position=cython.longlong)
    cdef inline long long another_in_word(self, long long domain, long long mask) noexcept
    @cython.locals(position=cython.longlong)
    cdef inline long long core_at(self, long long domain, long long word, long long mask) noexcept
