cdef class InterruptHandler:
    cpdef long long handle(self, object cpu, long long vector) except -1
