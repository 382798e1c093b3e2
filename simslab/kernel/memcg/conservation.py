"""What must hold of charges at any moment between operations; looks at everything, charges nothing."""

from __future__ import annotations

from collections.abc import Iterable

from simslab.kernel.layout import PAGE_SIZE
from simslab.kernel.memcg.charge import MemcgCharging
from simslab.kernel.memcg.structures import MemCgroup


def conservation_faults(
    charging: MemcgCharging, cgroups: Iterable[MemCgroup], owed: dict[MemCgroup, tuple[int, int]]
) -> list[str]:
    """Return what is wrong, one sentence each; `owed` are the number and bytes of each cgroup's live charged objects.

    The pages of a cgroup are its objects' bytes, what CPUs keep as pages and as bytes, its `nr_charged_bytes` and what
    bulk allocations lost; its statistics are its objects' bytes; its references are its objects, the stocks that have
    something of it and its own; the root's pages are everybody's.
    """
    children = list(cgroups)
    faults = [fault for memcg in children for fault in _faults_of(charging, memcg, owed.get(memcg, (0, 0)))]
    for root in {memcg.parent for memcg in children if memcg.parent is not None}:
        pages = sum(memcg.memory.usage for memcg in children if memcg.parent is root)
        if root.memory.usage != pages:
            faults.append(f"the root has {root.memory.usage} pages, its cgroups {pages}")
    return faults


def _faults_of(charging: MemcgCharging, memcg: MemCgroup, charged: tuple[int, int]) -> list[str]:
    faults = []
    objects, owed = charged
    objcg = memcg.objcg
    pages = sum(stock.nr_pages for stock in charging.stocks if stock.cached is memcg)
    loose = sum(stock.nr_bytes for stock in charging.stocks if stock.cached_objcg is objcg)
    rest = 0 if objcg is None else objcg.nr_charged_bytes
    accounted = owed + pages * PAGE_SIZE + loose + rest + memcg.bytes_lost
    if memcg.memory.usage * PAGE_SIZE != accounted:
        faults.append(f"{memcg.name}: {memcg.memory.usage} pages are charged, {accounted} bytes accounted for")
    by_node = sum(node.sum() for node in memcg.nodeinfo)
    if not owed == memcg.vmstats.sum() == by_node:
        faults.append(f"{memcg.name}: {owed} bytes of objects, {memcg.vmstats.sum()} and {by_node} in its statistics")
    known = 1 + objects + sum(stock.cached_objcg is objcg for stock in charging.stocks)
    if objcg is not None and objcg.refcnt.count != known:
        faults.append(f"{memcg.name}: {objcg.refcnt.count} references to its obj_cgroup, {known} known")
    holders = 1 + sum(stock.cached is memcg for stock in charging.stocks)
    if memcg.css.count != holders:
        faults.append(f"{memcg.name}: {memcg.css.count} references to it, {holders} known")
    return faults
