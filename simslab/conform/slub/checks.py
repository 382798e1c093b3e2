"""Which check belongs to which golden file of SLUB, told by its name; and which files are of SLUB."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from simslab.conform.slub.caches import check_cachenodes, check_caches
from simslab.conform.slub.geometry import check_geometry
from simslab.conform.slub.layouts import check_layout, check_topology
from simslab.conform.slub.merging import check_kmalloc, check_list_after_merge, check_list_before_merge, check_merge
from simslab.conform.slub.path_check import check_accesses, check_counts
from simslab.conform.slub.replay import check_trace
from simslab.conform.verdict import Verdict

# Name patterns in order; the first that fits decides.
CHECKS: Final[tuple[tuple[str, Callable[[Path], Verdict] | None], ...]] = (
    ("cache_geometry*.csv*", check_geometry),
    ("merge*.csv*", check_merge),
    ("kmalloc*.csv*", check_kmalloc),
    ("caches-after-merge-seq.csv*", check_list_after_merge),
    ("caches-before-merge*.csv*", check_list_before_merge),
    ("caches-*.csv*", check_caches),
    ("cachenodes-*.csv*", check_cachenodes),
    ("trace-*.jsonl*", check_trace),
    ("topology-*.json*", check_topology),
    ("struct_layout*.csv*", check_layout),
    ("instruction_counts*.csv*", check_counts),
    ("path_access*.jsonl*", check_accesses),
    ("README*", None),
)
HEAD_BYTES: Final = 4096
# Columns and fields that only SLUB has, one for every kind of file.
OF_SLUB: Final = (
    "oo_order",  # geometry, lists of caches
    "inuse,offset,refcount",  # merge
    "large_order",  # kmalloc
    "nr_partial",  # cachenodes
    '"oo":',  # traces
    "slub_max_order",  # topology
    "cpu_slab",  # layout
    "cpu_freelist_before",  # instruction counts
    "kmem_cache_cpu",  # accesses
)


def is_of_slub(path: Path) -> bool:
    """Whether a golden file was recorded on a kernel with SLUB."""
    head = head_of(path)
    return any(word in head for word in OF_SLUB)


def head_of(path: Path) -> str:
    """Return the beginning of a file's text, an empty string where there is none to read."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            return stream.read(HEAD_BYTES).decode("ascii", errors="replace")
    except (OSError, EOFError, zlib.error):
        return ""
