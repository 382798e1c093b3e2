# Written by tools/declarations.py from vectors.py.
cdef extern from *:
    const long long TIMER_VECTOR "0LL"
    const long long RESCHEDULE_VECTOR "1LL"
    const long long CALL_FUNCTION_VECTOR "2LL"
    const long long FIRST_DEVICE_VECTOR "8LL"
    const long long NR_VECTORS "64LL"
