"""Which cache can serve the objects of another (mm/slab_common.c: slab_unmergeable, find_mergeable)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from simslab.allocator.cache import Cache
from simslab.slab_common import flags as fl
from simslab.slab_common.alignment import BYTES_PER_WORD, align_up, calculate_alignment

AnyCache = TypeVar("AnyCache", bound=Cache)


@dataclass(frozen=True)
class MergeRules:
    """How an allocator shares. `by_alignment`: the cache's own alignment must be a multiple of what is asked (SLAB)."""

    cache_line_size: int
    by_alignment: bool


def slab_unmergeable(cache: Cache) -> bool:
    """Whether no other cache may share `cache` (mm/slab_common.c: slab_unmergeable)."""
    return bool(cache.flags & fl.SLAB_NEVER_MERGE or cache.ctor or cache.usersize or cache.refcount < 0)


def find_mergeable(caches: Iterable[AnyCache], size: int, align: int, flags: int, rules: MergeRules) -> AnyCache | None:
    """Return the oldest of `caches` (given in order of creation) that can serve a request without a constructor.

    Origin: mm/slab_common.c: find_mergeable; the caller has checked slab_nomerge and the constructor, and added
    to `flags` what kmem_cache_flags would.
    """
    size = align_up(size, BYTES_PER_WORD)
    align = calculate_alignment(flags, align, size, rules.cache_line_size)
    size = align_up(size, align)
    if flags & fl.SLAB_NEVER_MERGE:
        return None
    for cache in caches:
        if not slab_unmergeable(cache) and fits_into(cache, size, align, flags, rules):
            return cache
    return None


def fits_into(cache: Cache, size: int, align: int, flags: int, rules: MergeRules) -> bool:
    """Whether objects of `size` bytes, already aligned, can live in `cache` without waste of a word or more."""
    return (
        size <= cache.size
        and (flags & fl.SLAB_MERGE_SAME) == (cache.flags & fl.SLAB_MERGE_SAME)
        and cache.size & (align - 1) == 0
        and cache.size - size < BYTES_PER_WORD
        and (not rules.by_alignment or (align <= cache.align and cache.align % align == 0))
    )
