# Written by tools/declarations.py from verdicts.py.
cdef extern from *:
    const long long UNCHARGED "0LL"
    const long long CHARGED "1LL"
    const long long REFUSED "2LL"
