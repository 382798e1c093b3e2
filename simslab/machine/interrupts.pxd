cdef long long TIMER_VECTOR
cdef long long RESCHEDULE_VECTOR
cdef long long CALL_FUNCTION_VECTOR
cdef long long FIRST_DEVICE_VECTOR
cdef long long NR_VECTORS


cdef class InterruptHandler:
    cpdef long long handle(self, object cpu, long long vector) except -1
