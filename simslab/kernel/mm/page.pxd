# Written by tools/declarations.py from page.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport buffers
from simslab.kernel cimport layout
from simslab.machine.core.cpu cimport Cpu

cdef long long LINK_LINES
cdef long long ROW_SHIFT
cdef long long ROW_BYTES
cdef long long FIRST_SLOTS
cdef long long NONE


@cython.final
cdef class MemMap:
    cdef readonly long long nr_pages
    cdef public long long stride
    cdef readonly list owners
    cdef long long* flags
    cdef long long* slab_cache
    cdef long long* freelist
    cdef long long* s_mem
    cdef long long* active
    cdef long long* next
    cdef long long* prev
    cdef long long* head
    cdef long long* order
    cdef long long* slot
    cdef object section_nid_owner
    cdef long long* section_nid
    cdef object section_map_owner
    cdef long long* section_map
    cdef readonly object rows_owner
    cdef unsigned char* rows
    cdef readonly long long nr_slots
    cdef readonly long long slots_used
    cdef list free_slots

    cpdef long long nid(self, long long pfn) noexcept
    cpdef long long page_addr(self, long long pfn) noexcept
    @cython.locals(value=cython.longlong)
    cpdef long long get(self, str name, long long pfn) except? -1
    cpdef long long set(self, str name, long long pfn, long long value) except -1
    cpdef long long slot_alloc(self, long long pfn) except -1
    cpdef long long slot_free(self, long long pfn) except -1
    cdef grow_slots(self)
    cpdef long long freelist_get(self, long long pfn, long long i) noexcept
    cpdef long long freelist_set(self, long long pfn, long long i, long long value) noexcept
    @cython.locals(link=cython.longlong)
    cdef long long write_links(self, Cpu cpu, long long pfn) noexcept
    @cython.locals(first=cython.longlong)
    cdef long long list_add(
        self, Cpu cpu, long long* heads, long long which, long long head_addr, long long pfn
    ) noexcept
    @cython.locals(last=cython.longlong)
    cdef long long list_add_tail(
        self, Cpu cpu, long long* heads, long long which, long long head_addr, long long pfn
    ) noexcept
    @cython.locals(after=cython.longlong, before=cython.longlong)
    cdef long long list_del(
        self, Cpu cpu, long long* heads, long long which, long long head_addr, long long pfn
    ) noexcept
    cdef long long list_first(self, Cpu cpu, long long* heads, long long which, long long head_addr) noexcept
    cdef long long list_last(self, Cpu cpu, long long* heads, long long which, long long head_addr) noexcept


@cython.final
cdef class PageLists:
    cdef public MemMap mem_map
    cdef public long long addr
    cdef public long long stride
    cdef object heads_owner
    cdef long long* heads

    cpdef long long add(self, Cpu cpu, long long which, long long pfn) noexcept
    cpdef long long add_tail(self, Cpu cpu, long long which, long long pfn) noexcept
    cpdef long long delete(self, Cpu cpu, long long which, long long pfn) noexcept
    cpdef long long first(self, Cpu cpu, long long which) noexcept
    cpdef long long last(self, Cpu cpu, long long which) noexcept
