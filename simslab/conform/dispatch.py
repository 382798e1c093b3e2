"""Which check belongs to which golden file: its kind is told by its name, its allocator by its first lines."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from simslab.base.errors import UserError
from simslab.conform.slab.caches import check_cachenodes, check_caches, check_slabinfo
from simslab.conform.slab.geometry import check_geometry
from simslab.conform.slab.layouts import check_layout, check_topology
from simslab.conform.slab.merging import check_kmalloc, check_list_after_merge, check_merge
from simslab.conform.slab.path_check import check_accesses, check_counts
from simslab.conform.slab.reaplog import check_reaplog
from simslab.conform.slab.replay import check_trace
from simslab.conform.slub import checks as checks_of_slub
from simslab.conform.verdict import Verdict
from simslab.kernel.bug import KernelBugError

# Name patterns in order; the first that fits decides.
CHECKS: Final[tuple[tuple[str, Callable[[Path], Verdict] | None], ...]] = (
    ("cache_geometry*.csv*", check_geometry),
    ("merge*.csv*", check_merge),
    ("kmalloc*.csv*", check_kmalloc),
    ("caches-after-merge-seq.csv*", check_list_after_merge),
    ("caches-*.csv*", check_caches),
    ("cachenodes-*.csv*", check_cachenodes),
    ("slabinfo-*.txt*", check_slabinfo),
    ("trace-*.jsonl*", check_trace),
    ("decay-*.jsonl*", check_trace),
    ("topology-*.json*", check_topology),
    ("reaplog-*.csv*", check_reaplog),
    ("struct_layout*.csv*", check_layout),
    ("instruction_counts*.csv*", check_counts),
    ("path_access*.jsonl*", check_accesses),
    ("README*", None),
)


# What reading a file of another shape leads to; numbers out of range are refused where they are read (records.py).
UNREADABLE: Final = (ValueError, LookupError, TypeError, AttributeError, OSError, EOFError, csv.Error, zlib.error)


def conform(path: Path) -> Verdict:
    """Check one golden file; UserError when it cannot be read or its kind is not known."""
    if not path.is_file():
        raise UserError("no such file", file=str(path), expected="a golden file")
    checks = checks_of_slub.CHECKS if checks_of_slub.is_of_slub(path) else CHECKS
    for pattern, check in checks:
        if path.match(pattern):
            if check is None:
                return Verdict(path.name, "reference", skipped="not a record of allocator behaviour to replay")
            return run(check, path)
    raise UserError("not a known kind of golden file", file=str(path), expected=", ".join(name for name, _ in checks))


def run(check: Callable[[Path], Verdict], path: Path) -> Verdict:
    """Run a check; a file that cannot be understood, or holds nothing, is the user's mistake.

    A broken contract of the kernel is a difference: the record was sound, and the allocator is not. Any other exception
    is a bug and passes.
    """
    try:
        verdict = check(path)
    except KernelBugError as bug:
        return Verdict(path.name, "check", difference=f"{type(bug).__name__}: {bug}")
    except UNREADABLE as error:
        raise UserError(f"cannot be read as a golden file: {error!r:.200}", file=str(path)) from error
    if not (verdict.checks or verdict.difference or verdict.skipped or verdict.notes):
        raise UserError("has no rows to compare", file=str(path), expected="a whole golden file")
    return verdict


def golden_files(paths: list[Path]) -> list[Path]:
    """Return the files among `paths`, those of folders in order of name, everything below included."""
    found: list[Path] = []
    for path in paths:
        found.extend(sorted(inner for inner in path.rglob("*") if inner.is_file()) if path.is_dir() else [path])
    return found
