cdef inline long long spread(long long number) noexcept:  # C alone: nothing in it can raise
    return (((number ^ (number >> 17)) & 0x7FFFFFFFLL) * 0x9E3779B1LL) & 0xFFFFFFFFLL
