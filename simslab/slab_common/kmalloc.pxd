# Written by tools/declarations.py from kmalloc.py.
cdef extern from *:
    const long long KMALLOC_NORMAL "0LL"
    const long long KMALLOC_RECLAIM "1LL"
    const long long KMALLOC_DMA "2LL"
    const long long NR_KMALLOC_TYPES "3LL"
    const long long ZERO_SIZE_PTR "16LL"
