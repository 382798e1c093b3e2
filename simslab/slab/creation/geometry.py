"""How a cache is laid out: stride, slab order, freelist placement, colours (mm/slab.c).

Pure arithmetic on a request; nothing is simulated and nothing is charged. `cache_geometry` is the sizing half of
`__kmem_cache_create`; it keeps a note of every order that was looked at and why it was or was not taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from simslab.kernel import layout
from simslab.kernel.errno import E2BIG
from simslab.kernel.mm import gfp
from simslab.slab import cflgs
from simslab.slab_common import flags as fl
from simslab.slab_common.alignment import BYTES_PER_WORD, align_up

PAGE_SIZE: Final = layout.PAGE_SIZE
KMALLOC_MAX_ORDER: Final = 10
REDZONE_ALIGN: Final = 8
UNSIGNED_LONG_LONG: Final = 8  # size and natural alignment of the red zone word
SLAB_OBJ_MAX_NUM: Final = 255  # freelist_idx_t is one byte
SLAB_OBJ_MIN_SIZE: Final = 16

MGMT_OBJFREELIST: Final = "OBJFREELIST"
MGMT_OFF: Final = "OFF"
MGMT_ON: Final = "ON"


@dataclass(frozen=True)
class FreelistCache:
    """What sizing must know of the kmalloc cache that would hold an off-slab freelist."""

    name: str
    size: int  # stride in bytes
    off_slab: bool


@dataclass(frozen=True)
class Rules:
    """Build and boot options that decide sizing, and the kmalloc caches that exist so far."""

    slab_max_order: int = 1
    debug_slab: bool = False
    debug_pagealloc: bool = False
    init_on_free: bool = False
    no_objfreelist: bool = False
    cache_line_size: int = 64
    kmalloc_slab: Callable[[int], FreelistCache | None] = lambda size: None


@dataclass
class Attempt:
    """One order looked at by calculate_slab_order."""

    mgmt: str
    order: int
    num: int
    left_over: int  # bytes
    verdict: str
    taken: bool = False


@dataclass
class Geometry:
    """What `__kmem_cache_create` decides; `err` is 0 or a negative errno, then the other fields are not set."""

    object_size: int
    align: int
    flags: int
    err: int = 0
    size: int = 0
    num: int = 0
    gfporder: int = 0
    colour: int = 0
    colour_off: int = 0
    freelist_size: int = 0
    freelist_cache: str = ""
    obj_offset: int = 0
    mgmt: str = ""
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def slack_bytes(self) -> int:
        """Bytes of a slab that hold no object."""
        return (PAGE_SIZE << self.gfporder) - self.num * self.size

    @property
    def allocflags(self) -> int:
        """GFP bits added to every page request of the cache."""
        return (
            gfp.COMP
            | (gfp.DMA if self.flags & fl.SLAB_CACHE_DMA else 0)
            | (gfp.DMA32 if self.flags & fl.SLAB_CACHE_DMA32 else 0)
            | (gfp.RECLAIMABLE if self.flags & fl.SLAB_RECLAIM_ACCOUNT else 0)
        )


def cache_estimate(gfporder: int, buffer_size: int, flags: int) -> tuple[int, int]:
    """Return objects that fit a slab and bytes left over (mm/slab.c: cache_estimate)."""
    on_slab = not flags & (cflgs.CFLGS_OBJFREELIST_SLAB | cflgs.CFLGS_OFF_SLAB)
    return divmod(PAGE_SIZE << gfporder, buffer_size + (1 if on_slab else 0))


def tunables(size: int, num_possible_cpus: int, debug_slab: bool = False) -> tuple[int, int, int]:
    """Return (limit, batchcount, shared) for a stride of `size` bytes (mm/slab.c: enable_cpucache)."""
    if size > 131072:
        limit = 1
    elif size > PAGE_SIZE:
        limit = 8
    elif size > 1024:
        limit = 24
    elif size > 256:
        limit = 54
    else:
        limit = 120
    shared = 8 if size <= PAGE_SIZE and num_possible_cpus > 1 else 0
    if debug_slab:
        limit = min(limit, 32)
    return limit, (limit + 1) // 2, shared


def cache_geometry(object_size: int, align: int, flags: int, ctor: bool, rules: Rules) -> Geometry:
    """Size a cache whose `align` came from calculate_alignment (mm/slab.c: __kmem_cache_create, up to `done`)."""
    flags = debug_flags(object_size, flags, rules)
    size, ralign = align_up(object_size, BYTES_PER_WORD), BYTES_PER_WORD
    if flags & fl.SLAB_RED_ZONE:
        ralign = REDZONE_ALIGN
        size = align_up(size, REDZONE_ALIGN)
    ralign = max(ralign, align)
    if ralign > UNSIGNED_LONG_LONG:  # a red zone word would not end where the aligned object ends
        flags &= ~(fl.SLAB_RED_ZONE | fl.SLAB_STORE_USER)
    geometry = Geometry(object_size, ralign, flags, colour_off=max(rules.cache_line_size, ralign))
    size = align_up(add_debug_words(geometry, size, rules), ralign)
    if size < SLAB_OBJ_MIN_SIZE:
        size = align_up(SLAB_OBJ_MIN_SIZE, ralign)
    place_freelist(geometry, size, ctor, rules)
    return geometry


def debug_flags(size: int, flags: int, rules: Rules) -> int:
    """Return `flags` with what DEBUG_SLAB forces on every cache (mm/slab.c: FORCED_DEBUG)."""
    if not rules.debug_slab:
        return flags
    grown = size - 1 + REDZONE_ALIGN + 2 * UNSIGNED_LONG_LONG
    # The kernel's `size - 1` is unsigned, so 0 wraps; below a page the comparison does not matter.
    if size < PAGE_SIZE or (size - 1).bit_length() == grown.bit_length():
        flags |= fl.SLAB_RED_ZONE | fl.SLAB_STORE_USER
    return flags if flags & fl.SLAB_TYPESAFE_BY_RCU else flags | fl.SLAB_POISON


def add_debug_words(geometry: Geometry, size: int, rules: Rules) -> int:
    """Return `size` with room for the red zones and the caller's address; sets `obj_offset`."""
    if not rules.debug_slab:
        return size
    if geometry.flags & fl.SLAB_RED_ZONE:
        geometry.obj_offset += UNSIGNED_LONG_LONG
        size += 2 * UNSIGNED_LONG_LONG
    if geometry.flags & fl.SLAB_STORE_USER:
        size += REDZONE_ALIGN if geometry.flags & fl.SLAB_RED_ZONE else BYTES_PER_WORD
    return size


def place_freelist(geometry: Geometry, size: int, ctor: bool, rules: Rules) -> None:
    """Choose where the freelist lives, in the kernel's order of preference, or set `err` to -E2BIG."""
    if wants_debug_pagealloc(geometry, size, rules):
        whole_pages = align_up(size, PAGE_SIZE)
        if set_off_slab_cache(geometry, whole_pages, rules):
            geometry.obj_offset += whole_pages - size
            finish(geometry, whole_pages, MGMT_OFF, cflgs.CFLGS_OFF_SLAB, rules)
            return
    if set_objfreelist_slab_cache(geometry, size, ctor, rules):
        finish(geometry, size, MGMT_OBJFREELIST, cflgs.CFLGS_OBJFREELIST_SLAB, rules)
    elif set_off_slab_cache(geometry, size, rules):
        finish(geometry, size, MGMT_OFF, cflgs.CFLGS_OFF_SLAB, rules)
    elif set_on_slab_cache(geometry, size, rules):
        finish(geometry, size, MGMT_ON, 0, rules)
    else:
        geometry.err = -E2BIG


def wants_debug_pagealloc(geometry: Geometry, size: int, rules: Rules) -> bool:
    """Return whether objects should get pages of their own, which debug_pagealloc can unmap."""
    return bool(
        rules.debug_slab
        and rules.debug_pagealloc
        and geometry.flags & fl.SLAB_POISON
        and size >= 256
        and geometry.object_size > rules.cache_line_size
        and (size < PAGE_SIZE or size % PAGE_SIZE == 0)
    )


def finish(geometry: Geometry, size: int, mgmt: str, placement_flag: int, rules: Rules) -> None:
    """Store the chosen placement (mm/slab.c: __kmem_cache_create at `done`)."""
    geometry.size = size
    geometry.mgmt = mgmt
    geometry.flags |= placement_flag
    geometry.freelist_size = geometry.num
    if mgmt == MGMT_OFF:
        holder = rules.kmalloc_slab(geometry.freelist_size)
        geometry.freelist_cache = holder.name if holder else ""


def set_objfreelist_slab_cache(geometry: Geometry, size: int, ctor: bool, rules: Rules) -> bool:
    """Try to keep the freelist in a free object (mm/slab.c: set_objfreelist_slab_cache)."""
    geometry.num = 0
    reason = objfreelist_obstacle(geometry, ctor, rules)
    if reason:
        geometry.attempts.append(Attempt(MGMT_OBJFREELIST, 0, 0, 0, reason))
        return False
    left = calculate_slab_order(geometry, size, MGMT_OBJFREELIST, rules)
    if not geometry.num:
        return False
    if geometry.num > geometry.object_size:
        drop(geometry, f"the freelist of {geometry.num} bytes does not fit an object of {geometry.object_size}")
        return False
    geometry.colour = left // geometry.colour_off
    return True


def objfreelist_obstacle(geometry: Geometry, ctor: bool, rules: Rules) -> str:
    """Return why a free object's bytes may not be used, or an empty string."""
    if rules.no_objfreelist:
        return "no_objfreelist: as kernels up to 4.5, which had no such freelists"
    if rules.init_on_free:
        return "init_on_free would wipe the freelist"
    if ctor:
        return "a constructor's bytes must survive in free objects"
    if geometry.flags & fl.SLAB_TYPESAFE_BY_RCU:
        return "readers may still look at free objects (TYPESAFE_BY_RCU)"
    return ""


def set_off_slab_cache(geometry: Geometry, size: int, rules: Rules) -> bool:
    """Try to keep the freelist in a kmalloc object (mm/slab.c: set_off_slab_cache)."""
    geometry.num = 0
    if geometry.flags & fl.SLAB_NOLEAKTRACE:
        geometry.attempts.append(Attempt(MGMT_OFF, 0, 0, 0, "NOLEAKTRACE caches keep their freelist on the slab"))
        return False
    left = calculate_slab_order(geometry, size, MGMT_OFF, rules)
    if not geometry.num:
        return False
    if left >= geometry.num:
        drop(geometry, f"{left} bytes are left over, so the freelist of {geometry.num} bytes fits on the slab")
        return False
    geometry.colour = left // geometry.colour_off
    return True


def set_on_slab_cache(geometry: Geometry, size: int, rules: Rules) -> bool:
    """Try to keep the freelist at the end of the slab (mm/slab.c: set_on_slab_cache)."""
    geometry.num = 0
    left = calculate_slab_order(geometry, size, MGMT_ON, rules)
    if not geometry.num:
        return False
    geometry.colour = left // geometry.colour_off
    return True


def drop(geometry: Geometry, reason: str) -> None:
    """Note that the placement chosen last is not usable after all."""
    for attempt in geometry.attempts:
        if attempt.taken and attempt.mgmt == geometry.attempts[-1].mgmt:
            attempt.taken = False
            attempt.verdict = reason


def calculate_slab_order(geometry: Geometry, size: int, mgmt: str, rules: Rules) -> int:
    """Pick the slab order; sets `num` and `gfporder`, returns bytes left over (mm/slab.c: calculate_slab_order)."""
    placement = {MGMT_OBJFREELIST: cflgs.CFLGS_OBJFREELIST_SLAB, MGMT_OFF: cflgs.CFLGS_OFF_SLAB, MGMT_ON: 0}[mgmt]
    best: Attempt | None = None
    for order in range(KMALLOC_MAX_ORDER + 1):
        num, left = cache_estimate(order, size, placement)
        attempt = Attempt(mgmt, order, num, left, "")
        geometry.attempts.append(attempt)
        if num > SLAB_OBJ_MAX_NUM:
            attempt.verdict = f"{num} objects: an index of one byte counts to {SLAB_OBJ_MAX_NUM}"
            break
        attempt.verdict = order_obstacle(geometry, num, mgmt, rules)
        if attempt.verdict:
            continue
        if best:
            best.taken = False
        best, attempt.taken = attempt, True
        attempt.verdict = stop_reason(geometry, attempt, rules)
        if attempt.verdict:
            break
        attempt.verdict = f"{left} of {PAGE_SIZE << order} bytes wasted, over 1/8: try the next order"
    if best is None:
        return 0
    geometry.num, geometry.gfporder = best.num, best.order
    return best.left_over


def order_obstacle(geometry: Geometry, num: int, mgmt: str, rules: Rules) -> str:
    """Return why an order cannot be used, or an empty string; larger orders may still do."""
    if not num:
        return "no object fits"
    if mgmt != MGMT_OFF:
        return ""
    holder = rules.kmalloc_slab(num)
    if holder is None:
        return f"no kmalloc cache exists yet for a freelist of {num} bytes"
    if holder.off_slab:
        return f"{holder.name} is off-slab itself: growing one would recurse into the other"
    if holder.size > geometry.object_size // 2:
        return f"{holder.name} takes {holder.size} bytes, over half an object of {geometry.object_size}: no benefit"
    return ""


def stop_reason(geometry: Geometry, attempt: Attempt, rules: Rules) -> str:
    """Return why no larger order is tried after `attempt`, or an empty string."""
    if geometry.flags & fl.SLAB_RECLAIM_ACCOUNT:
        return "RECLAIM_ACCOUNT takes the first order that fits"
    if attempt.order >= rules.slab_max_order:
        return f"slab_max_order is {rules.slab_max_order}"
    if attempt.left_over * 8 <= PAGE_SIZE << attempt.order:
        return f"{attempt.left_over} of {PAGE_SIZE << attempt.order} bytes wasted, at most 1/8"
    return ""
