"""MLC's bandwidths shared out to links and memories, and which of them a machine of these cannot give back.

A link carries the most that was measured over it, a memory gives the most that anyone read of it: nothing that was
measured is above what its way gives. Where less was measured over the same parts, something else held it up (the cores,
most often, over a long way), which no link can tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from simslab.instruments.exchange.mlc import MlcTables
    from simslab.machine.spec import MachineSpec

LINE: Final = 64  # bytes
SHORT: Final = 0.95  # of what was measured: cores that ask for less are told

Pair = tuple[int, int]


@dataclass(frozen=True)
class Shared:
    """MB/s of each link by (node that reads, node nearer to the memory), and what its ways give beside the measured."""

    links: Mapping[Pair, float]
    mean_error: float
    worst_error: float
    worst: Pair  # reader and memory

    @property
    def told(self) -> str:
        """How well links and memories give the measured cells back, in words."""
        text = f"bandwidths, the least on each way: mean error {self.mean_error:.1%}, worst {self.worst_error:.1%}"
        return f"{text} (node {self.worst[0]} to memory of node {self.worst[1]})"


def share_out(tables: MlcTables, ways: Mapping[Pair, Sequence[Pair]]) -> Shared | None:
    """Return the bandwidths of links on `ways`; None where none was measured."""
    measured = {pair: rate for pair, rate in tables.bandwidth.items() if rate > 0}
    if not measured:
        return None
    links: dict[Pair, float] = {}
    for (reader, memory), rate in measured.items():
        for step in _steps(reader, ways[reader, memory]):
            links[step] = max(links.get(step, 0.0), rate)
    errors = {}
    for (reader, memory), rate in measured.items():
        given = [most_of(tables, memory), *(links[step] for step in _steps(reader, ways[reader, memory]))]
        errors[reader, memory] = min(given) / rate - 1
    worst = max(errors, key=lambda pair: errors[pair])
    return Shared(links, fmean(errors.values()), errors[worst], worst)


def _steps(start: int, way: Sequence[Pair]) -> Iterator[Pair]:
    """Yield the links of a way as they are travelled."""
    at = start
    for a, b in way:
        there = b if at == a else a
        yield at, there
        at = there


def most_of(tables: MlcTables, memory: int) -> float:
    """Return the most MB/s that any node read of a memory, 0 where none was measured."""
    return max((rate for (_, node), rate in tables.bandwidth.items() if node == memory), default=0.0)


def most_by(tables: MlcTables, reader: int) -> float:
    """Return the most MB/s that a node read of any memory, 0 where none was measured."""
    return max((rate for (node, _), rate in tables.bandwidth.items() if node == reader), default=0.0)


def asked_less(tables: MlcTables, template: MachineSpec) -> str:
    """Return a remark on cells of which the template's cores ask for less than was measured, empty without such."""
    layout, core = template.layout, template.core
    cores = layout.dies * layout.ccxs * layout.cores
    limit = template.l3.core_bandwidth
    short = {}
    for (reader, memory), rate in tables.bandwidth.items():
        if (reader, memory) in tables.latency:
            one = 1000 * core.outstanding * LINE / tables.latency[reader, memory]
            asked = cores * min(one, limit / 10**6 if limit is not None else one)
            if asked < SHORT * rate:
                short[reader, memory] = asked
    if not short:
        return ""
    (reader, memory), asked = min(short.items(), key=lambda item: (item[1] / tables.bandwidth[item[0]], item[0]))
    rate = tables.bandwidth[reader, memory]
    asking = f"the template's {cores} cores, {core.outstanding} misses each, ask for at most {asked / 1000:.1f} GB/s"
    text = f"{asking} from node {reader} to memory of node {memory}, of which {rate / 1000:.1f} were measured"
    return text + (f"; {len(short) - 1} other cells are short, too" if len(short) > 1 else "")
