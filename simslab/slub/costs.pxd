# Written by tools/declarations.py from costs.py.
cdef extern from *:
    const long long CMPXCHG16B_CYCLES "12LL"
