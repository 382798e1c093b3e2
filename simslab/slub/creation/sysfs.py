"""The attributes in /sys/kernel/slab/<cache> that change how a cache works (mm/slub.c)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from simslab.base.errors import BadValue, near_miss
from simslab.kernel.errno import EINVAL, ERANGE
from simslab.machine.core.cpu import Cpu
from simslab.slub.creation.geometry import set_min_partial
from simslab.slub.housekeeping.shrink import flush_all, kmem_cache_shrink
from simslab.slub.housekeeping.validate import validate_slab_cache
from simslab.slub.kmem_cache import KmemCache
from simslab.slub.stat_item import STAT_ITEMS

if TYPE_CHECKING:
    from simslab.slub.core import SlubCore

ULONG_BITS: Final = 64
UINT_BITS: Final = 32
NUMBER: Final = re.compile(r"\+?([0-9]+)\n?")


def kstrtou(text: str, bits: int) -> int:
    """Return a decimal number of up to `bits` bits, or a negative errno (lib/kstrtox.c: kstrtoul, kstrtouint)."""
    found = NUMBER.fullmatch(text)
    if not found:
        return -EINVAL
    value = int(found[1])
    return value if value >> bits == 0 else -ERANGE


def min_partial_store(allocator: SlubCore, cpu: Cpu, cache: KmemCache, text: str) -> int:
    """Set how many slabs a node keeps, within 5 to 10 (mm/slub.c: min_partial_store)."""
    value = kstrtou(text, ULONG_BITS)
    if value < 0:
        return value
    cache.min_partial = set_min_partial(value)
    return len(text)


def cpu_partial_store(allocator: SlubCore, cpu: Cpu, cache: KmemCache, text: str) -> int:
    """Set how many objects a CPU's list may hold, and flush every CPU (mm/slub.c: cpu_partial_store)."""
    value = kstrtou(text, UINT_BITS)
    if value < 0:
        return value
    if value and cache.debug:
        return -EINVAL
    cache.cpu_partial = value
    flush_all(allocator, cpu, cache)
    return len(text)


def remote_node_defrag_ratio_store(allocator: SlubCore, cpu: Cpu, cache: KmemCache, text: str) -> int:
    """Set in percent how often other nodes are searched (mm/slub.c: remote_node_defrag_ratio_store)."""
    value = kstrtou(text, UINT_BITS)
    if value < 0:
        return value
    if value > 100:
        return -ERANGE
    cache.remote_node_defrag_ratio = value * 10
    return len(text)


def shrink_store(allocator: SlubCore, cpu: Cpu, cache: KmemCache, text: str) -> int:
    """Shrink the cache when told 1 (mm/slub.c: shrink_store)."""
    if not text.startswith("1"):
        return -EINVAL
    with allocator.kernel.hotplug.held_off(cpu):
        kmem_cache_shrink(allocator, cpu, cache)
    return len(text)


def validate_store(allocator: SlubCore, cpu: Cpu, cache: KmemCache, text: str) -> int:
    """Check all slabs of the cache when told 1 (mm/slub.c: validate_store)."""
    if not text.startswith("1"):
        return -EINVAL
    validate_slab_cache(allocator, cpu, cache)
    return len(text)


def stat_store(item: int) -> Store:
    """Return the store function of a statistic, which sets it to 0 when told 0 (mm/slub.c: STAT_ATTR, clear_stat)."""

    def store(allocator: SlubCore, cpu: Cpu, cache: KmemCache, text: str) -> int:
        if not text.startswith("0"):
            return -EINVAL
        for cpu_id in allocator.online_cpus:
            cache.cpu_slab[cpu_id].stat_owner[item] = 0
        return len(text)

    return store


Store = Callable[["SlubCore", Cpu, KmemCache, str], int]

STORES: Final[dict[str, Store]] = {
    "min_partial": min_partial_store,
    "cpu_partial": cpu_partial_store,
    "remote_node_defrag_ratio": remote_node_defrag_ratio_store,
    "shrink": shrink_store,
    "validate": validate_store,
}
STATISTICS: Final[dict[str, Store]] = {name.lower(): stat_store(item) for item, name in enumerate(STAT_ITEMS)}
OF_SLUB_DEBUG: Final = ("sanity_checks", "red_zone", "poison", "store_user", "trace", "failslab")  # set at boot alone
READ_ONLY: Final = ("order", "objs_per_slab", "object_size", "slab_size", "align", "ctor", "alloc_calls", "free_calls")
OF_SLAB: Final = ("limit", "batchcount", "shared")


def slab_attr_store(allocator: SlubCore, cpu: Cpu, cache: KmemCache, name: str, text: str) -> int:
    """Write `text` to attribute `name`; characters accepted or a negative errno (mm/slub.c: slab_attr_store).

    Raises BadValue for an attribute that does not exist or cannot be written.
    """
    store = STORES.get(name) or STATISTICS.get(name)
    if store is None:
        expected = "one of " + ", ".join(STORES) + " or a statistic"
        if name in OF_SLUB_DEBUG:
            raise BadValue(f"attribute {name!r} is set by slub_debug when the kernel boots", expected=expected)
        if name in READ_ONLY:
            raise BadValue(f"attribute {name!r} of a SLUB cache cannot be written", expected=expected)
        if name in OF_SLAB:
            raise BadValue(f"{name!r} is a tunable of SLAB; a SLUB cache has no CPU arrays", expected=expected)
        raise BadValue(f"no attribute {name!r}", expected=expected, near=near_miss(name, (*STORES, *STATISTICS)))
    return store(allocator, cpu, cache, text)
