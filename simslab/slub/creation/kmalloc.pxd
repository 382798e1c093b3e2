# Written by tools/declarations.py from kmalloc.py.
cdef extern from *:
    const long long KMALLOC_SHIFT_LOW "3LL"
    const long long KMALLOC_SHIFT_HIGH "13LL"
    const long long KMALLOC_MAX_ORDER "10LL"
