"""`numastat` without options: the page counters of each node (numactl's numastat.c)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simslab.result.measurement import NodeRow

COLUMN: Final = 16
COUNTERS: Final = ("numa_hit", "numa_miss", "numa_foreign", "interleave_hit", "local_node", "other_node")


def numastat_text(nodes: Sequence[NodeRow]) -> str:
    """Return the table: a line for each counter, a column for each node."""
    lines = [" " * COLUMN + "".join(f"{f'node{row.node}':>{COLUMN}}" for row in nodes)]
    for name in COUNTERS:
        figures = "".join(f"{row.numastat.get(name, 0):>{COLUMN}d}" for row in nodes)
        lines.append(f"{name:<{COLUMN}}{figures}")
    return "\n".join(lines) + "\n"
