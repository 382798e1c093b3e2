# Written by tools/declarations.py from holders.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport bits, buffers
from simslab.machine.memory cimport states
from simslab.machine.memory.line_table cimport LineTable


@cython.final
cdef class Holders(LineTable):
    cdef readonly long long domains
    cdef readonly long long words
    cdef readonly long long core_words
    cdef readonly long long room
    cdef object word_owner
    cdef long long* core_word
    cdef object bit_owner
    cdef long long* core_bit
    cdef object core_owner
    cdef long long* domain_core

    cpdef long long set_l3_state(self, long long row, long long state) noexcept
    cpdef long long add_core(self, long long row, long long core) noexcept
    cpdef long long drop_core(self, long long row, long long core) noexcept
    cpdef long long drop_cores(self, long long row, long long word, long long mask) noexcept
    @cython.locals(word=cython.longlong)
    cpdef long long held(self, long long row) noexcept
    cdef inline long long cores_in(self, long long row, long long word) noexcept
    @cython.locals(mask=cython.longlong)
    cdef inline long long others_in(self, long long row, long long word, long long core) noexcept
    @cython.locals(found=cython.longlong, word=cython.longlong, mask=cython.longlong)
    cpdef long long another(self, long long domain, long long row, long long core) noexcept
    @cython.locals(position=cython.longlong)
    cdef inline long long another_in_word(self, long long domain, long long mask) noexcept
    cdef inline long long core_at(self, long long domain, long long word, long long mask) noexcept
    cpdef inline long long owner_of(self, long long entry) noexcept
    cpdef inline long long forwarder_of(self, long long entry) noexcept
    cpdef inline long long set_owner(self, long long entry, long long domain) noexcept
    @cython.locals(others=cython.longlong)
    cpdef inline long long set_forwarder(self, long long entry, long long domain) noexcept
    cpdef long long is_alone(self, long long entry, long long domain) noexcept
    @cython.locals(place=cython.longlong, word=cython.longlong)
    cpdef inline long long holds(self, long long entry, long long domain) noexcept
    @cython.locals(word=cython.longlong)
    cpdef inline long long others(self, long long entry, long long domain) noexcept
    cdef inline long long domains_in(self, long long entry, long long word) noexcept
    @cython.locals(mask=cython.longlong, place=cython.longlong)
    cdef inline long long other_domains_in(self, long long entry, long long word, long long domain) noexcept
    cdef long long domain_at(self, long long word, long long mask) noexcept
    @cython.locals(place=cython.longlong)
    cpdef inline long long admit(self, long long entry, long long domain, long long forwarder) noexcept
    @cython.locals(word=cython.longlong)
    cpdef long long take(self, long long entry, long long domain) noexcept
    @cython.locals(place=cython.longlong)
    cpdef long long leave(self, long long entry, long long domain) noexcept
