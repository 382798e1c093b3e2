from cpython.bytes cimport PyBytes_AS_STRING
from libc.string cimport memchr, memcmp, memcpy


cdef inline const unsigned char* text_pointer(bytes text) noexcept:  # C alone: nothing in it can raise
    return <const unsigned char*> PyBytes_AS_STRING(text)


cdef inline long long find(const unsigned char* text, long long byte, long long start, long long end) noexcept:  # C alone: nothing in it can raise
    cdef const void* found
    if start >= end:
        return -1
    found = memchr(text + start, <int> byte, <size_t> (end - start))
    return -1 if found == NULL else (<const unsigned char*> found) - text


cdef inline bint starts(const unsigned char* text, const unsigned char* word, long long length, long long start, long long end) noexcept:  # C alone: nothing in it can raise
    return length <= end - start and memcmp(text + start, word, <size_t> length) == 0


cdef inline long long digits(const unsigned char* text, long long start, long long end) noexcept:  # C alone: nothing in it can raise
    while start < end and c'0' <= text[start] <= c'9':
        start += 1
    return start


cdef inline long long digits_before(const unsigned char* text, long long start, long long end) noexcept:  # C alone: nothing in it can raise
    while end > start and c'0' <= text[end - 1] <= c'9':
        end -= 1
    return end


cdef inline bint are_hexdigits(unsigned long long eight) noexcept:  # C alone: nothing in it can raise
    # Each byte's value if it is a digit; it is one if that value is spelt so. No sum carries into the next byte.
    cdef unsigned long long ones = 0x0101010101010101ULL
    cdef unsigned long long values
    if eight & (ones * 0x80):
        return False
    values = (eight & (ones * 0x0F)) + ((eight >> 6) & ones) * 9
    return values & (ones * 0xF0) == 0 and values + ones * 0x30 + (((values + ones * 6) >> 4) & ones) * 0x27 == eight


cdef inline long long hexdigits(const unsigned char* text, long long start, long long end) noexcept:  # C alone: nothing in it can raise
    # Speed: eight digits a step without a branch a digit (benchmarks/traces.py).
    cdef unsigned long long eight
    while end - start >= 8:
        memcpy(&eight, text + start, 8)
        if not are_hexdigits(eight):
            break
        start += 8
    while start < end and (c'0' <= text[start] <= c'9' or c'a' <= text[start] <= c'f'):
        start += 1
    return start


cdef inline long long blanks(const unsigned char* text, long long start, long long end) noexcept:  # C alone: nothing in it can raise
    while start < end and (text[start] == c' ' or text[start] == c'\t' or text[start] == c'\r'):
        start += 1
    return start


cdef inline long long blanks_before(const unsigned char* text, long long start, long long end) noexcept:  # C alone: nothing in it can raise
    while end > start and (text[end - 1] == c' ' or text[end - 1] == c'\t' or text[end - 1] == c'\r'):
        end -= 1
    return end


cdef inline long long decimal(const unsigned char* text, long long start, long long end) noexcept:  # C alone: nothing in it can raise
    cdef long long value = 0
    while start < end:
        value = value * 10 + (text[start] - c'0')
        start += 1
    return value


cdef inline long long hexadecimal(const unsigned char* text, long long start, long long end) noexcept:  # C alone: nothing in it can raise
    cdef unsigned long long value = 0
    cdef unsigned long long digit
    while start < end:
        digit = text[start]
        value = (value << 4) | ((digit & 15) + 9 * (digit >> 6))
        start += 1
    return <long long> value


cdef inline long long fingerprint(const unsigned char* text, long long start, long long end) noexcept:  # C alone: nothing in it can raise
    # Speed: eight bytes a step (benchmarks/traces.py); unsigned, so that products wrap.
    cdef unsigned long long value = 0x9E3779B97F4A7C15ULL
    cdef unsigned long long word
    while end - start >= 8:
        memcpy(&word, text + start, 8)
        value = (value ^ word) * 0xFF51AFD7ED558CCDULL
        value ^= value >> 32
        start += 8
    word = 0
    if end > start:
        memcpy(&word, text + start, <size_t> (end - start))
    value = (value ^ word) * 0xFF51AFD7ED558CCDULL
    value ^= value >> 29
    return <long long> (value & 0x3FFFFFFFFFFFFFFFULL)
