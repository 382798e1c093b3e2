# Written by tools/declarations.py from node_setup.py; its docstring tells what is decided here.
cimport cython
from simslab.kernel cimport layout
from simslab.kernel.locking.spinlock cimport LockClass
from simslab.machine.accounting cimport callsites
from simslab.machine.core.cpu cimport Cpu
from simslab.slab.core cimport SlabCore
from simslab.slab.kmem_cache cimport ArrayCache, KmemCache, KmemCacheNode

cdef long long ALIEN_LIMIT
cdef long long REAPTIMEOUT_NODE_SECONDS
cdef unsigned long long DIRECT_MAP
cdef long long SETUP_KMEM_CACHE_NODE
cdef long long NO_SLABS
cdef long long OUT_OF_MEMORY


@cython.final
cdef class NodeSetup:
    cdef public SlabCore core
    cdef public Cpu cpu
    cdef public long long request
    cdef public long long nr_online
    cdef public long long node_bytes
    cdef public long long table_bytes
    cdef public ArrayCache aliens

    @cython.locals(table=cython.longlong, shared=cython.longlong)
    cpdef long long setup_kmem_cache_node(self, KmemCache cache, long long nid, long long force_change) except? -1
    @cython.locals(core=SlabCore, cpu=Cpu, node=KmemCacheNode, surplus=cython.longlong)
    cdef long long attach(
        self, KmemCache cache, long long nid, long long shared, long long table, long long force_change
    ) except? -1
    @cython.locals(old=cython.longlong)
    cdef long long exchange_shared(self, KmemCache cache, KmemCacheNode node, long long shared) except? -1
    @cython.locals(lock_class=LockClass, others=list, other=cython.longlong, addr=cython.longlong)
    cdef long long attach_aliens(self, KmemCache cache, KmemCacheNode node, long long table) except? -1
    cdef long long free_new(self, long long shared, long long table) except? -1
    @cython.locals(node=KmemCacheNode, addr=cython.longlong, nr_cpus=cython.longlong)
    cpdef long long init_cache_node(self, KmemCache cache, long long nid) except? -1
    @cython.locals(entries=cython.longlong, size=cython.longlong)
    cdef long long alloc_arraycache(self, KmemCache cache, long long nid) except? -1
    @cython.locals(table=cython.longlong, count=cython.longlong, size=cython.longlong)
    cdef long long alloc_alien_cache(self, KmemCache cache, long long nid) except? -1
    cdef long long alien_limit(self, KmemCache cache) except? -1
