# Written by tools/declarations.py from hierarchy.py; its docstring tells what is decided here.
cimport cython
from simslab.base cimport bits, buffers
from simslab.machine.memory cimport states
from simslab.machine.memory.cache_array cimport CacheArray
from simslab.machine.memory.interconnect cimport Interconnect
from simslab.machine.memory.line_table cimport LineTable


cdef class CacheHierarchy:
    cdef readonly CacheArray l1
    cdef readonly CacheArray l2
    cdef readonly CacheArray l3
    cdef readonly Interconnect interconnect
    cdef readonly long long domains
    cdef readonly long long inclusion
    cdef readonly long long protocol
    cdef long long fills_l1
    cdef readonly LineTable directory
    cdef readonly list filters
    cdef public object section_owner
    cdef long long* section_node
    cdef public object core_domain_owner
    cdef long long* core_domain
    cdef public object core_bit_owner
    cdef long long* core_bit
    cdef public object domain_node_owner
    cdef long long* domain_node
    cdef public object domain_core_owner
    cdef long long* domain_core

    @cython.locals(table=LineTable)
    cdef LineTable filter_of(self, long long domain)
    cdef long long home_of(self, long long line) noexcept
    @cython.locals(upper=cython.longlong)
    cdef long long private_state(self, long long core, long long line) noexcept
    @cython.locals(way=cython.longlong)
    cdef long long set_private_state(self, long long core, long long line, long long state) noexcept
    @cython.locals(table=LineTable, way=cython.longlong)
    cdef long long set_l3_state(self, long long domain, long long line, long long state) noexcept
    cdef long long core_of(self, long long domain, long long cores) noexcept
    @cython.locals(
        table=LineTable, row=cython.longlong, dirty=cython.longlong, cores=cython.longlong, core=cython.longlong
    )
    cdef long long share_domain(self, long long domain, long long line, long long now) noexcept
    @cython.locals(table=LineTable, row=cython.longlong)
    cdef long long invalidate_domain(self, long long domain, long long line) noexcept
    @cython.locals(table=LineTable, row=cython.longlong, core=cython.longlong)
    cdef long long invalidate_cores(self, long long domain, long long line, long long cores) noexcept
    @cython.locals(
        table=LineTable, row=cython.longlong, base=cython.longlong, way=cython.longlong, victim=cython.longlong
    )
    cdef long long fill_private(
        self, long long core, long long domain, long long line, long long state, long long now
    ) noexcept
    @cython.locals(base=cython.longlong, way=cython.longlong, victim=cython.longlong, below=cython.longlong)
    cdef long long fill_l1(self, long long core, long long line, long long state) noexcept
    @cython.locals(
        line=cython.longlong, upper=cython.longlong, dirty=cython.longlong, table=LineTable, row=cython.longlong
    )
    cdef long long evict_l2(self, long long core, long long domain, long long victim, long long now) noexcept
    @cython.locals(
        table=LineTable, row=cython.longlong, base=cython.longlong, way=cython.longlong, victim=cython.longlong
    )
    cdef long long fill_l3(self, long long domain, long long line, long long state, long long now) noexcept
    @cython.locals(line=cython.longlong, dirty=cython.longlong, table=LineTable, row=cython.longlong)
    cdef long long evict_l3(self, long long domain, long long victim, long long now) noexcept
    @cython.locals(core=cython.longlong)
    cdef long long dirty_above(self, long long domain, long long line, long long cores) noexcept
    @cython.locals(row=cython.longlong)
    cdef long long leave_directory(self, long long domain, long long line) noexcept
