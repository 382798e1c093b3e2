# Written by tools/declarations.py from cache.py; its docstring tells what is decided here.


cdef class Cache:
    cdef public long long index
    cdef public long long addr
    cdef public str name
    cdef public long long size
    cdef public long long object_size
    cdef public long long align
    cdef public long long flags
    cdef public long long ctor
    cdef public long long refcount
    cdef public long long useroffset
    cdef public long long usersize
    cdef public long long allocflags
    cdef public long long reciprocal_m
    cdef public long long reciprocal_sh1
    cdef public long long reciprocal_sh2
    cdef public list random_seq
    cdef public long long random_seq_addr
