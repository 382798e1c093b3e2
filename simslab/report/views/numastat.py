"""`numastat` without options: the page counters of each node (numactl's numastat.c)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simslab.result.measurement import NUMASTAT, NodeRow

COLUMN: Final = 16


def numastat_text(nodes: Sequence[NodeRow]) -> str:
    """Return the table: a line for each counter, a column for each node."""
    lines = [" " * COLUMN + "".join(f"{f'node{row.node}':>{COLUMN}}" for row in nodes)]
    for name in NUMASTAT:
        figures = "".join(f"{row.numastat.get(name, 0):>{COLUMN}d}" for row in nodes)
        lines.append(f"{name:<{COLUMN}}{figures}")
    return "\n".join(lines) + "\n"
