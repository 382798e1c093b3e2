"""Cache geometry against the golden tables of kmem_cache_create requests."""

from __future__ import annotations

import re
from pathlib import Path

from simslab.conform import tables
from simslab.conform.records import LARGEST_ALIGN, LARGEST_FLAGS, LARGEST_SIZE, Row
from simslab.conform.verdict import Verdict
from simslab.kernel.errno import EINVAL
from simslab.slab import cflgs
from simslab.slab.creation.geometry import Geometry, Rules, cache_geometry, tunables
from simslab.slab.creation.kmalloc import running_rules
from simslab.slab_common import flags as fl
from simslab.slab_common.alignment import calculate_alignment, reciprocal_value

CPUS_OF_NODE = 4  # of both machines that made the tables


def rules_of(path: Path) -> Rules:
    """Return the boot options that a table's file name states."""
    match = re.search(r"slab_max_order(\d)", path.name)
    return Rules(slab_max_order=int(match[1]) if match else 1, debug_slab="debug" in path.name)


def check_geometry(path: Path) -> Verdict:
    """Compare every row of a `cache_geometry*.csv` table."""
    rules = running_rules(rules_of(path))
    one_node = "slab_max_order" in path.name
    return tables.check_rows(path, "geometry", tables.named_geometry, lambda row: predicted_row(row, rules, one_node))


def predicted_row(row: Row, rules: Rules, one_node: bool) -> dict[str, object]:
    """Return the columns that simslab predicts for the request of a row."""
    flags = row.integer("req_flags", 0, LARGEST_FLAGS, 16)
    if flags & ~fl.SLAB_FLAGS_PERMITTED:
        return {"err": -EINVAL}
    flags &= cflgs.cache_create_mask(rules.debug_slab)
    size, align = row.integer("req_size", 0, LARGEST_SIZE), row.integer("req_align", 0, LARGEST_ALIGN)
    align = calculate_alignment(flags, align, size)
    geometry = cache_geometry(size, align, flags, row["ctor"] == "1", rules)
    return {"err": geometry.err} if geometry.err else geometry_columns(geometry, rules, one_node)


def geometry_columns(geometry: Geometry, rules: Rules, one_node: bool) -> dict[str, object]:
    """Return the columns of a geometry table, in their order."""
    limit, batchcount, shared = tunables(geometry.size, 8, rules.debug_slab)
    return {
        "err": 0,
        "size": geometry.size,
        "object_size": geometry.object_size,
        "align": geometry.align,
        "num": geometry.num,
        "gfporder": geometry.gfporder,
        "colour": geometry.colour,
        "colour_off": geometry.colour_off,
        "freelist_size": geometry.freelist_size,
        "flags": hex(geometry.flags),
        "flags_decoded": cflgs.flag_names(geometry.flags),
        "mgmt": geometry.mgmt,
        "freelist_cache": geometry.freelist_cache,
        "limit": limit,
        "batchcount": batchcount,
        "shared": shared,
        "node_shared_limit": shared * batchcount or -1,
        "alien_limit": -1 if one_node else min(limit, 12) if limit == 1 else 12,
        "node0_free_limit": (1 + CPUS_OF_NODE) * batchcount + geometry.num,
        "allocflags": hex(geometry.allocflags),
        "reciprocal_m": reciprocal_value(geometry.size)[0],
        "obj_offset": geometry.obj_offset,
        "slack_bytes": geometry.slack_bytes,
    }
