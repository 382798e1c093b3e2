"""SLAB's kmalloc caches: 32 bytes to 4 MiB, and the order in which boot makes them (mm/slab.c, mm/slab_common.c)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from simslab.slab import cflgs
from simslab.slab.creation.geometry import FreelistCache, Geometry, Rules, cache_geometry
from simslab.slab_common import flags as fl
from simslab.slab_common.kmalloc import KMALLOC_NORMAL, KmallocCache, KmallocSizes

KMALLOC_SHIFT_LOW: Final = 5
KMALLOC_SHIFT_HIGH: Final = 22
SIZEOF_KMEM_CACHE_NODE: Final = 120

SIZES: Final = KmallocSizes(KMALLOC_SHIFT_LOW, KMALLOC_SHIFT_HIGH, fl.SLAB_HWCACHE_ALIGN)


def creation_order(node_bytes: int = SIZEOF_KMEM_CACHE_NODE) -> Iterator[KmallocCache]:
    """Yield every kmalloc cache in the order of boot; the first serves struct kmem_cache_node, of `node_bytes`.

    Origin: mm/slab.c: kmem_cache_init, then mm/slab_common.c: create_kmalloc_caches with what is still missing.
    """
    first = SIZES.kmalloc_cache(KMALLOC_NORMAL, SIZES.kmalloc_index(node_bytes))
    yield first
    yield from (cache for cache in SIZES.creation_order() if cache != first)


def kmalloc_geometries(rules: Rules) -> dict[str, Geometry]:
    """Size every kmalloc cache in order of boot, each knowing only those before it; in order of creation."""
    made: dict[str, Geometry] = {}
    known = replace(rules, kmalloc_slab=lambda size: freelist_cache(made, size))
    for cache in creation_order():
        made[cache.name] = cache_geometry(cache.size, cache.align, cache.flags, False, known)
    return made


def freelist_cache(made: Mapping[str, Geometry], size: int) -> FreelistCache | None:
    """Return the KMALLOC_NORMAL cache of `made` that holds a freelist of `size` bytes, None if it is not made yet."""
    name = SIZES.kmalloc_name(KMALLOC_NORMAL, SIZES.kmalloc_index(size))
    geometry = made.get(name)
    if geometry is None:
        return None
    return FreelistCache(name, geometry.size, bool(geometry.flags & cflgs.CFLGS_OFF_SLAB))


def running_rules(rules: Rules) -> Rules:
    """Return `rules` as after boot: with every kmalloc cache there to hold freelists."""
    made = kmalloc_geometries(rules)
    return replace(rules, kmalloc_slab=lambda size: freelist_cache(made, size))
