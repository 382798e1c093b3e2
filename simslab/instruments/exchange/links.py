"""Links guessed from distances: firmware tells how far nodes are, not how they are connected.

A pair of nodes gets a link unless a way over other nodes with CPUs is as short. Memory without CPUs forwards nothing:
nothing passes between two of these. A hop's latency is in proportion to what its distance exceeds 10, measured by the
template's own link and distance.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec

LOCAL: Final = 10
REMOTE: Final = 20  # where nothing is told, as the kernel assumes
BANDWIDTH: Final = 20_000_000_000  # bytes/s, where the template has no link

Rows = Sequence[Sequence[int]]


def estimate_links(
    template: MachineSpec,
    points: Sequence[tuple[int, int]],
    distances: Rows | None,
    without_cpus: Collection[tuple[int, int]] = (),
) -> list[dict[str, Any]]:
    """Return `links` between nodes, given as (number, row in `distances`)."""
    if len(points) < 2:
        return []
    far = {(a, b): _far(distances, a[1], b[1]) for a, b in combinations(points, 2)}
    if len(set(far.values())) == 1:
        return [_link(template, "all", next(iter(far.values())))]
    over = {pair: distance - LOCAL for pair, distance in far.items()}
    over |= {(b, a): value for (a, b), value in over.items()}
    return [
        _link(template, [a[0], b[0]], distance)
        for (a, b), distance in far.items()
        if not (a in without_cpus and b in without_cpus)
        and all(over[a, via] + over[via, b] > over[a, b] for via in points if via not in (a, b, *without_cpus))
    ]


def _far(distances: Rows | None, a: int, b: int) -> int:
    """Return the shorter of both directions: a row of 255 is that of memory, which reads nothing."""
    return REMOTE if distances is None else min(distances[a][b], distances[b][a])


def _link(template: MachineSpec, between: Any, distance: int) -> dict[str, Any]:
    bandwidth = template.links[0].bandwidth if template.links else BANDWIDTH
    return {"between": between, "latency": nanoseconds(_hop(template, distance)), "bandwidth": bandwidth}


def _hop(template: MachineSpec, distance: int) -> Fraction:
    """Return nanoseconds one way."""
    hz = template.core.frequency
    if template.links and template.distances is not None:
        known = min(value for row in template.distances for value in row if value > LOCAL)
        hop = Fraction(min(link.latency.cycles(hz) for link in template.links) * 10**9, hz)
        return hop * (distance - LOCAL) / (known - LOCAL)
    local = sum(part.cycles(hz) for part in (template.l3.latency, template.coherence.directory, template.dram.latency))
    return Fraction(local * 10**9, hz) * (distance - LOCAL) / (2 * LOCAL)


def port_latency(template: MachineSpec, distance: int) -> str:
    """Return the latency of a root port whose memory is at `distance` from the nearest CPUs."""
    return nanoseconds(2 * _hop(template, distance))


def nanoseconds(exact: Fraction) -> str:
    """Return a time as text, to a tenth of a nanosecond."""
    return f"{float(round(exact, 1)):g} ns"
