"""How SLUB lays a cache out: stride, free pointer, red zones, slab order, limits (mm/slub.c).

Pure arithmetic on a request; nothing is simulated and nothing is charged. Orders and objects per slab are kept apart
here, where the kernel packs both into one word (struct kmem_cache_order_objects).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from simslab.kernel.errno import EINVAL, ENOSYS
from simslab.kernel.layout import MAX_ORDER, PAGE_SIZE
from simslab.kernel.mm import gfp
from simslab.slab_common.alignment import BYTES_PER_WORD, align_up
from simslab.slub import flags as fl
from simslab.slub.layout import TRACK_BYTES

MAX_OBJS_PER_PAGE: Final = 32767  # page->objects has 15 bits
MIN_PARTIAL: Final = 5
MAX_PARTIAL: Final = 10
REMOTE_NODE_DEFRAG_RATIO: Final = 1000
FRACTIONS: Final = (16, 8, 4)  # of a slab that may be left over, one after the other


@dataclass(frozen=True)
class Rules:
    """Boot options and CPUs that decide sizing."""

    nr_cpu_ids: int = 1
    slub_min_order: int = 0
    slub_max_order: int = 3
    slub_min_objects: int = 0
    slub_debug_enabled: bool = False  # debug flags of a cache count for nothing unless `slub_debug` was given
    disable_higher_order_debug: bool = False  # `slub_debug=O`


@dataclass(frozen=True)
class OrderObjects:
    """Order and objects of a slab (mm/slub.c: oo_make)."""

    order: int = 0
    objects: int = 0


@dataclass
class Geometry:
    """What `kmem_cache_open` decides; `err` is 0 or a negative errno, then the other fields are not set."""

    object_size: int
    align: int
    flags: int
    err: int = 0
    size: int = 0
    offset: int = 0
    inuse: int = 0
    red_left_pad: int = 0
    allocflags: int = 0
    oo: OrderObjects = field(default_factory=OrderObjects)
    min: OrderObjects = field(default_factory=OrderObjects)
    max: OrderObjects = field(default_factory=OrderObjects)
    min_partial: int = 0
    cpu_partial: int = 0

    @property
    def slack_bytes(self) -> int:
        """Bytes of a slab that hold no object."""
        return (PAGE_SIZE << self.oo.order) - self.oo.objects * self.size


def get_order(size: int) -> int:
    """Return the order of the smallest block of pages that holds `size` > 0 bytes (asm-generic/getorder.h)."""
    return max(0, ((size - 1) >> 12).bit_length())


def order_objects(order: int, size: int) -> int:
    """Return how many objects of stride `size` a slab of `order` holds (mm/slub.c: order_objects)."""
    return (PAGE_SIZE << order) // size


def oo_make(order: int, size: int) -> OrderObjects:
    """Return order and objects of a slab (mm/slub.c: oo_make)."""
    return OrderObjects(order, order_objects(order, size))


def slab_order(size: int, min_objects: int, max_order: int, fract_leftover: int, rules: Rules) -> int:
    """Return the least order with `min_objects` and little enough left over, else one above `max_order`.

    Origin: mm/slub.c: slab_order. Left over may be at most 1/`fract_leftover` of the slab.
    """
    if order_objects(rules.slub_min_order, size) > MAX_OBJS_PER_PAGE:
        return get_order(size * MAX_OBJS_PER_PAGE) - 1
    order = max(rules.slub_min_order, get_order(min_objects * size))
    while order <= max_order:
        slab_size = PAGE_SIZE << order
        if slab_size % size <= slab_size // fract_leftover:
            break
        order += 1
    return order


def calculate_order(size: int, rules: Rules) -> int:
    """Return the order of a cache's slabs, or -ENOSYS (mm/slub.c: calculate_order).

    The wish is for `min_objects` objects, which grows with the number of CPUs; waste is traded for it first, then the
    wish is lowered.
    """
    min_objects = rules.slub_min_objects or 4 * (rules.nr_cpu_ids.bit_length() + 1)
    min_objects = min(min_objects, order_objects(rules.slub_max_order, size))
    while min_objects > 1:
        for fraction in FRACTIONS:
            order = slab_order(size, min_objects, rules.slub_max_order, fraction, rules)
            if order <= rules.slub_max_order:
                return order
        min_objects -= 1
    order = slab_order(size, 1, rules.slub_max_order, 1, rules)
    if order <= rules.slub_max_order:
        return order
    order = slab_order(size, 1, MAX_ORDER, 1, rules)
    return order if order < MAX_ORDER else -ENOSYS


def set_min_partial(minimum: int) -> int:
    """Return how many slabs a node's list keeps even when they are empty (mm/slub.c: set_min_partial)."""
    return min(max(minimum, MIN_PARTIAL), MAX_PARTIAL)


def kmem_cache_debug(flags: int, rules: Rules) -> bool:
    """Whether a cache's objects are checked, and every operation takes the slow path (mm/slub.c: kmem_cache_debug)."""
    return rules.slub_debug_enabled and bool(flags & fl.SLAB_DEBUG_FLAGS)


def set_cpu_partial(size: int, debug: bool) -> int:
    """Return how many objects a CPU's list of partial slabs may hold (mm/slub.c: set_cpu_partial)."""
    if debug:
        return 0
    if size >= PAGE_SIZE:
        return 2
    if size >= 1024:
        return 6
    return 13 if size >= 256 else 30


def kmem_cache_open(object_size: int, align: int, flags: int, ctor: bool, rules: Rules) -> Geometry:
    """Size a cache whose `align` came from calculate_alignment and whose `flags` have debugging applied.

    Origin: mm/slub.c: kmem_cache_open, the part before node structures are made.
    """
    geometry = Geometry(object_size, align, flags)
    if not sizes_with_debugging(geometry, ctor, rules):
        geometry.err = -EINVAL
        return geometry
    if not geometry.flags & fl.SLAB_NO_CMPXCHG:
        geometry.flags |= fl.CMPXCHG_DOUBLE
    geometry.min_partial = set_min_partial((geometry.size.bit_length() - 1) // 2)
    geometry.cpu_partial = set_cpu_partial(geometry.size, kmem_cache_debug(geometry.flags, rules))
    return geometry


def sizes_with_debugging(geometry: Geometry, ctor: bool, rules: Rules) -> bool:
    """Size a cache, with `slub_debug=O` again where metadata made its least slab larger (mm/slub.c: kmem_cache_open).

    The second time is without that metadata. As in the kernel `red_left_pad` keeps what the first time set.
    """
    if not calculate_sizes(geometry, ctor, rules):
        return False
    if rules.disable_higher_order_debug and get_order(geometry.size) > get_order(geometry.object_size):
        geometry.flags &= ~fl.DEBUG_METADATA_FLAGS
        return calculate_sizes(geometry, ctor, rules)
    return True


def calculate_sizes(geometry: Geometry, ctor: bool, rules: Rules) -> bool:
    """Distribute the bytes of an object and choose the order; whether a slab holds any (mm/slub.c: calculate_sizes)."""
    size = place_metadata(geometry, ctor)
    geometry.size = size = align_up(size, geometry.align)
    order = calculate_order(size, rules)
    if order < 0:
        return False
    geometry.allocflags = allocflags(order, geometry.flags)
    geometry.oo = oo_make(order, size)
    geometry.min = oo_make(get_order(size), size)
    geometry.max = max(geometry.max, geometry.oo, key=lambda oo: oo.objects)
    return geometry.oo.objects > 0


def place_metadata(geometry: Geometry, ctor: bool) -> int:
    """Return the bytes that object, free pointer, tracking and red zones take, before alignment."""
    flags, object_size = geometry.flags, geometry.object_size
    size = align_up(object_size, BYTES_PER_WORD)
    geometry.flags &= ~fl.OBJECT_POISON
    if flags & fl.SLAB_POISON and not flags & fl.SLAB_TYPESAFE_BY_RCU and not ctor:
        geometry.flags |= fl.OBJECT_POISON
    if flags & fl.SLAB_RED_ZONE and size == object_size:
        size += BYTES_PER_WORD
    geometry.inuse = size
    if freeptr_outside_object(object_size, flags, ctor):
        geometry.offset = size
        size += BYTES_PER_WORD
    else:
        geometry.offset = object_size // 2 & -BYTES_PER_WORD
    if flags & fl.SLAB_STORE_USER:
        size += 2 * TRACK_BYTES
    if flags & fl.SLAB_RED_ZONE:
        geometry.red_left_pad = align_up(BYTES_PER_WORD, geometry.align)
        size += BYTES_PER_WORD + geometry.red_left_pad
    return size


def freeptr_outside_object(object_size: int, flags: int, ctor: bool) -> bool:
    """Whether the free pointer must not overwrite the object."""
    return bool(
        flags & (fl.SLAB_TYPESAFE_BY_RCU | fl.SLAB_POISON)
        or (flags & fl.SLAB_RED_ZONE and object_size < BYTES_PER_WORD)
        or ctor
    )


def allocflags(order: int, flags: int) -> int:
    """Return the GFP bits added to every page request of a cache."""
    return (
        (gfp.COMP if order else 0)
        | (gfp.DMA if flags & fl.SLAB_CACHE_DMA else 0)
        | (gfp.DMA32 if flags & fl.SLAB_CACHE_DMA32 else 0)
        | (gfp.RECLAIMABLE if flags & fl.SLAB_RECLAIM_ACCOUNT else 0)
    )
