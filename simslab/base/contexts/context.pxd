# Written by tools/declarations.py from context.py; its docstring tells what is decided here.
cimport cython
from simslab.base.contexts cimport stacks


@cython.final
cdef class Context:
    cdef public object function
    cdef public long long stack
    cdef public object greenlet
