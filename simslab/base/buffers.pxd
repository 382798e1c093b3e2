cdef inline long long* int64_pointer(object view) except NULL:
    cdef long long[::1] typed = view
    return &typed[0]


cdef inline unsigned char* uint8_pointer(object view) except NULL:
    cdef unsigned char[::1] typed = view
    return &typed[0]
