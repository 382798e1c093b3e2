# Written by tools/declarations.py from kmalloc.py.
cdef extern from *:
    const long long KMALLOC_SHIFT_LOW "5LL"
    const long long KMALLOC_SHIFT_HIGH "22LL"
    const long long KMALLOC_MAX_CACHE_SIZE "4194304LL"
    const long long SIZEOF_KMEM_CACHE_NODE "120LL"
