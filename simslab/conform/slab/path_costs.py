"""Instructions charged and structure lines touched on each path, against those recorded on a real 5.10 kernel.

For every row of `instruction_counts.csv` a fresh cache is brought into the recorded state before the path (arrays,
free objects, slabs of both nodes), the path runs once, and what it charged is compared; with `path_access.jsonl.gz`
also the structure lines it touched, in order of first touch. Lines are named by structure and distance from its start,
those of struct pages and slab pages by structure alone. Left out on both sides: stack, the kernel's globals and
per-CPU variables, which are part of the instruction cost, and the page allocator, which has tests of its own.
Prefetches load nothing, so the record has none; they are held against the source of 5.10's mm/slab.c instead.

Needs plain Python: it watches a CPU by replacing its methods.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simslab.conform.records import MOST_ROWS, Record, Row, lines_of, read_records, read_rows
from simslab.conform.slab.path_state import Bench
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
from simslab.kernel import layout

if TYPE_CHECKING:
    from simslab.kernel.mm.page import MemMap

PAGE_ALLOCATOR: Final = re.compile(
    r"__alloc_pages|get_page_from|prep_|__inc_numa|should_fail_alloc|free_unref_page|__free_|__mod_zone|__zone_water"
)
KMEM_CACHE_BYTES: Final = layout.KMEM_CACHE_NODE + 2 * 8  # with two nodes
STATE: Final = (
    "ac",
    "shared",
    "alien",
    "node_free_objects",
    "node_free_slabs",
    "node_total_slabs",
    "remote_free_objects",
    "remote_free_slabs",
    "remote_total_slabs",
)
Recorded = dict[tuple[str, str, tuple[int, ...], tuple[int, ...]], list[str]]
# The functions that prefetch their object for writing (mm/slab.c: slab_alloc); slab_alloc_node and bulk calls do not.
PREFETCHING: Final = re.compile(r"z?alloc_(?!node)|kmalloc_hit")
# Creation, destruction and tuning are set-up: their cost is not modelled function by function.
SET_UP: Final = ("cache_", "tune_")


@dataclass
class PathCost:
    """One path in one state: what the real kernel and simslab executed and touched."""

    cache: str
    path: str
    before: tuple[int, ...]
    after: tuple[int, ...]
    got_after: tuple[int, ...]
    instructions: int
    got_instructions: int
    lines: list[str] | None  # None: not recorded for this state
    got_lines: list[str]
    got_prefetches: int  # of objects; a prefetch of NULL is none

    @property
    def deviation(self) -> float:
        """Instructions charged beyond those of the real kernel, as a share of them."""
        return self.got_instructions / self.instructions - 1

    @property
    def same_instructions(self) -> bool:
        """Whether the instructions are within the tolerance, or within one of a path of a few."""
        return same_instructions(self.got_instructions, self.instructions)

    @property
    def same_lines(self) -> bool:
        """Whether the same lines were touched in the same order.

        The record tells pages of slabs only for the object of the operation; where it names none, none is compared.
        """
        if self.lines is None:
            return True
        skipped = () if "slabpage" in self.lines else ("slabpage",)
        return self.lines == [name for name in self.got_lines if name not in skipped]

    @property
    def same_prefetches(self) -> bool:
        """Whether the path prefetched as often as its function in mm/slab.c."""
        return self.got_prefetches == (1 if PREFETCHING.match(self.path) else 0)

    @property
    def state_is_told(self) -> bool:
        """Whether the recorded state is that of the path alone; kmalloc caches had other users."""
        return not self.path.startswith("k")

    @property
    def same_state(self) -> bool:
        """Whether the path led to the recorded state, where that is told."""
        return not self.state_is_told or self.after == self.got_after

    def __str__(self) -> str:
        lines = "-" if self.lines is None else "same" if self.same_lines else "differ"
        return (
            f"{self.cache:<12} {self.path:<38} {self.instructions:>6} {self.got_instructions:>6} "
            f"{100 * self.deviation:>+6.1f} % {lines}"
        )


def structures(bench: Bench) -> list[tuple[int, int, str]]:
    """Return (address, bytes, name) of the structures of a bench's cache."""
    cache = bench.cache
    ac = cache.cpu_cache[bench.cpu.id]
    found = [(cache.addr, KMEM_CACHE_BYTES, "kmem_cache"), (ac.addr, 16 + 8 * ac.limit, "array_cache")]
    for nid, side in enumerate(("local", "remote")):
        n = cache.get_node(nid)
        found.append((n.addr, 120, f"node.{side}"))
        if n.shared is not None:
            found.append((n.shared.addr, 16 + 8 * n.shared.limit, f"shared.{side}"))
        for alien in n.alien or ():
            if alien is not None:
                found.append((alien.addr, 24 + 8 * alien.ac.limit, "alien_cache"))
        if n.alien is not None:
            found.append((n.alien_addr, 16, "alien_ptrs"))
    return found


def name_lines(bench: Bench, addresses: list[int]) -> list[str]:
    """Return the names of the lines touched, in order of first touch."""
    known = structures(bench)
    mem_map: MemMap = bench.allocator.pages.mem_map
    pages = {mem_map.page_addr(pfn): pfn for pfn in bench.slab_pages()}
    names: dict[str, None] = {}
    for addr in addresses:
        name = name_of(bench, addr, known, pages)
        if name:
            names[name] = None
    return list(names)


def name_of(bench: Bench, addr: int, known: list[tuple[int, int, str]], pages: dict[int, int]) -> str:
    """Return the name of the structure line at `addr`, an empty string when it is none of the cache's."""
    for start, size, name in known:
        if start <= addr < start + size:
            return f"{name}+{(addr - start) // LINE}"
    if any(page <= addr < page + 56 for page in pages):
        return "page"
    return "slabpage" if addr >> layout.PAGE_SHIFT in bench.slab_pages() else ""


def recorded_lines(record: Record) -> list[str]:
    """Return the names of the lines that the real kernel touched, in order of first touch."""
    names: dict[str, None] = {}
    for function, _, region, offset in record.accesses():
        if region.startswith(FOLDED) or PAGE_ALLOCATOR.match(function):
            continue
        if region.startswith("page."):
            names["page"] = None
        elif region in ("slabpage", "obj"):
            names["slabpage"] = None
        else:
            names[f"{region}+{offset // LINE}"] = None
    return list(names)


def kernel_instructions(row: Row) -> int:
    """Return the instructions of a row without those of the page allocator."""
    total = row.integer("insns_min", 0, MOST_INSTRUCTIONS)
    for part in filter(None, row["functions"].split(";")):
        name, _, count = part.rpartition(":")
        if PAGE_ALLOCATOR.match(name):
            total -= counted(row, count)
    return total


def measure(rows: Iterable[Row], accesses: Iterable[Record], every: int = 1) -> Iterator[PathCost]:
    """Yield the comparison of rows of the table of counts, or of every `every`th of the long sequences."""
    recorded: Recorded = {}
    for record in accesses:
        before, after = (tuple(record.integers(when, 0, MOST_COUNTED, len(STATE))) for when in ("before", "after"))
        recorded[record.text("cache"), record.text("path"), before, after] = recorded_lines(record)
    for number, row in enumerate(rows):
        if set_up(row["path"]) or TICK in row["functions"]:
            continue
        if "_seq" in row["path"] and number % every:
            continue
        yield measure_row(row, recorded)


def set_up(path: str) -> bool:
    """Whether a path is creation, destruction or tuning, whose cost is not modelled function by function."""
    return path.startswith(SET_UP)


def measure_row(row: Row, recorded: Recorded) -> PathCost:
    """Run the path of one row from its state and return both sides."""
    before = tuple(row.integer(f"{name}_before", 0, MOST_COUNTED) for name in STATE)
    bench = Bench(row, before)
    recorder = Recorder(bench)
    got = recorder.cost(bench.run)
    after = tuple(row.integer(f"{name}_after", 0, MOST_COUNTED) for name in STATE)
    return PathCost(
        row["cache"],
        row["path"],
        before,
        after,
        bench.state(),
        kernel_instructions(row),
        got,
        recorded.get((row["cache"], row["path"], before, after)),
        name_lines(bench, recorder.addresses),
        len(recorder.prefetched),
    )


HEADER: Final = f"{'cache':<12} {'path':<38} {'kernel':>6} {'here':>6} {'':>8} lines"


def read_counts(path: Path) -> list[Row]:
    """Return the rows of a table of instruction counts."""
    return list(read_rows(path))


def read_accesses(path: Path) -> list[Record]:
    """Return the records of a file of ordered accesses."""
    with lines_of(path) as lines:
        return [record for record, _ in islice(read_records(path, lines), MOST_ROWS)]


def main(folder: Path) -> int:
    """Print the comparison path by path for the two files in `folder`; the number of rows that differ."""
    print(HEADER)
    rows = differing = with_lines = 0
    counts = read_counts(folder / "instruction_counts.csv.gz")
    for cost in measure(counts, read_accesses(folder / "path_access.jsonl.gz")):
        rows += 1
        with_lines += cost.lines is not None
        print(cost)
        if not (cost.same_instructions and cost.same_lines and cost.same_state and cost.same_prefetches):
            differing += 1
            print(f"  DIFFERS from {cost.before}: expected {cost.after} {cost.lines}")
            print(f"  {'':>12} got {cost.got_after} {cost.got_lines}, {cost.got_prefetches} prefetches")
    print(f"{rows} paths, lines compared for {with_lines}: {differing or 'none'} differ")
    return differing


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1])), 1))
