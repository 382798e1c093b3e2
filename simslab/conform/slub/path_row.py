"""One recorded run of a path of SLUB, and what it tells of the nodes that its slabs must have been of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

CALLS: Final = re.compile(
    r"alloc_node_(?!partial_\d+(?:_nopage)?$)|alloc_|free_|bulk_alloc_|bulk_free_|kmalloc_|kfree_"
)
DRAIN: Final = re.compile(r"full_drain_(\d+)_slabs_(\d+)_freed")
STATE: Final = (
    "has_page",
    "page_node",
    "cpu_freelist",
    "page_freelist",
    "cpu_partial_slabs",
    "cpu_pobjects",
    "node_partial",
    "node_slabs",
    "remote_partial",
    "remote_slabs",
)


@dataclass
class PathRow:
    """One recorded run of a path: `functions` are instructions by function, `order` the functions called."""

    cache: str
    path: str
    before: dict[str, int]
    after: dict[str, int]
    obj_inuse: int = -1
    locks: int = 0  # list_locks taken
    searched: bool = False  # whether other nodes were searched
    kmalloc_size: int = 0
    drained_first: int = -1  # distance of the node whose slabs are drained first
    functions: dict[str, int] = field(default_factory=dict)

    @property
    def call(self) -> str:
        """The function called, as it begins a path's name."""
        match = CALLS.match(self.path)
        return match[0] if match else ""

    @property
    def kind(self) -> str:
        """The path without call and suffixes."""
        return self.path[len(self.call) :].removesuffix("_nopage").removeprefix("mismatch_")

    @property
    def popped(self) -> int:
        """How many slabs of the CPU's list the path uses."""
        if not self.call.startswith("alloc"):
            return 0
        before, after = self.before["cpu_partial_slabs"], self.after["cpu_partial_slabs"]
        return before if "node_partial" in self.kind or "new_slab" in self.kind else before - after

    @property
    def ends_there(self) -> bool:
        """Whether the path ends with a slab of the CPU's list."""
        return "cpu_partial" in self.kind

    @property
    def wanted(self) -> int:
        """The node asked for, or where the object came from."""
        return self.after["page_node"]

    @property
    def where(self) -> int:
        """1 when a freed object is of the other node."""
        return int(self.path.endswith("_remote"))


def plan(row: PathRow) -> tuple[int, list[int]]:
    """Return the node of the acting CPU, which no record names, and the distances of its partial slabs' nodes.

    What the path did decides; where it leaves a choice, the first that both nodes have enough slabs for.
    """
    told = node_of_cpu(row)
    for node in (0, 1) if told < 0 else (told,):
        for distances in partial_distances(row, node):
            if fits(row, node, distances):
                return node, distances
    return max(told, 0), [0] * row.before["cpu_partial_slabs"]


def partial_distances(row: PathRow, node: int) -> list[list[int]]:
    """Return what the nodes of the CPU's partial slabs may be: 0 for the CPU's own, 1 for the other."""
    count = row.before["cpu_partial_slabs"]
    drained = DRAIN.match(row.kind)
    if drained:
        return [drained_distances(row, int(drained[2]))]
    first: list[list[int]] = [[]]
    if row.popped and row.call == "alloc_node_":
        matching = row.wanted ^ node
        used = [1 - matching] * row.popped
        if row.ends_there:
            used[-1] = matching
        first = [used]
    elif row.popped:
        first = [[row.wanted ^ node] * row.popped]
    rest = count - row.popped
    return [used + [0] * (rest - far) + [1] * far for used in first for far in range(rest + 1)]


def drained_distances(row: PathRow, freed: int) -> list[int]:
    """Return the distances of slabs that are drained, by what the nodes' lists gained; those given back are last."""
    before, after = row.before, row.after
    remote_freed = before["remote_slabs"] - after["remote_slabs"]
    local = after["node_partial"] - before["node_partial"]
    remote = before["cpu_partial_slabs"] - freed - local
    first = row.drained_first if row.drained_first >= 0 else int(local < remote)
    listed = alternate(local, remote, row.locks, first)
    return listed + [0] * (freed - remote_freed) + [1] * remote_freed


def alternate(local: int, remote: int, locks: int, first: int) -> list[int]:
    """Return `local` zeros and `remote` ones in `locks` runs, as near as that is possible; the first run is `first`."""
    runs = [[0, local], [1, remote]]
    if first:
        runs.reverse()
    found: list[int] = []
    for i in range(max(locks, 1)):
        which = runs[i % 2]
        take = which[1] if i >= locks - 2 else min(1, which[1])
        found += [which[0]] * take
        which[1] -= take
    return found + [which[0] for which in runs for _ in range(which[1])]


def fits(row: PathRow, node: int, distances: list[int]) -> bool:
    """Whether both nodes have as many slabs as the state needs."""
    before = row.before
    needed = [before["node_partial"] + distances.count(0), before["remote_partial"] + distances.count(1)]
    if before["has_page"]:
        needed[before["page_node"] ^ node] += 1
    if row.kind.startswith("frozen_cpu_partial_own") and row.where not in distances:
        return False
    if row.kind.startswith(("frozen_other", "frozen_cpu_partial_other", "full")):
        needed[row.where] += 1
    return needed[0] <= before["node_slabs"] and needed[1] <= before["remote_slabs"]


def node_of_cpu(row: PathRow) -> int:
    """Return the node of the acting CPU as far as the path tells it, else -1."""
    before, after, kind = row.before, row.after, row.kind
    if kind.startswith("fast") and row.call in ("free_", "kfree_"):
        return before["page_node"] ^ row.where
    if not row.call.startswith("alloc"):
        return -1
    if kind.startswith("other_node"):
        return 1 - row.wanted
    took = "node_partial" in kind or "new_slab" in kind
    if row.call == "alloc_":
        return row.wanted if took else -1
    if "new_slab" in kind:
        return row.wanted if after["node_slabs"] > before["node_slabs"] else 1 - row.wanted
    if "node_partial" in kind:
        taken = before["node_partial"] - after["node_partial"], before["remote_partial"] - after["remote_partial"]
        return row.wanted if taken[0] > taken[1] else 1 - row.wanted
    if after["node_partial"] > before["node_partial"]:  # what was given up went to the node not asked for
        return 1 - row.wanted
    return row.wanted if after["remote_partial"] > before["remote_partial"] else -1
