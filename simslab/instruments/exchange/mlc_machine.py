"""A machine from MLC's tables: idle latencies as they were measured (`impl: matrix`), bandwidths at links and channels.

Or, on request, latencies decomposed into links and memories (`mlc_links`), which a what-if can scale.

MLC tells nothing of cores and caches: those are the template's, and so are the L3 and the directory that the measured
times include.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from simslab.base.units import parse_duration
from simslab.instruments.exchange.found import FoundCore, FoundMachine, FoundNode
from simslab.instruments.exchange.mlc import MlcTables
from simslab.instruments.exchange.mlc_bandwidth import asked_less, most_by, most_of, share_out
from simslab.instruments.exchange.mlc_links import Decomposition, decompose, link_ways
from simslab.machine.description.cpulist import format_cpulist

if TYPE_CHECKING:
    from simslab.base.units import Duration
    from simslab.machine.spec import MachineSpec

MB: Final = 10**6
BANDWIDTH: Final = 20_000  # MB/s of a link that was not measured


def mlc_machine(tables: MlcTables, template: MachineSpec, path: Path, links: bool = False) -> FoundMachine:
    """Return the machine that was measured, with one package per node that has CPUs.

    With `links` the latencies are sums along links, else the matrix as it was measured.
    """
    return _Machine(tables, template, decompose(tables) if links else None).found(path)


class _Machine:
    def __init__(self, tables: MlcTables, template: MachineSpec, parts: Decomposition | None) -> None:
        self.tables = tables
        self.parts = parts
        self.shared = None if parts is None else share_out(tables, parts.ways)
        self.template = template
        self.l3 = self._ns(template.l3.latency)
        self.directory = self._ns(template.coherence.directory)

    def _ns(self, duration: Duration) -> float:
        return duration.nanoseconds(self.template.core.frequency)

    def found(self, path: Path) -> FoundMachine:
        sections: dict[str, Any] = {
            "dram": self._dram(self.tables.memories[0]),
            "l3": self._l3(),
            "coherence": self._coherence(),
        }
        if self.parts is None:
            sections["idle_latency"] = {"impl": "matrix", "dram": self._matrix()}
            if routes := self._routes():
                sections["routes"] = routes
        links = self._links()
        if links:
            sections["links"] = links
        return FoundMachine(
            source="mlc",
            name=path.stem,
            cores=self._cores(),
            nodes=self._nodes(),
            sections=sections,
            guessed=frozenset({"layout"}),
            notes=["cores and caches are the template's, one package per node with CPUs", *self._notes()],
        )

    def _cores(self) -> list[FoundCore]:
        """Return for every reader the cores of a package of the template, and their L3s, first threads first."""
        layout = self.template.layout
        own = layout.dies * layout.ccxs * layout.cores
        below = own // self._l3s()
        die = -1 if below == own else layout.ccxs * layout.cores
        total = own * len(self.tables.readers)
        return [
            FoundCore(
                tuple(core + thread * total for thread in range(layout.threads)),
                core // own,
                core // die if die > 0 else -1,
                core // below,
            )
            for core in range(total)
        ]

    def _l3s(self) -> int:
        """Return the L3s of a package: the template's, but one where they follow nodes, which become packages."""
        layout = self.template.layout
        return {"die": layout.dies, "ccx": layout.dies * layout.ccxs}.get(self.template.l3.scope, 1)

    def _nodes(self) -> list[FoundNode]:
        cores = self._cores()
        readers = self.tables.readers
        nodes = []
        for node in self.tables.nodes:
            package = readers.index(node) if node in readers else -1
            cpus = tuple(sorted(cpu for core in cores if core.package == package for cpu in core.cpus))
            has_memory = node in self.tables.memories
            extra = {"dram": self._whole_dram(node)} if has_memory and node != self.tables.memories[0] else {}
            nodes.append(FoundNode(node, cpus, None if has_memory else 0, extra=extra))
        return nodes

    def _matrix(self) -> list[list[str | None]]:
        nodes, latency = self.tables.nodes, self.tables.latency
        return [[_text(latency[a, b]) if (a, b) in latency else None for b in nodes] for a in nodes]

    def _whole_dram(self, node: int) -> dict[str, Any]:
        """Return a node's memory; what is not told is the template's, but for a device little of that holds."""
        rest = self.template.dram.model_dump(mode="json", exclude_defaults=True)
        if node not in self.tables.readers:
            rest = {key: rest[key] for key in rest.keys() & {"row_miss"}}
        return rest | self._dram(node)

    def _dram(self, node: int) -> dict[str, Any]:
        """Return latency and bandwidth of a node's memory as the nearest CPUs see it; of a device as one channel."""
        template = self.template.dram
        best = most_of(self.tables, node)
        dram: dict[str, Any] = {"latency": _text(max(1.0, self._nearest(node) - self.l3 - self.directory))}
        channels = template.channels if node in self.tables.readers else 1
        if channels != template.channels:
            dram["channels"] = channels
        dram["bandwidth"] = round(best * MB / channels) if best else template.bandwidth
        for writes in ("write_bandwidth", "stream_write_bandwidth"):
            if (getattr(template, writes) or 0) > dram["bandwidth"]:
                dram[writes] = dram["bandwidth"]
        if curve := self._own_curve(node):
            return dram | {"conflict": "0 ns", "row_miss": "0 ns", "queue": {"impl": "curve", "points": curve}}
        if template.queue is not None:
            dram["queue"] = None  # of another memory: it would end at that one's bandwidth
        return dram | ({"row_miss": _text(self._row_miss())} if self._tells_row_miss() else {})

    def _nearest(self, node: int) -> float:
        """Return the ns of a read by the nearest CPUs that finds its DRAM row open, where random ones were timed."""
        if self.parts is not None:
            nearest = self.parts.memories[node]
        else:
            nearest = min(self.tables.latency[reader, node] for reader in self.tables.readers)
        missed = self.tables.access == "random" and not self._own_curve(node)
        return nearest - self._row_miss() if missed else nearest

    def _row_miss(self) -> float:
        return self.tables.random_more or self._ns(self.template.dram.row_miss)

    def _tells_row_miss(self) -> bool:
        """Whether both kinds of access were timed, and latencies are sums: a matrix knows but one kind."""
        return self.parts is not None and self.tables.random_more > 0

    def _own_curve(self, node: int) -> list[list[str]]:
        return self._curve(most_of(self.tables, node)) if node in self._loaded_nodes() else []

    def _loaded_nodes(self) -> list[int]:
        """Return the nodes that the sweep of loaded latencies loads: every core reads from its own."""
        return [node for node in self.tables.readers if node in self.tables.memories]

    def _curve(self, best: float = 0.0) -> list[list[str]]:
        """Return one node's share of the loaded latencies, by rising bandwidth up to at least `best` MB/s.

        A latency below one of less load is noise: it counts as that one. A point of less bandwidth than one of less
        load is left out: the model has no memory that does worse when asked more. Cores may have asked for less in the
        sweep than where bandwidth alone was measured.
        """
        points: list[list[str]] = []
        if not self._loaded_nodes():
            return points
        most = slowest = 0.0
        for _, ns, rate in sorted(self.tables.loaded, reverse=True):  # least load first
            bandwidth = round(rate / len(self._loaded_nodes()), 1)
            slowest = max(slowest, ns)
            if bandwidth > most:
                points.append([f"{bandwidth:.1f} MB/s", _text(slowest)])
                most = bandwidth
        if round(best, 1) > most and points:
            points.append([f"{best:.1f} MB/s", _text(slowest)])
        return points if len(self.tables.loaded) > 1 and len(points) > 1 else []

    def _l3(self) -> dict[str, Any]:
        """Return transfers below an L3, and its port where the template's would let less in than was read."""
        times = {"other_core": self.tables.hitm, "other_core_exclusive": self.tables.hit}
        found: dict[str, Any] = {key: _text(value - self.l3) for key, value in times.items() if value > self.l3}
        port = self.template.l3.port_read
        needed = max(most_by(self.tables, reader) for reader in self.tables.readers) * MB / self._l3s()
        return found if port is None or port >= needed else found | {"port_read": round(needed)}

    def _coherence(self) -> dict[str, Any]:
        """Return the snoop that the transfer of a modified line leaves when its hops and look-ups are taken off."""
        remote = [*self.tables.from_reader.values()] or [*self.tables.from_writer.values()]
        pairs = list(combinations(self.tables.readers, 2))
        if not remote or not pairs:
            return {}
        hops = 2 * fmean(self._hop(a, b) for a, b in pairs)
        snoop = fmean(remote) - self.l3 - self.directory - hops
        return {"snoop": _text(snoop)} if snoop > 0 else {}

    def _pairs(self) -> list[tuple[int, int]]:
        """Return the pairs of nodes between which something passes: not those of two memories without CPUs."""
        readers = self.tables.readers
        return [pair for pair in combinations(self.tables.nodes, 2) if pair[0] in readers or pair[1] in readers]

    def _routes(self) -> list[dict[str, Any]]:
        """Return routes over the link of a pair where one over others would be shorter: each has its own bandwidth."""
        hz = self.template.core.frequency
        lengths = {pair: parse_duration(_text(self._hop(*pair))).cycles(hz) for pair in self._pairs()}
        ways = link_ways(lengths, self.tables)
        return [{"between": [*pair], "via": []} for pair in lengths if ways[pair] != (pair,)]

    def _links(self) -> list[dict[str, Any]]:
        if self.parts is None:
            return [self._link(a, b) for a, b in self._pairs()]
        return [{"name": f"link{a}-{b}", **self._link(a, b)} for a, b in sorted(self.parts.links)]

    def _link(self, a: int, b: int) -> dict[str, Any]:
        """Return the link of two nodes. Data flows to the reader: the first direction carries what `b` reads."""
        bandwidth = self.tables.bandwidth if self.shared is None else self.shared.links
        there = bandwidth.get((b, a)) or bandwidth.get((a, b)) or BANDWIDTH
        back = bandwidth.get((a, b)) or there
        link: dict[str, Any] = {"between": [a, b], "latency": _text(self._hop(a, b)), "bandwidth": round(there * MB)}
        return link if back == there else link | {"back_bandwidth": round(back * MB)}

    def _hop(self, a: int, b: int) -> float:
        """Return ns one way: half of what the other node's memory takes longer, at least 0.1."""
        if self.parts is not None:
            return self.parts.way(a, b)
        latency = self.tables.latency
        known = [pair for pair in ((a, b), (b, a)) if pair in latency]
        extra = [latency[x, y] - latency[y, y] for x, y in known if (y, y) in latency]
        extra = extra or [latency[x, y] - latency[x, x] for x, y in known if (x, x) in latency]
        return max(0.1, fmean(extra) / 2 if extra else 0.1)

    def _notes(self) -> list[str]:
        notes = list(self.tables.left_out)
        if self.parts is not None:
            notes.append(self.parts.told)
            if self._tells_row_miss():
                notes.append(f"random access takes {_text(self.tables.random_more)} more, as a mean: that is row_miss")
        if self.shared is not None:
            notes.append(self.shared.told)
        if short := asked_less(self.tables, self.template):
            notes.append(short)
        alone = [node for node in self.tables.nodes if node not in self.tables.readers]
        if alone:
            notes.append(f"node {format_cpulist(alone)} has a column and no row: memory without CPUs")
        notes += [f"peak bandwidth, {kind}: {value / 1000:.1f} GB/s" for kind, value in self.tables.peak.items()]
        if self.tables.loaded:
            used = "became the curve of each node that has cores" if self._curve() else "not used"
            notes.append(f"loaded latency, {used} (delay, ns, GB/s):")
            notes += [f"  {delay:5d} {ns:8.2f} {rate / 1000:8.1f}" for delay, ns, rate in self.tables.loaded]
        return notes


def _text(nanoseconds: float) -> str:
    return f"{round(nanoseconds, 2):g} ns"
