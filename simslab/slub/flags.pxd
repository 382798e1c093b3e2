# Written by tools/declarations.py from flags.py.
cdef extern from *:
    const long long CMPXCHG_DOUBLE "1073741824LL"
    const long long OBJECT_POISON "2147483648LL"
    const long long SLAB_DEBUG_FLAGS "2166016LL"
    const long long DEBUG_DEFAULT_FLAGS "68864LL"
    const long long DEBUG_METADATA_FLAGS "68608LL"
    const long long SLAB_NO_CMPXCHG "2162944LL"
    const long long CACHE_CREATE_MASK "11529472LL"
