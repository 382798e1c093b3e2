from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBUF_WRITABLE, Py_buffer, PyBuffer_Release, PyObject_GetBuffer

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define simslab_prefetch(address) __builtin_prefetch(address)
    #else
    #define simslab_prefetch(address) ((void)(address))
    #endif
    """
    void simslab_prefetch(const void* address) noexcept


cdef inline void* pointer_to(object view, Py_ssize_t itemsize) except NULL:
    # Speed (of the build): a typed memoryview would pull 1.5 MB of C into every leaf; setup.py.
    cdef Py_buffer buffer
    cdef void* start
    PyObject_GetBuffer(view, &buffer, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE)
    start = buffer.buf
    if buffer.itemsize != itemsize or buffer.len < itemsize:
        PyBuffer_Release(&buffer)
        raise ValueError(f"expected a buffer of {itemsize}-byte items, at least one")
    # The owner that a leaf keeps beside the pointer is what holds the memory.
    PyBuffer_Release(&buffer)
    return start


cdef inline long long* int64_pointer(object view) except NULL:
    return <long long*> pointer_to(view, sizeof(long long))


cdef inline long long* int64_pointer_at(object view, long long first) except NULL:
    return int64_pointer(view) + first


cdef inline unsigned char* uint8_pointer(object view) except NULL:
    return <unsigned char*> pointer_to(view, 1)


cdef inline long long prefetch(long long* table, long long index) noexcept:  # C alone: nothing in it can raise
    simslab_prefetch(table + index)
    return 0
