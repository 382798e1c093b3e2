cdef inline long long spread(long long number) noexcept:
    return (((number ^ (number >> 17)) & 0x7FFFFFFFLL) * 0x9E3779B1LL) & 0xFFFFFFFFLL
