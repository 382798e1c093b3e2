"""Cache geometry against the golden tables of kmem_cache_create requests."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from simslab.conform import tables
from simslab.conform.records import LARGEST_ALIGN, LARGEST_FLAGS, LARGEST_SIZE, Row
from simslab.conform.verdict import Verdict
from simslab.kernel.errno import EINVAL
from simslab.slab_common.alignment import calculate_alignment, reciprocal_value
from simslab.slub import flags as fl
from simslab.slub.creation.geometry import REMOTE_NODE_DEFRAG_RATIO, Geometry, Rules, kmem_cache_open
from simslab.slub.creation.options import SlubOptions

CPUS: Final = {"1n1c": 1, "1n4c": 4, "slub_": 4}  # by what stands in the name of a table; others have 8
PARAMETER: Final = re.compile(r"(slub_(?:min_order|max_order|min_objects))(\d+)")


def options_of(name: str, slab_nomerge: bool) -> SlubOptions:
    """Return the boot options that a golden file's name states."""
    options = SlubOptions(slab_nomerge=slab_nomerge, slub_debug="FZPU" if "debug" in name else None)
    found = PARAMETER.search(name)
    if not found:
        return options
    parameters: dict[str, Any] = {found[1]: int(found[2])}
    return replace(options, **parameters)


def rules_of(options: SlubOptions, nr_cpu_ids: int) -> Rules:
    """Return the sizing rules of a kernel with `nr_cpu_ids` CPUs."""
    return Rules(
        nr_cpu_ids,
        options.slub_min_order,
        options.slub_max_order,
        options.slub_min_objects,
        options.debug_enabled(),
    )


def check_geometry(path: Path) -> Verdict:
    """Compare every row of a `cache_geometry*.csv` table."""
    options = options_of(path.name, slab_nomerge=True)
    nr_cpu_ids = next((cpus for text, cpus in CPUS.items() if text in path.name), 8)
    rules = rules_of(options, nr_cpu_ids)
    return tables.check_rows(path, "geometry", tables.named_geometry, lambda row: predicted_row(row, options, rules))


def predicted_row(row: Row, options: SlubOptions, rules: Rules) -> dict[str, object]:
    """Return the columns that simslab predicts for the request of a row."""
    flags = row.integer("req_flags", 0, LARGEST_FLAGS, 16)
    if flags & ~fl.SLAB_FLAGS_PERMITTED:
        return {"err": -EINVAL}
    flags = options.kmem_cache_flags(flags & fl.CACHE_CREATE_MASK, "og")
    size = row.integer("req_size", 0, LARGEST_SIZE)
    align = calculate_alignment(flags, row.integer("req_align", 0, LARGEST_ALIGN), size)
    geometry = kmem_cache_open(size, align, flags, row["ctor"] == "1", rules)
    return {"err": geometry.err} if geometry.err else {"err": 0, **geometry_columns(geometry), **UNSHARED}


UNSHARED: Final = {"useroffset": 0, "usersize": 0, "refcount": 1}


def geometry_columns(geometry: Geometry) -> dict[str, object]:
    """Return the columns of a table or list of caches that sizing decides."""
    m, sh1, sh2 = reciprocal_value(geometry.size)
    return {
        "size": geometry.size,
        "object_size": geometry.object_size,
        "offset": geometry.offset,
        "inuse": geometry.inuse,
        "red_left_pad": geometry.red_left_pad,
        "align": geometry.align,
        "oo_order": geometry.oo.order,
        "oo_objects": geometry.oo.objects,
        "min_order": geometry.min.order,
        "min_objects": geometry.min.objects,
        "max_order": geometry.oo.order,
        "max_objects": geometry.oo.objects,
        "min_partial": geometry.min_partial,
        "cpu_partial": geometry.cpu_partial,
        "flags": hex(geometry.flags),
        "flags_decoded": fl.flag_names(geometry.flags),
        "allocflags": hex(geometry.allocflags),
        "reciprocal_m": m,
        "reciprocal_sh1": sh1,
        "reciprocal_sh2": sh2,
        "remote_node_defrag_ratio": REMOTE_NODE_DEFRAG_RATIO,
        "slack_bytes": geometry.slack_bytes,
    }
