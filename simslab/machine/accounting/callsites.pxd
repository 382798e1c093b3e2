# Written by tools/declarations.py from callsites.py.
cdef extern from *:
    const long long NR_SITES "256LL"
