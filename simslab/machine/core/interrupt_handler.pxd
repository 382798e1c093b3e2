# Written by tools/declarations.py from interrupt_handler.py; its docstring tells what is decided here.


cdef class InterruptHandler:
    cpdef long long handle(self, object cpu, long long vector) except -1
