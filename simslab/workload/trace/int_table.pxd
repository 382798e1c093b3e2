# Written by tools/declarations.py from int_table.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers

cdef long long HASH_MULTIPLIER
cdef long long HASH_MASK
cdef long long HASH_SHIFT


@cython.final
cdef class IntTable:
    cdef readonly long long slots
    cdef readonly long long used
    cdef object keys_owner
    cdef long long* keys
    cdef object values_owner
    cdef long long* values

    @cython.locals(folded=cython.longlong, slot=cython.longlong)
    cdef long long slot(self, long long key) noexcept
    cpdef long long get(self, long long key) noexcept
    @cython.locals(slot=cython.longlong)
    cpdef long long put(self, long long key, long long value) except -1
    @cython.locals(slot=cython.longlong)
    cpdef long long number(self, long long key) except -1
    @cython.locals(key="long long*", number="long long*", i=cython.longlong)
    cpdef long long number_all(self, object keys, object numbers, long long count) except -1
    @cython.locals(
        old_keys="long long*", old_values="long long*", old_slots=cython.longlong, i=cython.longlong,
        slot=cython.longlong
    )
    cdef long long grow(self) except -1
