"""Operations counted by more than a result keeps: latencies by CPU as well, causes by cache as well.

A run is made again with them, as it comes out the same. Memory grows with distinct latencies, not with operations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from simslab.machine.accounting.causes import CAUSE_NAMES, NR_CAUSES
from simslab.result.measurement import AttributionRow, LatencyRow

Kind = tuple[str, str, str]  # operation, path, cache
OPERATIONS: Final = 0  # columns before the causes
TOTAL: Final = 1


@dataclass
class Tallies:
    """Exact latency counts by CPU and kind; operations, cycles and causes by kind."""

    latencies: dict[tuple[int, Kind], Counter[int]] = field(default_factory=dict)
    causes: dict[Kind, Any] = field(default_factory=dict)  # arrays of 64-bit integers

    def add(self, cpu: int, kind: Kind, cycles: int, causes: Any) -> None:
        """Count an operation that took `cycles`; `causes` are its cycles by number of the cause."""
        self.latencies.setdefault((cpu, kind), Counter())[cycles] += 1
        row = self.causes.setdefault(kind, np.zeros(2 + NR_CAUSES, dtype=np.int64))
        row[OPERATIONS] += 1
        row[TOTAL] += cycles
        row[2:] += causes

    def clear(self) -> None:
        """Forget what was counted: warm-up is over."""
        self.latencies.clear()
        self.causes.clear()

    def by_node(self, node_of: Mapping[int, int]) -> dict[int, list[LatencyRow]]:
        """Return the latencies by the node of the CPU, whose number `node_of` tells."""
        counts: dict[int, dict[Kind, Counter[int]]] = {}
        for (cpu, kind), counted in self.latencies.items():
            counts.setdefault(node_of[cpu], {}).setdefault(kind, Counter()).update(counted)
        return {
            node: [LatencyRow(*kind, *zip(*sorted(found.items()), strict=True)) for kind, found in sorted(rows.items())]
            for node, rows in sorted(counts.items())
        }

    def by_cache(self) -> dict[str, list[AttributionRow]]:
        """Return the causes by cache, of each a row for an operation and path."""
        found: dict[str, list[AttributionRow]] = {}
        for (operation, path, cache), row in sorted(self.causes.items()):
            count, total, *cycles = row.tolist()
            causes = {name: each for name, each in zip(CAUSE_NAMES, cycles, strict=True) if each}
            found.setdefault(cache, []).append(AttributionRow(operation, path, count, total, causes))
        return found
