# Written by tools/declarations.py from line_scanner.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.workload.trace cimport bytescan, trace_events
from simslab.workload.trace.int_table cimport IntTable

cdef long long MAX_LINE
cdef long long MAX_SECONDS
cdef long long NANOSECONDS
cdef long long KIND_BITS
cdef long long KIND_MASK
cdef long long BLANK
cdef long long HASH
cdef long long OPENING
cdef long long CLOSING
cdef long long DOT
cdef long long COLON
cdef long long OPENING_BRACKET
cdef long long CLOSING_BRACKET
cdef long long CAPITAL_H
cdef long long CAPITAL_Z
cdef long long LETTER_H
cdef long long LETTER_K
cdef long long LETTER_N
cdef long long LETTER_S
cdef long long LETTER_X
cdef long long LETTER_Z
cdef long long PLUS
cdef long long DASH
cdef long long DIGIT_0
cdef long long FEWEST_FLAGS
cdef long long HARDIRQ_FLAG
cdef long long SOFTIRQ_FLAG
cdef long long NMI_FLAG


@cython.final
cdef class LineScanner:
    cdef readonly object new_shape
    cdef readonly long long capacity
    cdef public long long rows
    cdef readonly object time_owner
    cdef long long* time
    cdef readonly object cpu_owner
    cdef long long* cpu
    cdef readonly object task_owner
    cdef long long* task
    cdef readonly object context_owner
    cdef long long* context
    cdef readonly object ptr_owner
    cdef long long* ptr
    cdef readonly object shape_owner
    cdef long long* shape
    cdef tuple words_owner
    cdef const unsigned char* alloc_word
    cdef const unsigned char* free_word
    cdef const unsigned char* kmalloc_word
    cdef const unsigned char* kfree_word
    cdef const unsigned char* alloc_node_word
    cdef const unsigned char* kmalloc_node_word
    cdef const unsigned char* system_word
    cdef const unsigned char* failed_word
    cdef const unsigned char* site_word
    cdef const unsigned char* ptr_word
    cdef readonly IntTable tasks
    cdef readonly list shape_texts
    cdef readonly list shape_numbers
    cdef readonly IntTable shape_table
    cdef readonly long long ptr_digits
    cdef readonly long long shortest_ptr
    cdef long long counted
    cdef public long long ticks
    cdef public long long lines
    cdef readonly bytes text_owner
    cdef const unsigned char* text
    cdef public long long at
    cdef readonly long long size
    cdef readonly long long line
    cdef readonly long long line_end

    @cython.locals(end=cython.longlong, state=cython.longlong)
    cpdef long long read(self) except -1
    @cython.locals(bracket=cython.longlong, after=cython.longlong)
    cdef long long event(self) except -1
    @cython.locals(
        text="const unsigned char*", end=cython.longlong, after=cython.longlong, task=cython.longlong,
        row=cython.longlong, begin=cython.longlong, at=cython.longlong, flags_end=cython.longlong
    )
    cdef long long head(self, long long bracket) noexcept
    @cython.locals(text="const unsigned char*", at=cython.longlong, begin=cython.longlong)
    cdef long long task_before(self, long long bracket) noexcept
    @cython.locals(text="const unsigned char*", at=cython.longlong, flag=cython.longlong)
    cdef long long context_of(self, long long begin, long long end) noexcept
    @cython.locals(flags=cython.longlong)
    cdef long long context_of_number(self, long long begin, long long end) noexcept
    @cython.locals(
        text="const unsigned char*", end=cython.longlong, after=cython.longlong, whole=cython.longlong,
        fraction_end=cython.longlong, kept=cython.longlong, fraction=cython.longlong, _=cython.longlong
    )
    cdef long long clock(self, long long begin) noexcept
    @cython.locals(
        text="const unsigned char*", end=cython.longlong, at=cython.longlong, closing=cython.longlong,
        digits_end=cython.longlong
    )
    cdef long long body(self, long long after) except -1
    @cython.locals(
        text="const unsigned char*", end=cython.longlong, at=cython.longlong, shape=cython.longlong, row=cython.longlong
    )
    cdef long long fields(self, long long kind, long long after) except -1
    @cython.locals(text="const unsigned char*", end=cython.longlong, after=cython.longlong)
    cdef long long pointer(self, long long at) noexcept
    @cython.locals(text="const unsigned char*", end=cython.longlong, after=cython.longlong)
    cdef long long unprinted_pointer(self, long long at) noexcept
    @cython.locals(
        text="const unsigned char*", end=cython.longlong, length=cython.longlong, key=cython.longlong,
        index=cython.longlong, known=bytes, same=cython.bint, number=cython.longlong
    )
    cdef long long shape_of(self, long long kind, long long at) except -2
