# Written by tools/declarations.py from engine.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers, clock
from simslab.base.contexts cimport stacks


cdef class Clocked:
    cdef public long long now
    cdef public long long horizon
    cdef readonly long long ident
    cdef public long long parked
    cdef public object context
    cdef public object at_end


@cython.final
cdef class Engine:
    cdef public object environment
    cdef public long long quantum
    cdef public long long running
    cdef readonly long long next_event
    cdef public long long settles
    cdef public long long switches
    cdef public list clocked
    cdef list resume
    cdef object stack_owner
    cdef long long* stack_of
    cdef list spawned
    cdef long long heap_size
    cdef object heap_owner
    cdef long long* heap
    cdef object hub
    cdef public long long own_stacks
    cdef long long hub_stack
    cdef long long on_stack
    cdef long long ending
    cdef public object observer
    cdef list backgrounds
    cdef long long background_order
    cdef public long long failed

    @cython.locals(key=cython.longlong)
    cpdef long long settle(self, Clocked clocked) except -1
    cpdef long long park(self, Clocked clocked) except -1
    cpdef long long queue(self, Clocked clocked) except -1
    cpdef long long wake(self, Clocked clocked, long long time) except -1
    cpdef long long grant(self, Clocked clocked, long long time) except -1
    cdef long long switch_to_next(self) except -1
    cdef inline long long switch_to(self, long long ident) except -1
    @cython.locals(left=cython.longlong)
    cdef inline long long switch_stack(self, long long stack) except -1
    cpdef long long peek(self) except -1
    @cython.locals(i=cython.longlong, parent=cython.longlong)
    cpdef push(self, long long key)
    @cython.locals(
        top=cython.longlong, size=cython.longlong, key=cython.longlong, i=cython.longlong, child=cython.longlong
    )
    cpdef long long pop(self) except? -1
