# Written by tools/declarations.py from replacement.py; its docstring tells what is decided here.
from simslab.machine.memory cimport recency


cdef class Replacement:
    cdef long long use(self, long long* tags, long long base, long long way) noexcept
    cdef long long insert(self, long long* tags, long long base, long long ways, long long word) noexcept
    cdef long long remove(self, long long* tags, long long base, long long ways, long long way) noexcept


cdef class LeastRecentlyUsed(Replacement):
    cdef long long use(self, long long* tags, long long base, long long way) noexcept
    cdef long long insert(self, long long* tags, long long base, long long ways, long long word) noexcept
