"""Who allocated and who freed a cache's objects: alloc_calls and free_calls in /sys/kernel/slab (mm/slub.c).

Nothing is charged. Not modelled: flush_all, which finds nothing, since no CPU keeps a slab of a cache with
SLAB_STORE_USER; a table of locations for which there is no memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from simslab.machine.description.cpulist import format_cpulist
from simslab.slub import flags as fl
from simslab.slub.debug.contents import Track
from simslab.slub.kmem_cache import KmemCache
from simslab.slub.layout import FULL, PAGE_SHIFT, PAGE_SIZE, PARTIAL

if TYPE_CHECKING:
    from simslab.slub.core import SlubCore

KSYM_SYMBOL_LEN: Final = 239  # include/linux/kallsyms.h
LAST_LINE: Final = PAGE_SIZE - KSYM_SYMBOL_LEN - 100  # characters behind which no further location is shown
LAST_LIST: Final = PAGE_SIZE - 60  # characters behind which no list of CPUs or nodes is begun
LIST_END: Final = PAGE_SIZE - 51  # where such a list is cut off

Uses = list[tuple[Track, int]]  # tracks of objects, and the nodes on which these lie


def list_locations(core: SlubCore, cache: KmemCache, which: int) -> str:
    """One line a return address, in their order: objects in use, address, ages in jiffies, pids, CPUs, nodes.

    `which` is TRACK_ALLOC or TRACK_FREE, the latter of what freed an object before it was allocated again. One page at
    most. Nothing for a cache without SLAB_STORE_USER, of which the kernel says -ENOSYS (mm/slub.c: list_locations).
    """
    if not cache.flags & fl.SLAB_STORE_USER:
        return ""
    found: dict[int, Uses] = defaultdict(list)
    for pfn in tracked_slabs(core, cache):
        nid = core.pages.mem_map.nid(pfn)
        for track in process_slab(core, cache, pfn, which):
            found[track.addr].append((track, nid))
    text = ""
    for addr in sorted(found):
        if len(text) > LAST_LINE:
            break
        text = add_location(core, text, addr, found[addr])
    return text or "No data\n"


def tracked_slabs(core: SlubCore, cache: KmemCache) -> Iterator[int]:
    """The slabs on the lists of a cache's nodes: of a cache with SLAB_STORE_USER all of them."""
    for n in cache.nodes():
        yield from core.lists.list_pfns(n, PARTIAL)
        yield from core.lists.list_pfns(n, FULL)


def process_slab(core: SlubCore, cache: KmemCache, pfn: int, which: int) -> Iterator[Track]:
    """The tracks of a slab's objects that are in use (mm/slub.c: process_slab)."""
    free = set(core.pages.freelists.objects(cache, core.pages.mem_map.get("freelist", pfn)))
    start = (pfn << PAGE_SHIFT) + cache.left
    for objp in range(start, start + core.pages.objects(pfn) * cache.size, cache.size):
        if objp not in free:
            yield core.pages.debug.contents.get_track(cache, objp, which)


def add_location(core: SlubCore, text: str, addr: int, uses: Uses) -> str:
    """`text` and the line of one return address; address 0 is that of objects which nobody freed so far."""
    now = max(core.kernel.jiffies(cpu) for cpu in core.kernel.machine.cpus)
    symbol = core.pages.debug.reports.text.symbol(addr) if addr else "<not-available>"
    text += f"{len(uses):7d} {symbol} age={ages([now - track.when for track, _ in uses])}"
    pids = {track.pid for track, _ in uses}
    text += f" pid={min(pids)}-{max(pids)}" if len(pids) > 1 else f" pid={min(pids)}"
    if len(core.online_cpus) > 1:
        text = add_list(text, f" cpus={format_cpulist({track.cpu for track, _ in uses})}")
    if len(core.kernel.online_nodes) > 1:
        text = add_list(text, f" nodes={format_cpulist({nid for _, nid in uses})}")
    return text + "\n"


def ages(since: list[int]) -> str:
    """Least, mean and greatest age, or the one that there is, in the kernel's sense: their sum is the least one."""
    total, least = sum(since), min(since)
    return f"{least}" if total == least else f"{least}/{total // len(since)}/{max(since)}"


def add_list(text: str, more: str) -> str:
    """`text` and a list, cut off where the page ends (mm/slub.c: list_locations; scnprintf)."""
    return text + more[: LIST_END - len(text)] if len(text) < LAST_LIST else text
