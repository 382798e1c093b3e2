# Written by tools/declarations.py from cache_ports.py; its docstring tells what is decided here.
cimport cython
from simslab.machine.memory.queueing.server cimport ServerArray


@cython.final
cdef class CachePorts:
    cdef readonly long long exact
    cdef long long limits_l3
    cdef long long limits_core
    cdef readonly ServerArray l2
    cdef readonly ServerArray l3
    cdef readonly ServerArray core

    cdef long long from_l2(self, long long core, long long now) noexcept
    @cython.locals(queue=cython.longlong)
    cdef long long from_l3(self, long long domain, long long core, long long now) noexcept
