"""Instructions charged and structure lines touched on each of SLUB's paths, against those of a real 5.10 kernel.

For every row of `instruction_counts*.csv` a cache is brought into the recorded state before the path, the path runs
once, and what it charged and the state it led to are compared; for `path_access*.jsonl` the structure lines it touched,
in order of first touch. Lines are named by structure and distance from its start, those of struct pages and slab pages
by structure alone; of slab pages only those of the object's slab are named, as the record has them. Left out on both
sides: stack, the kernel's globals and per-CPU variables, which are part of the instruction cost, and the page
allocator, which has tests of its own.

Needs plain Python: it watches a CPU by replacing its methods.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simslab.conform.records import Record, Row, lines_of, read_records, read_rows
from simslab.conform.slub.path_row import STATE, PathRow
from simslab.conform.slub.path_state import Bench
from simslab.conform.watching import (
    FOLDED,
    LINE,
    MOST_COUNTED,
    MOST_INSTRUCTIONS,
    TICK,
    Recorder,
    counted,
    same_instructions,
)
from simslab.slub import layout

PAGE_ALLOCATOR: Final = re.compile(
    r"__alloc_pages|get_page_from|prep_|__inc_numa|should_fail_alloc|free_unref_page|__free_pages|__free_one_page"
    r"|__mod_zone|__zone_water|steal_suitable|set_pfnblock|find_suitable"
)
LARGEST_OBJECT: Final = 1 << 22
ZONE_LOCK: Final = 11  # _raw_spin_lock_irqsave around a block taken from its zone
ZONE_LOCK_FREE: Final = 5
KMEM_CACHE_BYTES: Final = layout.KMEM_CACHE_NODE + 2 * 8  # with two nodes


@dataclass
class PathCost:
    """One path in one state: what the real kernel and simslab executed and touched."""

    cache: str
    path: str
    before: str
    after: str  # empty: other users had the cache too (kmalloc)
    got_after: str
    instructions: int
    got_instructions: int
    lines: list[str]
    got_lines: list[str]

    @property
    def same_instructions(self) -> bool:
        """Whether the instructions are within the tolerance, or within one of a path of a few."""
        return same_instructions(self.got_instructions, self.instructions)

    @property
    def same_lines(self) -> bool:
        """Whether the same lines were touched in the same order."""
        return self.lines == self.got_lines

    @property
    def state_is_told(self) -> bool:
        """Whether the recorded state is that of the path alone."""
        return bool(self.after)

    @property
    def same_state(self) -> bool:
        """Whether the path led to the recorded state, where that is told."""
        return not self.state_is_told or self.after == self.got_after


def row_of_counts(row: Row) -> PathRow:
    """Return a row of the table of counts."""
    functions = {}
    for part in filter(None, row["functions"].split(";")):
        name, _, count = part.rpartition(":")
        functions[name] = counted(row, count)
    before, after = (
        {name: row.integer(f"{name}_{when}", -1, MOST_COUNTED) for name in STATE} for when in ("before", "after")
    )
    return PathRow(
        row["cache"],
        row["path"],
        before,
        after,
        row.integer_or("obj_slab_inuse_before", -1, 0, MOST_COUNTED),
        functions.get("_raw_spin_lock", 0) // 5,
        "mempolicy_slab_node" in functions,
        row.integer("obj_size", 1, LARGEST_OBJECT) if row["cache"].startswith("kmalloc") else 0,
        -1,
        functions,
    )


def row_of_accesses(record: Record) -> PathRow:
    """Return a record of accesses as a row; what it does not tell of the object's slab follows from the path."""
    calls = record["func_order"]
    before, after = (
        dict(zip(STATE, record.integers(when, -1, MOST_COUNTED, len(STATE)), strict=False))
        for when in ("before", "after")
    )
    objects = record.integer("objects", 1, MOST_COUNTED)
    inuse = objects if "full" in record["path"] else 1 if "emptied" in record["path"] else objects - 1
    return PathRow(
        record["cache"],
        record["path"],
        before,
        after,
        inuse,
        calls.count("_raw_spin_lock"),
        "mempolicy_slab_node" in calls,
        record.integer("obj_size", 1, LARGEST_OBJECT) if record.text("cache").startswith("kmalloc") else 0,
        next((int(region == "node.remote") for _, _, region, _ in record.accesses() if region.startswith("node.")), -1),
        dict.fromkeys(calls, 0),
    )


def is_told(row: PathRow) -> bool:
    """Whether a row's state tells all that its path depends on.

    Left out: `shrink`, which is mostly calls between processors; operations on several objects that reach beyond the
    CPU's slab, as nothing tells how the other slabs looked; recordings with a timer interrupt in them.
    """
    if row.path.startswith("shrink") or TICK in row.functions:
        return False
    if row.path.startswith("bulk_alloc_"):
        return int(row.path.rpartition("_")[2]) <= row.before["cpu_freelist"]
    if row.path.startswith("bulk_free_"):
        gained = row.after["cpu_freelist"] - row.before["cpu_freelist"]
        return "__slab_free" not in row.functions and gained == int(row.path.rpartition("_")[2])
    return True


def kernel_instructions(row: PathRow, total: int) -> int:
    """Return the instructions of a row without those of the page allocator."""
    for name, count in row.functions.items():
        if PAGE_ALLOCATOR.match(name):
            total -= count
    if "prep_compound_page" in row.functions:
        total -= ZONE_LOCK
    if "__free_pages_ok" in row.functions:
        total -= ZONE_LOCK_FREE
    return total


def measure_counts(path: Path) -> Iterator[PathCost]:
    """Yield the comparison of every row of a table of counts that can be rebuilt."""
    for raw in read_rows(path):
        row = row_of_counts(raw)
        if is_told(row):
            yield measure(row, kernel_instructions(row, raw.integer("insns_min", 0, MOST_INSTRUCTIONS)), [])


def measure_accesses(path: Path) -> Iterator[PathCost]:
    """Yield the comparison of every record of accesses that can be rebuilt."""
    with lines_of(path) as lines:
        for record, _ in read_records(path, lines):
            row = row_of_accesses(record)
            if is_told(row):
                yield measure(row, 0, recorded_lines(record))


def measure(row: PathRow, instructions: int, lines: list[str]) -> PathCost:
    """Run the path of one row from its state and return both sides."""
    bench = Bench(row)
    recorder = Recorder(bench)
    got = recorder.cost(bench.run)
    after = "" if row.kmalloc_size else str(row.after)
    cost = PathCost(row.cache, row.path, str(row.before), after, str(bench.state()), instructions, got, lines, [])
    cost.got_lines = name_lines(bench, recorder.addresses)
    bench.leave()
    return cost


def name_lines(bench: Bench, addresses: Iterable[int]) -> list[str]:
    """Return the names of the lines touched, in order of first touch."""
    cache = bench.cache
    known = [(cache.addr, KMEM_CACHE_BYTES, "kmem_cache"), (bench.c.addr, layout.CPU_BYTES, "kmem_cache_cpu")]
    for side, nid in (("local", bench.node), ("remote", 1 - bench.node)):
        known.append((cache.get_node(nid).addr, layout.NODE_BYTES, f"node.{side}"))
    mem_map = bench.pages.mem_map
    pages = bench.slab_pages()
    objects = bench.object_pages()
    maps = {mem_map.page_addr(pfn) // LINE for pfn in pages}
    names: dict[str, None] = {}
    for addr in addresses:
        for start, size, name in known:
            if start <= addr < start + size:
                names[f"{name}+{(addr - start) // LINE}"] = None
        if addr // LINE in maps:
            names["page"] = None
        elif addr >> layout.PAGE_SHIFT in objects:
            names["slabpage"] = None
    return list(names)


def recorded_lines(record: Record) -> list[str]:
    """Return the names of the lines that the real kernel touched, in order of first touch."""
    names: dict[str, None] = {}
    bulk = record["path"].startswith("bulk")
    for function, _, region, offset in record.accesses():
        if bulk and region == "other":  # objects of bulk operations are not told apart
            names["slabpage"] = None
        elif region.startswith(FOLDED) or PAGE_ALLOCATOR.match(function):
            continue
        elif region.startswith("page."):
            names["page"] = None
        elif region in ("slabpage", "obj"):
            names["slabpage"] = None
        else:
            names[f"{region}+{offset // LINE}"] = None
    return list(names)
