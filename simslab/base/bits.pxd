cdef extern from *:
    """
    #if defined(_MSC_VER)
    #include <intrin.h>
    static int simslab_lowest(unsigned long long m) { unsigned long i; _BitScanForward64(&i, m); return (int)i; }
    static int simslab_count(unsigned long long m) { return (int)__popcnt64(m); }
    #else
    static int simslab_lowest(unsigned long long m) { return __builtin_ctzll(m); }
    static int simslab_count(unsigned long long m) { return __builtin_popcountll(m); }
    #endif
    """
    int simslab_lowest(unsigned long long mask) noexcept
    int simslab_count(unsigned long long mask) noexcept


cdef inline long long bit(long long position) noexcept:  # C alone: nothing in it can raise
    cdef unsigned long long one = 1
    return <long long>(one << position)


cdef inline long long lowest(long long mask) noexcept:  # C alone: nothing in it can raise
    return simslab_lowest(mask)


cdef inline long long count(long long mask) noexcept:  # C alone: nothing in it can raise
    return simslab_count(mask)
