"""Tables of golden data, row by row: what the checks of both allocators have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol

from simslab.allocator.cache import Cache
from simslab.conform.records import (
    LARGEST_ALIGN,
    LARGEST_FLAGS,
    LARGEST_SIZE,
    Record,
    Row,
    read_rows,
)
from simslab.conform.verdict import Verdict
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.machine.core.cpu import Cpu
from simslab.slab_common.creation import CacheRequest

Columns = Mapping[str, object]
ZONE: Final = re.compile(r"\d{1,4}:\w{1,16}")
TOTAL: Final = "(total)"
TOTALS: Final = {"page": "PAGE_STRIDE"}


class Creation(Protocol):
    """Creation of caches as a table of requests needs it."""

    def create_or_share(self, cpu: Cpu, request: CacheRequest) -> tuple[Any, int]:
        """Make or share a cache: (cache, 0) or (None, errno)."""

    def kmem_cache_destroy(self, cpu: Cpu, cache: Any) -> int:
        """Drop a reference."""


class System(Protocol):
    """A booted system."""

    kernel: Kernel

    @property
    def caches(self) -> Iterable[Cache]:
        """The caches in order of creation."""

    @property
    def creation(self) -> Creation:
        """What makes and destroys them."""


def check_rows(path: Path, kind: str, named: Callable[[Row], str], columns: Callable[[Row], Columns]) -> Verdict:
    """Compare what `columns` returns for each row with the row, up to the first difference."""
    verdict = Verdict(path.name, kind)
    for number, row in enumerate(read_rows(path), start=2):
        if not verdict.compare_row(f"line {number}: {named(row)}", row, columns(row)):
            break
    return verdict


def named_geometry(row: Row) -> str:
    """Return the request of a row of a table of geometries."""
    asked = f"size {row['req_size']}, align {row['req_align']}"
    return f"kmem_cache_create({asked}, flags {row['req_flags_decoded']}, ctor {row['ctor']})"


# -- lists of caches --------------------------------------------------------------------------------------------------


def compare_lists(
    verdict: Verdict, path: Path, caches: list[Any], columns: Callable[[int, Any], Mapping[str, object]]
) -> None:
    """Compare every column of all caches, in the order of the list, with a recorded list."""
    rows = list(read_rows(path))
    verdict.compare("list", "number of caches", len(rows), len(caches))
    for position, (row, cache) in enumerate(zip(rows, caches, strict=False)):
        if not verdict.compare_row(f"cache {row['name']}", row, columns(position, cache)):
            break


# -- merging ----------------------------------------------------------------------------------------------------------


def named_request(row: Row) -> str:
    """Return the request of a row of a table of merges."""
    return f"{row['name']}, size {row['req_size']}, flags {row['req_flags_decoded']}"


def create_and_describe(system: System, row: Row, own: tuple[str, ...] = ()) -> dict[str, object]:
    """Make one request as the row's mode says; what the table records of it, `own` being an allocator's columns."""
    known = len(list(system.caches))
    cpu = system.kernel.machine.cpus[0]
    request = CacheRequest(
        row["name"],
        row.integer("req_size", 1, LARGEST_SIZE),
        row.integer("req_align", 0, LARGEST_ALIGN),
        row.integer("req_flags", 0, LARGEST_FLAGS, 16),
        row.integer("ctor", 0, 1),
        usersize=row.integer("usersize", 0, LARGEST_SIZE),
    )
    cache, err = system.creation.create_or_share(cpu, request)
    if cache is None:
        return {"err": err}
    merged = len(list(system.caches)) == known
    columns: dict[str, object] = {"merged_with": cache.name if merged else "none", "err": 0}
    columns |= {name: getattr(cache, name) for name in ("size", "object_size", "align", *own, "refcount")}
    if row["mode"] == "single":
        system.creation.kmem_cache_destroy(cpu, cache)
        system.kernel.run_due_work(cpu)  # releases those that are type-safe by RCU
    return columns


def lasting_requests(path: Path) -> list[Row]:
    """Return the rows of the tables beside a `caches-after-merge-seq.csv`; none if they have no lasting requests."""
    rows = [row for table in sorted(path.parent.glob("merge*.csv*")) for row in read_rows(table)]
    return rows if any(row["mode"] == "seq" for row in rows) else []


def without_requests(path: Path) -> Verdict:
    """Return what is said of such a list where the requests are not to be had."""
    told = "the requests that led to it, mode seq of merge.csv, are not beside it"
    return Verdict(path.name, "merge", skipped=told)


# -- kmalloc ----------------------------------------------------------------------------------------------------------


def check_kmalloc(path: Path, columns: Callable[[int, int], Columns]) -> Verdict:
    """Compare a `kmalloc*.csv` table with what `columns` returns for each size and GFP flags."""
    return check_rows(path, "kmalloc", named_kmalloc, lambda row: columns(size_of(row), gfp_of(row)))


def named_kmalloc(row: Row) -> str:
    """Return the request of a row."""
    return f"kmalloc({size_of(row)}, {row['gfp']})"


def size_of(row: Row) -> int:
    """Return the bytes asked for."""
    return row.integer("size", 0, LARGEST_SIZE)


def gfp_of(row: Row) -> int:
    """Return the flags of a row; UserError for what are none."""
    try:
        return gfp.parse_gfp(row["gfp"])
    except ValueError:
        row.refuse("gfp", "GFP flags as ftrace prints them")


# -- layouts and topologies -------------------------------------------------------------------------------------------


def check_layout(path: Path, layout: ModuleType, prefixes: Mapping[str, str]) -> Verdict:
    """Compare a `struct_layout*.csv` table with the constants of a module, which shortens structures by `prefixes`."""
    verdict = Verdict(path.name, "layout")
    for row in read_rows(path):
        struct, member = row["struct"], row["member"]
        column = "size" if member == TOTAL else "offset"
        got = getattr(layout, constant_of(struct, member, prefixes), "absent")
        verdict.compare_row(f"struct {struct}: {member}", row, {column: got})
    return verdict


def constant_of(struct: str, member: str, prefixes: Mapping[str, str]) -> str:
    """Return the name of the constant for a structure's size or a member's offset."""
    prefix = prefixes.get(struct, struct.upper())
    if member == TOTAL:
        return TOTALS.get(struct, f"{prefix}_BYTES")
    return f"{prefix}_{member.split('[')[0].lstrip('_').upper()}"


def compare_topology(verdict: Verdict, recorded: Record, kernel: Kernel, system: Mapping[str, Any]) -> None:
    """Compare a `topology-*.json` with a booted kernel, and with the fields of `system` that its allocator adds.

    Left out: page counts and zones; the order of nodes in the zonelists is compared.
    """
    for name, value in {**system_fields(kernel), **system}.items():
        verdict.compare("system", name, recorded[name], value)
    for node in recorded.records("nodes"):
        verdict.rows += 1
        nid = node.integer("nid", 0, kernel.nr_node_ids - 1)
        for name, value in node_fields(kernel, nid).items():
            expected = in_order(node, name) if name == "zonelist_order" else node[name]
            verdict.compare(f"node {node['nid']}", name, expected, value)


def in_order(node: Record, name: str) -> list[int]:
    """Return the nodes of a field that is a list of `node:zone`, each once."""
    zones = node[name]
    if not isinstance(zones, list) or not all(isinstance(zone, str) and ZONE.fullmatch(zone) for zone in zones):
        node.refuse(name, "a list of texts such as '0:Normal'")
    return list(dict.fromkeys(int(zone.split(":")[0]) for zone in zones))


def system_fields(kernel: Kernel) -> dict[str, Any]:
    """Return what a topology file says of any kernel."""
    return {
        "nr_cpu_ids": len(kernel.machine.cpus),
        "nr_node_ids": kernel.nr_node_ids,
        "HZ": kernel.hz,
        "cpu_to_mem": [cpu.numa_mem for cpu in kernel.machine.cpus],
    }


def node_fields(kernel: Kernel, nid: int) -> dict[str, Any]:
    """Return what a topology file says of one node."""
    return {
        "cpus": [cpu.id for cpu in kernel.machine.cpus if cpu.node == nid],
        "distance": list(kernel.machine.topology.distance[nid]),
        "zonelist_order": list(kernel.zonelists[nid]),
    }
