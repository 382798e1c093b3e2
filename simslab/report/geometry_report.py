"""What the kernel would choose for a cache, and why, as text and as a document."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from simslab.base.errors import UserError
from simslab.slab import cflgs
from simslab.slab.creation.geometry import (
    MGMT_OBJFREELIST,
    MGMT_OFF,
    MGMT_ON,
    PAGE_SIZE,
    Geometry,
    Rules,
    cache_geometry,
    tunables,
)
from simslab.slab.creation.kmalloc import running_rules
from simslab.slab_common import flags as fl
from simslab.slab_common.alignment import calculate_alignment, reciprocal_value

PLACES: Final = {
    MGMT_OBJFREELIST: "in a free object (OBJFREELIST)",
    MGMT_OFF: "in a kmalloc object (OFF)",
    MGMT_ON: "at the end of the slab (ON)",
}


def choose(
    size: int, align: int, flags: int, ctor: bool, slab_max_order: int = 1, debug_slab: bool = False
) -> Geometry:
    """Size a cache as kmem_cache_create on a running kernel would; UserError for requests that it refuses."""
    if size < 0 or align < 0 or align & (align - 1):
        raise UserError(f"size {size}, alignment {align}", expected="a size of at least 0, a power of two or 0")
    if flags & ~fl.SLAB_FLAGS_PERMITTED:
        refused = cflgs.flag_names(flags & ~fl.SLAB_FLAGS_PERMITTED)
        raise UserError(f"flags {refused} are not permitted (-EINVAL)", expected="flags of SLAB_FLAGS_PERMITTED")
    flags &= cflgs.cache_create_mask(debug_slab)
    rules = running_rules(Rules(slab_max_order=slab_max_order, debug_slab=debug_slab))
    return cache_geometry(size, calculate_alignment(flags, align, size), flags, ctor, rules)


def document(geometry: Geometry, cpus: int = 8, debug_slab: bool = False) -> dict[str, Any]:
    """Return everything about a geometry as plain values, for JSON."""
    values = asdict(geometry)
    values["flags_decoded"] = cflgs.flag_names(geometry.flags)
    if geometry.err:
        return values
    limit, batchcount, shared = tunables(geometry.size, cpus, debug_slab)
    return values | {
        "allocflags": geometry.allocflags,
        "reciprocal_m": reciprocal_value(geometry.size)[0],
        "slack_bytes": geometry.slack_bytes,
        "limit": limit,
        "batchcount": batchcount,
        "shared": shared,
    }


def lines(geometry: Geometry, cpus: int = 8, debug_slab: bool = False) -> list[str]:
    """Return the choice in words, then every order that was looked at with its verdict."""
    told = summary(geometry, cpus, debug_slab) if not geometry.err else ["no order fits: creation fails with -E2BIG"]
    told.append("considered:")
    for attempt in geometry.attempts:
        mark = "*" if attempt.taken and attempt.mgmt == geometry.mgmt else " "
        fits = f"order {attempt.order}: {attempt.num} objects, {attempt.left_over} bytes left: " if attempt.num else ""
        told.append(f"  {mark} {attempt.mgmt:<11} {fits}{attempt.verdict}")
    return told


def summary(geometry: Geometry, cpus: int, debug_slab: bool) -> list[str]:
    """Return what was chosen."""
    limit, batchcount, shared = tunables(geometry.size, cpus, debug_slab)
    holder = f" from {geometry.freelist_cache}" if geometry.freelist_cache else ""
    return [
        f"object {geometry.object_size} bytes, aligned to {geometry.align}, every {geometry.size} bytes",
        f"slab of order {geometry.gfporder} ({PAGE_SIZE << geometry.gfporder} bytes): {geometry.num} objects, "
        f"{geometry.slack_bytes} bytes hold none",
        f"freelist of {geometry.freelist_size} bytes {PLACES[geometry.mgmt]}{holder}",
        f"{geometry.colour} colours of {geometry.colour_off} bytes",
        f"flags {cflgs.flag_names(geometry.flags)}",
        f"limit {limit}, batchcount {batchcount}, shared {shared} (with {cpus} CPUs)",
    ]
