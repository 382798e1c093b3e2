"""Allocation request flags: the bit values of Linux 5.10 (include/linux/gfp.h, mm/internal.h).

Leading underscores are dropped: `THISNODE` is `__GFP_THISNODE`, `GFP_KERNEL` stays `GFP_KERNEL`.
"""

from typing import Final

NUMA_NO_NODE: Final = -1  # node of a request that may go to any (include/linux/numa.h)

DMA: Final = 0x01
HIGHMEM: Final = 0x02
DMA32: Final = 0x04
MOVABLE: Final = 0x08
RECLAIMABLE: Final = 0x10
HIGH: Final = 0x20
IO: Final = 0x40
FS: Final = 0x80
ZERO: Final = 0x100
ATOMIC: Final = 0x200
DIRECT_RECLAIM: Final = 0x400
KSWAPD_RECLAIM: Final = 0x800
WRITE: Final = 0x1000
NOWARN: Final = 0x2000
RETRY_MAYFAIL: Final = 0x4000
NOFAIL: Final = 0x8000
NORETRY: Final = 0x10000
MEMALLOC: Final = 0x20000
COMP: Final = 0x40000
NOMEMALLOC: Final = 0x80000
HARDWALL: Final = 0x100000
THISNODE: Final = 0x200000
ACCOUNT: Final = 0x400000
BITS_MASK: Final = 0x7FFFFF  # __GFP_BITS_MASK without lockdep

RECLAIM: Final = DIRECT_RECLAIM | KSWAPD_RECLAIM
GFP_ATOMIC: Final = HIGH | ATOMIC | KSWAPD_RECLAIM
GFP_KERNEL: Final = RECLAIM | IO | FS
GFP_KERNEL_ACCOUNT: Final = GFP_KERNEL | ACCOUNT
GFP_NOWAIT: Final = KSWAPD_RECLAIM
GFP_NOIO: Final = RECLAIM
GFP_NOFS: Final = RECLAIM | IO
GFP_USER: Final = RECLAIM | IO | FS | HARDWALL
GFP_DMA: Final = DMA
GFP_DMA32: Final = DMA32
GFP_HIGHUSER: Final = GFP_USER | HIGHMEM
GFP_HIGHUSER_MOVABLE: Final = GFP_HIGHUSER | MOVABLE
GFP_TRANSHUGE_LIGHT: Final = (GFP_HIGHUSER_MOVABLE | COMP | NOMEMALLOC | NOWARN) & ~RECLAIM
GFP_TRANSHUGE: Final = GFP_TRANSHUGE_LIGHT | DIRECT_RECLAIM

GFP_RECLAIM_MASK: Final = (
    RECLAIM | HIGH | IO | FS | NOWARN | RETRY_MAYFAIL | NOFAIL | NORETRY | MEMALLOC | NOMEMALLOC | ATOMIC
)
GFP_CONSTRAINT_MASK: Final = HARDWALL | THISNODE
GFP_SLAB_GROW_MASK: Final = GFP_CONSTRAINT_MASK | GFP_RECLAIM_MASK  # what a request for a slab's pages keeps
EXACT_NODE_SET: Final = THISNODE | NOWARN  # mm/slab.c: gfp_exact_node
EXACT_NODE_CLEAR: Final = RECLAIM | NOFAIL
GFP_SLAB_BUG_MASK: Final = DMA32 | HIGHMEM | ~BITS_MASK

# alloc_flags of the page allocator (mm/internal.h): not part of a request.
ALLOC_WMARK_MIN: Final = 0x00
ALLOC_WMARK_LOW: Final = 0x01
ALLOC_NO_WATERMARKS: Final = 0x04
ALLOC_HARDER: Final = 0x10
ALLOC_HIGH: Final = 0x20
ALLOC_CPUSET: Final = 0x40
ALLOC_BOUND: Final = 0x1000  # model: the nodemask is that of the task's policy

# In the order of include/trace/events/mmflags.h: composites first, so that printing takes the longest match.
FLAG_NAMES: Final = (
    ("GFP_TRANSHUGE", GFP_TRANSHUGE),
    ("GFP_TRANSHUGE_LIGHT", GFP_TRANSHUGE_LIGHT),
    ("GFP_HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE),
    ("GFP_HIGHUSER", GFP_HIGHUSER),
    ("GFP_USER", GFP_USER),
    ("GFP_KERNEL_ACCOUNT", GFP_KERNEL_ACCOUNT),
    ("GFP_KERNEL", GFP_KERNEL),
    ("GFP_NOFS", GFP_NOFS),
    ("GFP_ATOMIC", GFP_ATOMIC),
    ("GFP_NOIO", GFP_NOIO),
    ("GFP_NOWAIT", GFP_NOWAIT),
    ("GFP_DMA", GFP_DMA),
    ("__GFP_HIGHMEM", HIGHMEM),
    ("GFP_DMA32", GFP_DMA32),
    ("__GFP_HIGH", HIGH),
    ("__GFP_ATOMIC", ATOMIC),
    ("__GFP_IO", IO),
    ("__GFP_FS", FS),
    ("__GFP_NOWARN", NOWARN),
    ("__GFP_RETRY_MAYFAIL", RETRY_MAYFAIL),
    ("__GFP_NOFAIL", NOFAIL),
    ("__GFP_NORETRY", NORETRY),
    ("__GFP_COMP", COMP),
    ("__GFP_ZERO", ZERO),
    ("__GFP_NOMEMALLOC", NOMEMALLOC),
    ("__GFP_MEMALLOC", MEMALLOC),
    ("__GFP_HARDWALL", HARDWALL),
    ("__GFP_THISNODE", THISNODE),
    ("__GFP_RECLAIMABLE", RECLAIMABLE),
    ("__GFP_MOVABLE", MOVABLE),
    ("__GFP_ACCOUNT", ACCOUNT),
    ("__GFP_WRITE", WRITE),
    ("__GFP_RECLAIM", RECLAIM),
    ("__GFP_DIRECT_RECLAIM", DIRECT_RECLAIM),
    ("__GFP_KSWAPD_RECLAIM", KSWAPD_RECLAIM),
)
_BITS: Final = dict(FLAG_NAMES) | {"__GFP_DMA": DMA, "__GFP_DMA32": DMA32, "none": 0}


def flag_names() -> set[str]:
    """Names that parse_gfp knows."""
    return set(_BITS) - {"none"}


def gfpflags_allow_blocking(flags: int) -> bool:
    """Whether the caller may sleep (include/linux/gfp.h: gfpflags_allow_blocking)."""
    return flags & DIRECT_RECLAIM != 0


def parse_gfp(text: str) -> int:
    """Return the 5.10 bits of flags as ftrace prints them, e.g. `GFP_KERNEL|__GFP_ZERO` or `0xcc0`.

    Flags that 5.10 does not have (traces of newer kernels: `__GFP_ZEROTAGS`, ...) count as no bits; a hexadecimal
    remainder is taken literally. Raises ValueError when a part looks like neither.
    """
    bits = 0
    for part in text.strip().strip("()").split("|"):
        name = part.strip()
        if name in _BITS:
            bits |= _BITS[name]
        elif name.startswith(("__GFP_", "GFP_")):
            continue
        else:
            bits |= int(name, 16)
    return bits


def format_gfp(flags: int) -> str:
    """Return `flags` as ftrace prints them (include/trace/events/mmflags.h: show_gfp_flags)."""
    names, rest = [], flags
    for name, bits in FLAG_NAMES:
        if rest and rest & bits == bits:
            names.append(name)
            rest &= ~bits
    if rest:
        names.append(hex(rest))
    return "|".join(names) or "none"
