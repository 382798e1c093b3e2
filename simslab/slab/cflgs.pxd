# Written by tools/declarations.py from cflgs.py.
cdef extern from *:
    const long long CFLGS_OBJFREELIST_SLAB "1073741824LL"
    const long long CFLGS_OFF_SLAB "2147483648LL"
