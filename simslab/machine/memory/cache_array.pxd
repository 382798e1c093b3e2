# Written by tools/declarations.py from cache_array.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.machine.memory cimport recency, states
from simslab.machine.memory.replacement cimport Replacement

cdef long long HOST_LINE


@cython.final
cdef class CacheArray:
    cdef readonly long long instances
    cdef readonly long long sets
    cdef readonly long long ways
    cdef readonly long long mask
    cdef readonly Replacement replacement
    cdef public long long lru
    cdef public object owner
    cdef long long* tags

    @cython.locals(index=cython.longlong)
    cpdef inline long long base(self, long long instance, long long line) noexcept
    cpdef inline long long find(self, long long base, long long line) noexcept
    cpdef inline long long locate(self, long long instance, long long line) noexcept
    cpdef inline long long use(self, long long base, long long way) noexcept
    @cython.locals(word=cython.longlong, base=cython.longlong)
    cpdef long long insert(self, long long instance, long long line, long long state) noexcept
    @cython.locals(base=cython.longlong, way=cython.longlong, state=cython.longlong)
    cpdef long long remove(self, long long instance, long long line) noexcept
    @cython.locals(way=cython.longlong, last=cython.longlong)
    cpdef long long expect(self, long long instance, long long line) noexcept
    cpdef inline long long set_state(self, long long way, long long state) noexcept
    @cython.locals(base=cython.longlong, way=cython.longlong)
    cpdef long long touch(self, long long instance, long long line) noexcept
    @cython.locals(base=cython.longlong, way=cython.longlong, state=cython.longlong)
    cpdef long long take(self, long long instance, long long line, long long write) noexcept
    @cython.locals(base=cython.longlong, way=cython.longlong)
    cdef long long use_as(self, long long instance, long long line, long long state) noexcept
    @cython.locals(way=cython.longlong)
    cpdef long long mark(self, long long instance, long long line, long long state) noexcept
    @cython.locals(way=cython.longlong, state=cython.longlong)
    cpdef long long share(self, long long instance, long long line) noexcept
    @cython.locals(way=cython.longlong)
    cpdef long long state_of(self, long long instance, long long line) noexcept
