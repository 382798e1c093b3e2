# Written by tools/declarations.py from clock.py.
cdef extern from *:
    const long long NEVER "1125899906842624LL"
    const long long KEY_SPACE "4096LL"
