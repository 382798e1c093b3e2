# Written by tools/declarations.py from directory.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport bits
from simslab.machine.memory cimport states
from simslab.machine.memory.line_table cimport LineTable


@cython.final
cdef class Directory(LineTable):
    cdef readonly long long domains
    cdef readonly long long words

    cpdef long long owner_of(self, long long row) noexcept
    cpdef long long forwarder_of(self, long long row) noexcept
    cpdef long long is_alone(self, long long row, long long domain) noexcept
    @cython.locals(word=cython.longlong)
    cpdef inline long long holds(self, long long row, long long domain) noexcept
    @cython.locals(word=cython.longlong)
    cpdef inline long long others(self, long long row, long long domain) noexcept
    @cython.locals(mask=cython.longlong)
    cdef inline long long others_in(self, long long row, long long word, long long domain) noexcept
    cpdef inline long long admit(self, long long row, long long domain, long long forwarder) noexcept
    cpdef inline long long set_owner(self, long long row, long long domain) noexcept
    @cython.locals(word=cython.longlong)
    cpdef long long take(self, long long row, long long domain) noexcept
    cpdef long long leave(self, long long row, long long domain) noexcept
