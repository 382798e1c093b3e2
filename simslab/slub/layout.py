"""Byte offsets of SLUB's structures (Linux 5.10, x86-64, NODES_SHIFT 4, SLUB_DEBUG, without SLUB_STATS).

Measured from the real kernel's debug information; every offset is compared with
the records (`conform/slub/layouts.py`).
"""

from typing import Final

from simslab.kernel import layout

PAGE_SHIFT: Final = layout.PAGE_SHIFT
PAGE_SIZE: Final = layout.PAGE_SIZE

# struct kmem_cache
KMEM_CACHE_CPU_SLAB: Final = 0
KMEM_CACHE_FLAGS: Final = 8
KMEM_CACHE_MIN_PARTIAL: Final = 16
KMEM_CACHE_SIZE: Final = 24
KMEM_CACHE_OBJECT_SIZE: Final = 28
KMEM_CACHE_RECIPROCAL_SIZE: Final = 32
KMEM_CACHE_OFFSET: Final = 40
KMEM_CACHE_CPU_PARTIAL: Final = 44
KMEM_CACHE_OO: Final = 48
KMEM_CACHE_MAX: Final = 52
KMEM_CACHE_MIN: Final = 56
KMEM_CACHE_ALLOCFLAGS: Final = 60
KMEM_CACHE_REFCOUNT: Final = 64
KMEM_CACHE_CTOR: Final = 72
KMEM_CACHE_INUSE: Final = 80
KMEM_CACHE_ALIGN: Final = 84
KMEM_CACHE_RED_LEFT_PAD: Final = 88
KMEM_CACHE_NAME: Final = 96
KMEM_CACHE_LIST: Final = 104
KMEM_CACHE_KOBJ: Final = 120
KMEM_CACHE_RANDOM: Final = 184  # with SLAB_FREELIST_HARDENED only
KMEM_CACHE_REMOTE_NODE_DEFRAG_RATIO: Final = 184
KMEM_CACHE_USEROFFSET: Final = 188
KMEM_CACHE_USERSIZE: Final = 192
KMEM_CACHE_NODE: Final = 200  # pointer of node n at KMEM_CACHE_NODE + 8 * n
KMEM_CACHE_BYTES: Final = 328

# struct kmem_cache_cpu
CPU_FREELIST: Final = 0
CPU_TID: Final = 8
CPU_PAGE: Final = 16
CPU_PARTIAL: Final = 24
CPU_BYTES: Final = 32
CPU_ALIGN: Final = 16  # freelist and tid are exchanged together

# struct kmem_cache_node
NODE_LIST_LOCK: Final = 0
NODE_NR_PARTIAL: Final = 8
NODE_PARTIAL: Final = 16
NODE_NR_SLABS: Final = 32
NODE_TOTAL_OBJECTS: Final = 40
NODE_FULL: Final = 48
NODE_BYTES: Final = 64

# Which of KmemCacheNode.lists.
PARTIAL: Final = 0
FULL: Final = 1

# struct page
PAGE_FLAGS: Final = 0
PAGE_SLAB_LIST: Final = 8
PAGE_NEXT: Final = 8  # CPU partial list, in the words of slab_list
PAGE_PAGES: Final = 16
PAGE_POBJECTS: Final = 20
PAGE_COMPOUND_HEAD: Final = 8
PAGE_RCU_HEAD: Final = 8
PAGE_SLAB_CACHE: Final = 24
PAGE_FREELIST: Final = 32
PAGE_COUNTERS: Final = 40
PAGE_INUSE: Final = 40
PAGE_OBJECTS: Final = 42
PAGE_FROZEN: Final = 43
PAGE_REFCOUNT: Final = 52
PAGE_STRIDE: Final = 64  # of struct page in the memory map: HAVE_ALIGNED_STRUCT_PAGE, for cmpxchg_double

# Parts of `counters`.
INUSE: Final = 0xFFFF
OBJECTS_SHIFT: Final = 16
OBJECTS_MASK: Final = 0x7FFF
FROZEN: Final = 0x80000000

KMEM_CACHE_ORDER_OBJECTS_X: Final = 0
TRACK_BYTES: Final = 24
