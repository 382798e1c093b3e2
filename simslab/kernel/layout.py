"""Byte offsets of the kernel's structures (Linux 5.10, x86-64, NODES_SHIFT 4, 56-byte struct page).

Measured from the real kernel's debug information where `golden/struct_layout.csv` has them; the rest is marked
estimate, with the accesses seen in `golden/path_access.jsonl.gz` where there were any.
"""

from typing import Final

PAGE_SHIFT: Final = 12
PAGE_SIZE: Final = 4096
CACHE_LINE: Final = 64
MAX_NUMNODES: Final = 16
MAX_ORDER: Final = 11  # blocks of the page allocator have 2**0 to 2**10 pages

# struct kmem_cache
KMEM_CACHE_CPU_CACHE: Final = 0
KMEM_CACHE_BATCHCOUNT: Final = 8
KMEM_CACHE_LIMIT: Final = 12
KMEM_CACHE_SHARED: Final = 16
KMEM_CACHE_SIZE: Final = 20
KMEM_CACHE_RECIPROCAL_BUFFER_SIZE: Final = 24
KMEM_CACHE_FLAGS: Final = 32
KMEM_CACHE_NUM: Final = 36
KMEM_CACHE_GFPORDER: Final = 40
KMEM_CACHE_ALLOCFLAGS: Final = 44
KMEM_CACHE_COLOUR: Final = 48
KMEM_CACHE_COLOUR_OFF: Final = 56
KMEM_CACHE_FREELIST_CACHE: Final = 64
KMEM_CACHE_FREELIST_SIZE: Final = 72
KMEM_CACHE_CTOR: Final = 80
KMEM_CACHE_NAME: Final = 88
KMEM_CACHE_LIST: Final = 96
KMEM_CACHE_REFCOUNT: Final = 112
KMEM_CACHE_OBJECT_SIZE: Final = 116
KMEM_CACHE_ALIGN: Final = 120
KMEM_CACHE_USEROFFSET: Final = 124
KMEM_CACHE_USERSIZE: Final = 128
KMEM_CACHE_NODE: Final = 136  # pointer of node n at KMEM_CACHE_NODE + 8 * n
KMEM_CACHE_BYTES: Final = 264

# struct kmem_cache_node
NODE_LIST_LOCK: Final = 0
NODE_SLABS_PARTIAL: Final = 8
NODE_SLABS_FULL: Final = 24
NODE_SLABS_FREE: Final = 40
NODE_TOTAL_SLABS: Final = 56
NODE_FREE_SLABS: Final = 64
NODE_FREE_OBJECTS: Final = 72
NODE_FREE_LIMIT: Final = 80
NODE_COLOUR_NEXT: Final = 84
NODE_SHARED: Final = 88
NODE_ALIEN: Final = 96
NODE_NEXT_REAP: Final = 104
NODE_FREE_TOUCHED: Final = 112
NODE_BYTES: Final = 120

# Which of KmemCacheNode.lists.
SLABS_PARTIAL: Final = 0
SLABS_FULL: Final = 1
SLABS_FREE: Final = 2

# struct array_cache
ARRAY_CACHE_AVAIL: Final = 0
ARRAY_CACHE_LIMIT: Final = 4
ARRAY_CACHE_BATCHCOUNT: Final = 8
ARRAY_CACHE_TOUCHED: Final = 12
ARRAY_CACHE_ENTRY: Final = 16  # entry i at ARRAY_CACHE_ENTRY + 8 * i
ARRAY_CACHE_BYTES: Final = 16

# struct alien_cache
ALIEN_CACHE_LOCK: Final = 0
ALIEN_CACHE_AC: Final = 8
ALIEN_CACHE_BYTES: Final = 24

# struct page
PAGE_FLAGS: Final = 0
PAGE_SLAB_LIST: Final = 8
PAGE_LRU: Final = 8  # same words as slab_list, for the page allocator's lists
PAGE_COMPOUND_HEAD: Final = 8
PAGE_RCU_HEAD: Final = 8
PAGE_SLAB_CACHE: Final = 24
PAGE_FREELIST: Final = 32
PAGE_S_MEM: Final = 40
PAGE_PRIVATE: Final = 40  # order of a free block
PAGE_ACTIVE: Final = 48
PAGE_MAPCOUNT: Final = 48  # page_type of a free block
PAGE_REFCOUNT: Final = 52
PAGE_STRIDE: Final = 56
SECTION_SHIFT: Final = 15  # pages of a 128 MiB memory section

# struct list_head
LIST_NEXT: Final = 0
LIST_PREV: Final = 8
LIST_HEAD_BYTES: Final = 16

POINTER_BYTES: Final = 8

# struct zone; offsets below 100 as seen in the golden accesses, the others estimate
ZONE_WATERMARK: Final = 0
ZONE_WATERMARK_BOOST: Final = 24
ZONE_LOWMEM_RESERVE: Final = 40
ZONE_NODE: Final = 72
ZONE_PGDAT: Final = 80
ZONE_PAGESET: Final = 88
ZONE_FREE_AREA: Final = 192
ZONE_FREE_AREA_BYTES: Final = 72  # four list heads and nr_free; estimate
ZONE_FREE_AREA_NR_FREE: Final = 64  # estimate
ZONE_FLAGS: Final = 984
ZONE_LOCK: Final = 992
ZONE_VM_STAT: Final = 1088
ZONE_BYTES: Final = 1280  # estimate

# struct per_cpu_pageset; estimate
PCP_COUNT: Final = 0
PCP_HIGH: Final = 4
PCP_BATCH: Final = 8
PCP_LISTS: Final = 16
PCP_VM_STAT_DIFF: Final = 65
PCP_NUMA_STAT_DIFF: Final = 80
PCP_BYTES: Final = 128

# struct pglist_data; estimate but for the per-CPU statistics pointer
PGDAT_NODE_ZONELISTS: Final = 5120
PGDAT_NODESTAT: Final = 7616
PGDAT_BYTES: Final = 8192
PGDAT_ZONES: Final = 0  # zones come first, each ZONE_BYTES

# struct zoneref: zone pointer and zone index
ZONEREF_BYTES: Final = 16
ZONEREF_ZONE_IDX: Final = 8

# Per-CPU variables of the kernel itself, from the start of each CPU's area; estimate.
# Those read on every path share the first lines, as the hot section of the real kernel has them.
PERCPU_CURRENT_TASK: Final = 0
PERCPU_THIS_CPU_OFF: Final = 8
PERCPU_NUMA_NODE: Final = 16
PERCPU_NUMA_MEM: Final = 20
PERCPU_SLAB_REAP_NODE: Final = 24
PERCPU_VM_EVENT_STATES: Final = 64
PERCPU_RCU_DATA: Final = 192
PERCPU_TIMER_BASES: Final = 320
PERCPU_SLAB_REAP_WORK: Final = 448
PERCPU_CALL_SINGLE_QUEUE: Final = 576
PERCPU_STATIC_BYTES: Final = 2048  # what alloc_percpu hands out begins here
