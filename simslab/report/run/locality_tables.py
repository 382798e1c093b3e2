"""The summary's tables of place: which node's memory objects came from and went back to, and where lines came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simslab.report.tables import Table, fixed, percent, table, whole
from simslab.result.measurement import NUMASTAT, Measurement, NodeRow
from simslab.result.nanoseconds import mean_nanoseconds, ratio

WIDEST: Final = 8  # nodes in a matrix; above it only local and remote are shown


def local(place: int, objects: Sequence[int]) -> int:
    """Return how many of `objects` (by memory's node) lie on the node of row `place`."""
    return objects[place] if place < len(objects) else 0


def remote(place: int, objects: Sequence[int]) -> int:
    """Return how many of `objects` (by memory's node) lie on other nodes than that of row `place`."""
    return sum(objects) - local(place, objects)


def locality_table(measurement: Measurement) -> Table:
    """Return objects allocated and freed, by the node of the acting CPU and whether their memory was on it."""
    rows = [
        [str(row.node), *_split(place, row.allocated), *_split(place, row.freed)]
        for place, row in enumerate(measurement.nodes)
    ]
    if len(measurement.nodes) > 1:
        rows.append(["all", *_total(measurement.nodes, "allocated"), *_total(measurement.nodes, "freed")])
    what = ("local", "remote", "% remote")
    heads = ("CPUs of node", *(f"{done} {where}" for done in ("allocated", "freed") for where in what))
    return table("Objects by node", heads, rows)


def _split(place: int, objects: Sequence[int]) -> list[str]:
    far = remote(place, objects)
    return [whole(local(place, objects)), whole(far), percent(far, sum(objects))]


def _total(nodes: Sequence[NodeRow], which: str) -> list[str]:
    near = sum(local(place, getattr(row, which)) for place, row in enumerate(nodes))
    far = sum(remote(place, getattr(row, which)) for place, row in enumerate(nodes))
    return [whole(near), whole(far), percent(far, near + far)]


def matrix_table(measurement: Measurement) -> Table | None:
    """Return objects allocated and freed, node of the CPU by node of the memory; None unless 2 to 8 nodes acted."""
    count = max((len(row.allocated) for row in measurement.nodes), default=0)
    if not 2 <= count <= WIDEST:
        return None
    rows = [
        [f"{word} by node {row.node}", *(whole(objects) for objects in getattr(row, word))]
        for word in ("allocated", "freed")
        for row in measurement.nodes
        if len(getattr(row, word)) == count
    ]
    heads = ("", *(f"on node {row.node}" for row in measurement.nodes[:count]))
    return table("Objects, node of the CPU by node of the memory", heads, rows)


def numastat_table(measurement: Measurement) -> Table | None:
    """Return numastat's page counters by node; None if none were counted."""
    known = [name for name in NUMASTAT if any(name in row.numastat for row in measurement.nodes)]
    others = sorted({name for row in measurement.nodes for name in row.numastat} - set(known))
    names = known + others
    if not names:
        return None
    rows = [[name, *(whole(row.numastat.get(name, 0)) for row in measurement.nodes)] for name in names]
    return table("Pages (numastat)", ("", *(f"node {row.node}" for row in measurement.nodes)), rows)


def transfer_table(measurement: Measurement) -> Table | None:
    """Return cache line fetches by source; None if none were counted."""
    sources: dict[str, list[int]] = {}
    for row in measurement.transfers:
        totals = sources.setdefault(row.source, [0, 0])
        totals[0] += row.lines
        totals[1] += row.cycles
    if not sources:
        return None
    lines = sum(totals[0] for totals in sources.values())
    rows = [
        [
            source,
            whole(count),
            percent(count, lines),
            fixed(ratio(cycles, count)),
            fixed(_ns(cycles, count, measurement)),
        ]
        for source, (count, cycles) in sources.items()
    ]
    return table("Cache lines fetched", ("from", "lines", "share", "cycles each", "ns each"), rows)


def _ns(cycles: int, count: int, measurement: Measurement) -> float:
    return mean_nanoseconds(cycles, count, measurement.frequency_hz)
