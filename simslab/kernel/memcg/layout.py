"""Byte offsets of the structures of memory cgroups (Linux 5.10, x86-64).

Counted from include/linux/memcontrol.h, page_counter.h and percpu-refcount.h; of struct mem_cgroup the place of
`memory` is an estimate: no kernel with MEMCG was measured.
"""

from typing import Final

PAGE_STRIDE: Final = 64  # struct page with its word for cgroups, whichever the allocator
PAGE_OBJ_CGROUPS: Final = 56  # shares its word with mem_cgroup

# struct page_counter
COUNTER_USAGE: Final = 0
COUNTER_HIGH: Final = 24
COUNTER_MAX: Final = 32
COUNTER_PARENT: Final = 40
COUNTER_WATERMARK: Final = 96
COUNTER_FAILCNT: Final = 104

# struct mem_cgroup
MEMCG_CSS_REFCNT: Final = 16
MEMCG_MEMORY: Final = 256  # estimate: behind cgroup_subsys_state, at the beginning of a line
MEMCG_VMSTATS_PERCPU: Final = 1216  # estimate
MEMCG_VMSTATS: Final = 1280  # estimate
MEMCG_NODEINFO: Final = 2048  # estimate; pointer of node n at MEMCG_NODEINFO + 8 * n

# struct mem_cgroup_per_node
PER_NODE_STAT_CPU: Final = 136  # estimate: behind the lists of struct lruvec
PER_NODE_STAT: Final = 192  # estimate
PER_NODE_BYTES: Final = 1024  # estimate

# struct obj_cgroup
OBJCG_REFCNT: Final = 0
OBJCG_MEMCG: Final = 16
OBJCG_NR_CHARGED_BYTES: Final = 24
OBJCG_BYTES: Final = 48

# struct memcg_stock_pcp
STOCK_CACHED: Final = 0
STOCK_NR_PAGES: Final = 8
STOCK_CACHED_OBJCG: Final = 16
STOCK_NR_BYTES: Final = 24
STOCK_FLAGS: Final = 64
STOCK_BYTES: Final = 72

# Per-CPU statistics: one long for each of enum node_stat_item, and those of cgroups alone.
STAT_SLAB_RECLAIMABLE: Final = 8 * 5
STAT_SLAB_UNRECLAIMABLE: Final = 8 * 6
STATS_BYTES: Final = 8 * 40  # estimate

# struct percpu_ref: the count of each CPU
PERCPU_REF_BYTES: Final = 8
