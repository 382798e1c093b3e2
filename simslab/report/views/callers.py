"""Call sites by the cycles of the operations that they called for; of a workload its steps.

An interrupt handler's operations are counted by themselves, and are in the latency of the operation that they
interrupted as well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from simslab.report.tables import fixed, percent, plain_text, table, whole
from simslab.result.nanoseconds import mean_nanoseconds, nanoseconds
from simslab.workload.run.event_log import EventLog

SHOWN: Final = 50  # call sites; how many are left out the note says


@dataclass
class Caller:
    """What one call site called for."""

    operations: int = 0
    cycles: int = 0
    worst: int = 0
    caches: Counter[str] = field(default_factory=Counter)  # cycles by cache


def callers_text(log: EventLog) -> str:
    """Return a table of call sites, most cycles first, with the cache that took most of them."""
    found: dict[tuple[str, str], Caller] = {}
    for each in log.operations:
        caller = found.setdefault((each.site, each.operation), Caller())
        caller.operations += 1
        caller.cycles += each.cycles
        caller.worst = max(caller.worst, each.cycles)
        caller.caches[each.cache] += each.cycles
    total = sum(caller.cycles for caller in found.values())
    ordered = sorted(found.items(), key=lambda item: (-item[1].cycles, item[0]))
    rows = [
        [
            site, operation, max(caller.caches, key=lambda name: (caller.caches[name], name)),
            whole(caller.operations), whole(caller.cycles), percent(caller.cycles, total),
            fixed(mean_nanoseconds(caller.cycles, caller.operations, log.frequency_hz)),
            fixed(nanoseconds(caller.worst, log.frequency_hz)),
        ]
        for (site, operation), caller in ordered[:SHOWN]
    ]  # fmt: skip
    heads = ("call site", "operation", "most in cache", "operations", "cycles", "%", "mean ns", "worst ns")
    left = len(ordered) - SHOWN
    note = f"{left} more not shown." if left > 0 else ""
    return plain_text([table("Call sites by cycles", heads, rows, texts=3, keys=2, note=note)])
