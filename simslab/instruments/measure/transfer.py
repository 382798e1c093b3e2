"""Cache-to-cache transfers: by state of the line, and by whose node is its home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simslab.instruments.measure.chase import nearest_memory
from simslab.instruments.measure.prober import Prober

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec
    from simslab.machine.topology.topology import Topology

LINES: Final = 16  # averaged
STATES: Final = ("modified", "exclusive", "shared")
RELATIONS: Final = ("same core", "same L3", "same node", "same package", "other package")


@dataclass(frozen=True, slots=True)
class HomeLatencies:
    """Transfer of a modified line between two nodes, in ns, by home; None where there is no such node."""

    writer_node: int
    reader_node: int
    home_writer: float | None
    home_reader: float | None
    home_third: float | None


def transfer(prober: Prober, owner: int, reader: int, home: int, state: str) -> float:
    """Return the mean latency in cycles of a load by `reader` of a line that `owner` holds in `state`.

    Shared: a third core has read the line after the owner, so that nobody may write it silently.
    """
    first = prober.fresh_lines(home, LINES)
    helper = _helper(prober.topology, owner, reader)
    total = 0
    for line in range(first, first + LINES):
        if state == "modified":
            prober.write(owner, line)
        else:
            prober.read(owner, line)
        if state == "shared" and helper >= 0:
            prober.read(helper, line)
        total += prober.read(reader, line)
    return total / LINES


def _helper(topology: Topology, owner: int, reader: int) -> int:
    """Return a CPU on a third core below the owner's L3, -1 if there is none."""
    cores = {topology.cpus[owner].core, topology.cpus[reader].core}
    domain = topology.domains[topology.cpus[owner].domain]
    return next((cpu for cpu in domain.cpus if topology.cpus[cpu].core not in cores), -1)


def relation(topology: Topology, a: int, b: int) -> str:
    """Return how near two CPUs are to each other."""
    first, second = topology.cpus[a], topology.cpus[b]
    for name, same in zip(
        RELATIONS,
        (
            first.core == second.core,
            first.domain == second.domain,
            first.node == second.node,
            first.package == second.package,
        ),
        strict=False,
    ):
        if same:
            return name
    return RELATIONS[-1]


def partner(topology: Topology, cpu: int, wanted: str) -> int | None:
    """Return the first CPU in that relation to `cpu`."""
    return next((c.id for c in topology.cpus if c.id != cpu and relation(topology, cpu, c.id) == wanted), None)


def transfer_by_state(spec: MachineSpec, cpu: int = 0) -> dict[str, dict[str, float]]:
    """Return ns by relation of owner and reader, then by state; the line's home is the owner's node."""
    prober = Prober(spec)
    found: dict[str, dict[str, float]] = {}
    for wanted in RELATIONS[1:]:
        other = partner(prober.topology, cpu, wanted)
        if other is not None:
            home = nearest_memory(prober, other)
            found[wanted] = {state: prober.ns(transfer(prober, other, cpu, home, state)) for state in STATES}
    return found


def transfer_by_home(spec: MachineSpec) -> list[HomeLatencies]:
    """Return the transfers of a modified line between every two nodes with CPUs."""
    prober = Prober(spec)
    nodes = [node.id for node in prober.topology.nodes if node.cpus]
    return [_homes(prober, writer, reader) for writer in nodes for reader in nodes if writer != reader]


def _homes(prober: Prober, writer: int, reader: int) -> HomeLatencies:
    nodes = prober.topology.nodes
    third = next((node.id for node in nodes if node.id not in (writer, reader) and node.memory), None)

    def at(home: int | None) -> float | None:
        if home is None or not nodes[home].memory:
            return None
        return prober.ns(transfer(prober, nodes[writer].cpus[0], nodes[reader].cpus[0], home, "modified"))

    return HomeLatencies(writer, reader, at(writer), at(reader), at(third))
