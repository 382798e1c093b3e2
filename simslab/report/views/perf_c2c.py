"""`perf c2c report --stdio`: the table of shared lines (tools/perf/builtin-c2c.c of 5.10), sorted by loads that hit M.

Behind perf's columns stands what lies in the line. All accesses are in it; perf itself samples, and of loads those that
take 30 cycles or more (`--ldlat`). Not modelled: fill buffers that a load finds on their way (FB is 0); the table's
second part (lines by code address).
"""

from __future__ import annotations

from typing import Final

from simslab.machine.memory import states
from simslab.workload.run.lines.line_log import LineCounts, LineLog

RULE: Final = "=" * 49
GROUPS: Final = (
    "#        ----------- Cacheline ----------    Total      Tot  ----- LLC Load Hitm -----  ---- Store Reference ----"
    "  --- Load Dram ----      LLC    Total  ----- Core Load Hit -----  -- LLC Load Hit --"
)
HEADS: Final = ("Total", "L1Hit", "L1Miss")
COLUMNS: Final = (
    ("Address", 18), ("Node", 4), ("PA cnt", 6), ("records", 7), ("Hitm", 7), ("Total", 7), ("Lcl", 7), ("Rmt", 7),
    ("Total", 7), ("L1Hit", 7), ("L1Miss", 7), ("Lcl", 8), ("Rmt", 8), ("Ld Miss", 7), ("Loads", 7), ("FB", 7),
    ("L1", 7), ("L2", 7), ("Llc", 8), ("Rmt", 8),
)  # fmt: skip


def perf_c2c_text(log: LineLog) -> str:
    """Return the table of all lines that were loaded while another core had modified them."""
    shared = sorted(((line, counts) for line, counts in log.lines.items() if counts.hitm),
                    key=lambda item: (-item[1].hitm, item[0]))  # fmt: skip
    total = sum(counts.hitm for _, counts in shared)
    lines = [RULE, f"{'           Shared Data Cache Line Table':<49}", RULE, "#", GROUPS]
    lines.append("# Index" + "".join(f"  {name:>{width}}" for name, width in COLUMNS))
    lines.append("# ....." + "".join(f"  {'.' * width}" for _, width in COLUMNS))
    lines.append("#")
    lines += [f"{_row(index, line, counts, total)}  {log.name(line)}" for index, (line, counts) in enumerate(shared)]
    return "\n".join(lines) + "\n"


def _row(index: int, line: int, c: LineCounts, total: int) -> str:
    nodes = ",".join(map(str, sorted(c.nodes)))
    miss = c.remote_hit + c.remote_hitm + c.local_dram + c.remote_dram
    values = (
        f"{line << states.LINE_SHIFT:#x}", nodes, 1, c.loads + c.stores, f"{100 * c.hitm / total:.2f}%", c.hitm,
        c.local_hitm, c.remote_hitm, c.stores, c.l1_stores, c.stores - c.l1_stores, c.local_dram, c.remote_dram, miss,
        c.loads, 0, c.l1, c.l2, c.llc, c.remote_hit,
    )  # fmt: skip
    return f"{index:7d}" + "".join(f"  {value!s:>{width}}" for value, (_, width) in zip(values, COLUMNS, strict=True))
