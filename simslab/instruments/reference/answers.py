"""What the model says to a row of a table of measurements.

Each metric has a function that measures what the row states and returns cells, or the reason why it cannot be compared.
Results are kept, since several rows ask for the same run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import near_miss
from simslab.base.units import BANDWIDTH_UNITS
from simslab.instruments.measure import bandwidth, chase, idle, loaded
from simslab.instruments.measure.cache_bandwidth import cache_bandwidth
from simslab.instruments.measure.pingpong import ping_pong
from simslab.instruments.measure.prober import Prober
from simslab.instruments.measure.transfer import transfer
from simslab.instruments.reference import places
from simslab.instruments.reference.metrics import (
    BYTES_PER_CYCLE,
    CURVE,
    DISTANCES,
    METRICS,
    gigabytes,
    nanoseconds,
    rate_in,
    time_in,
)
from simslab.instruments.reference.reference import NUMBER, UNJUDGED, Cell, Row, Skipped, unit_fault, value_fault
from simslab.machine.timing.tlb import tlb_timing

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec

Answer = Cell | Skipped
# The number, and its unit: what stands right behind it, or a word that is one (not `random`); 1.2.3 and 1,000 are none.
LOAD_FIGURE: Final = re.compile(
    rf"total_bw=({NUMBER}(?:[eE][-+]?\d{{1,2}})?)(?![\d.]|,\d)"
    r"([^\s;,()]+|\s+(?:\w*/[^\s;,()]*|[kKmMgGtTpP]i?[bB](?:its?|ytes?)?(?:ps)?(?!\w)))?",
    re.ASCII,
)


class Answers:
    """Answers the rows of one machine."""

    def __init__(self, spec: MachineSpec) -> None:
        self.spec = spec
        self.prober = Prober(spec)
        self.topology = self.prober.topology
        self.kept: dict[Any, float] = {}
        self.by_metric: dict[str, Callable[[Row], Answer]] = {
            "l1_latency": self.level,
            "l2_latency": self.level,
            "l3_latency": self.level,
            "dram_idle_latency": self.idle,
            "cxl_idle_latency": self.idle,
            "dram_remote_extra": self.remote_extra,
            "dram_read_bandwidth": self.read_bandwidth,
            "cxl_read_bandwidth": self.read_bandwidth,
            "dram_read_bandwidth_scan": self.scan,
            "dram_bandwidth": self.read_bandwidth,
            "link_bandwidth": self.link_bandwidth,
            "dram_peak_bandwidth": self.peak,
            "l2_bandwidth": self.cache,
            "l3_bandwidth_core": self.cache,
            "l3_bandwidth_ccx": self.cache,
            "stream_node": self.stream,
            "stream_socket": self.stream,
            "c2c_latency": self.transfer,
            "cas_pingpong_oneway": self.ping_pong,
            "slit_row": self.distances,
            "instruction_cost": self.instruction,
            "tlb_1g_miss": self.page_walk,
            "l2tlb_hit_extra": self.second_level,
            "kernel_op": self.kernel_operation,
        }

    def answer(self, rows: Iterable[Row]) -> list[Answer]:
        """Return an answer for every row, and two more for each loaded-latency curve: its knee and its plateau."""
        answers: list[Answer] = []
        curve: list[Row] = []
        for row in rows:
            why = _reason(row)
            if why:
                answers.append(Skipped(row, why))
            elif row.metric == CURVE:
                curve.append(row)
            else:
                answers.append(self.by_metric[row.metric](row))
        names = sorted({row.machine for row in curve})
        for name in names:
            rows_of_curve = [row for row in curve if row.machine == name]
            answers += self.curve(rows_of_curve, self.chased_sequentially(rows_of_curve))
        return answers

    def chased_sequentially(self, rows: list[Row]) -> bool:
        """Whether a curve, whose rows do not say how it chased, begins nearer to the sequential idle latency."""
        lowest = min(self.published_ns(row) for row in rows)
        node = self.topology.cpus[0].node
        memory = chase.nearest_memory(self.prober, 0)
        near, far = (abs(self.prober.ns(self.idle_cycles(node, memory, way)) - lowest) for way in (True, False))
        return near < far

    def keep(self, key: Any, measure: Callable[[], float]) -> float:
        """Return the result of `measure`, which is run once for a key."""
        if key not in self.kept:
            self.kept[key] = measure()
        return self.kept[key]

    # -- latencies ----------------------------------------------------------------------------------------------------

    def level(self, row: Row) -> Answer:
        """Latency of a hit in a cache level."""
        levels = {level.level: level.cycles for level in self.levels()}
        name = row.metric[:2].upper()
        if name not in levels:
            return Skipped(row, f"the machine has no {name}")
        return self.timed(row, "cache level", levels[name])

    def levels(self) -> list[chase.LevelLatency]:
        """Latencies of the cache levels."""
        if not hasattr(self, "_levels"):
            self._levels = chase.level_latencies(self.spec)
        return self._levels

    def idle(self, row: Row) -> Answer:
        """Idle latency between two nodes."""
        ends = places.nodes_of(self.topology, row.source, row.target)
        if ends is None:
            return Skipped(row, "the row's place or memory mode is not one of this machine's")
        return self.timed(row, "idle latency", self.idle_cycles(*ends, _is_sequential(row)))

    def idle_cycles(self, source: int, target: int, sequential: bool) -> float:
        """Idle latency in cycles from a node's first CPU."""
        cpu = self.topology.nodes[source].cpus[0]
        return self.keep(
            ("idle", source, target, sequential), lambda: idle.idle_latency(self.prober, cpu, target, sequential)
        )

    def remote_extra(self, row: Row) -> Answer:
        """What another package's memory costs beyond the CPU's own."""
        remote = places.nodes_of(self.topology, "core", "other socket")
        if remote is None:
            return Skipped(row, "the machine has one package")
        near, sequential = remote[0], _is_sequential(row)
        extra = self.idle_cycles(*remote, sequential) - self.idle_cycles(near, near, sequential)
        return self.timed(row, UNJUDGED, extra)

    def transfer(self, row: Row) -> Answer:
        """Transfer of a line between two cores' caches."""
        pair = places.cpus_of(self.topology, row.source, row.target)
        if pair is None:
            return Skipped(row, "the machine has no such pair of cores")
        state = _line_state(row.state)
        if state is None:  # no state stated: the row comes from a ping-pong
            return self.timed(row, "cache to cache", self.ping_pong_cycles(*pair))
        owner, reader = pair
        home = chase.nearest_memory(self.prober, reader if "home=reader" in row.state else owner)
        key = ("transfer", owner, reader, home, state)
        cycles = self.keep(key, lambda: transfer(self.prober, owner, reader, home, state))
        return self.timed(row, "cache to cache", cycles)

    def ping_pong(self, row: Row) -> Answer:
        """Half the round trip of a line between two CPUs."""
        pair = places.cpus_of(self.topology, row.source, row.target)
        if pair is None:
            return Skipped(row, "the machine has no such pair of CPUs")
        return self.timed(row, "cache to cache", self.ping_pong_cycles(*pair))

    def ping_pong_cycles(self, a: int, b: int) -> float:
        """Half the round trip in cycles."""
        return self.keep(("ping-pong", a, b), lambda: ping_pong(self.prober, a, b))

    def curve(self, rows: list[Row], sequential: bool) -> list[Answer]:
        """A loaded-latency curve: every point for information, knee and plateau for judgement."""
        ours = [(p.gb_per_second, p.ns) for p in loaded.loaded_curve(self.spec, sequential=sequential)]
        theirs = [(_total_bandwidth(row), self.published_ns(row)) for row in rows]
        cells = [
            Cell(row, UNJUDGED, self.ns_in_unit(row, loaded.latency_at(ours, gb)), _middle(row))
            for row, (gb, _) in zip(rows, theirs, strict=True)
        ]
        first = rows[0]
        knees = loaded.knee(ours), loaded.knee(theirs)
        named = [
            ("knee", "bandwidth at 1.5 times idle latency", *knees, "GB/s"),
            ("plateau", "latency without delay", ours[0][1], theirs[0][1], "ns"),
        ]
        judged = [
            Cell(
                Row(first.line, first.machine, first.metric, first.source, first.target, text, str(b), unit), kind, a, b
            )
            for kind, text, a, b, unit in named
        ]
        return [*cells, *judged]

    # -- bandwidths ---------------------------------------------------------------------------------------------------

    def read_bandwidth(self, row: Row) -> Answer:
        """Reads by all cores of one node from another."""
        ends = places.nodes_of(self.topology, row.source, row.target)
        if ends is None:
            return Skipped(row, "the row's place or memory mode is not one of this machine's")
        rate = self.keep(("read", *ends), lambda: bandwidth.node_bandwidth(self.prober, *ends))
        return _rated(row, rate)

    def scan(self, row: Row) -> Answer:
        """Reads from the own node by so many CPUs of it."""
        words = re.match(r"(\d{1,4})\b", row.source, re.ASCII)
        node = self.topology.nodes[self.topology.cpus[0].node]
        if words is None:
            return Skipped(row, "'from' does not begin with a number of cores")
        count = int(words[1])
        if not 0 < count <= len(node.cpus) or not node.memory:
            return Skipped(
                row, f"the machine's first node has {len(node.cpus)} CPUs, and memory of {node.memory} bytes"
            )
        rate = self.keep(("scan", count), lambda: bandwidth.node_bandwidth(self.prober, node.id, node.id, count))
        return _rated(row, rate)

    def link_bandwidth(self, row: Row) -> Answer:
        """Reads from another package."""
        ends = places.nodes_of(self.topology, "core", "other socket")
        if ends is None:
            return Skipped(row, "the machine has one package")
        return _rated(row, bandwidth.node_bandwidth(self.prober, *ends))

    def peak(self, row: Row) -> Answer:
        """All cores with their own memory, by mix of reads and writes."""
        mix = bandwidth.MIXES.get(row.state)
        if mix is None:
            return Skipped(row, f"no mix called {row.state}")
        rate = self.keep(("peak", mix), lambda: bandwidth.peak_bandwidth(self.prober, mix))
        return _rated(row, rate)

    def cache(self, row: Row) -> Answer:
        """Reads by one core that its L2 or L3 serves, or by all cores of one L3."""
        spec, level = self.spec, row.metric[:2]
        limit = spec.l2.bandwidth if level == "l2" else spec.l3.bandwidth
        if limit is None:
            return Skipped(row, f"the machine file states no bandwidth of its {level.upper()}")
        size = spec.l1d.size + spec.l2.size >> 1 if level == "l2" else 2 * spec.l2.size
        first = self.topology.cpus[0]
        cpus = [cpu.id for cpu in self.topology.cpus if cpu.domain == first.domain]
        cores = bandwidth.first_threads(self.topology, cpus) if row.metric == "l3_bandwidth_ccx" else [first.id]
        rate = self.keep((row.metric,), lambda: cache_bandwidth(Prober(spec), cores, size))
        return _rated(row, rate)

    def stream(self, row: Row) -> Answer:
        """STREAM on one node or one package."""
        first = self.topology.cpus[0]
        package = {cpu.node for cpu in self.topology.cpus if cpu.package == first.package}
        nodes = {first.node} if row.metric == "stream_node" else package
        rate = bandwidth.peak_bandwidth(self.prober, bandwidth.MIXES["Stream-triad like"], sorted(nodes))
        return _rated(row, rate)

    # -- what the machine file states itself --------------------------------------------------------------------------

    def distances(self, row: Row) -> Answer:
        """A row of the SLIT: how many of its distances differ."""
        told = re.fullmatch(r"(?:node)?\s*(\d{1,4})", row.source, re.ASCII)
        words = row.value.split()
        if told is None or not all(re.fullmatch(r"\d{1,9}", word, re.ASCII) for word in words):
            return Skipped(row, "not a node and its distances, as whole numbers")
        node = next((node.id for node in self.topology.nodes if node.number == int(told[1])), None)
        wanted = tuple(int(word) for word in words)
        if node is None or len(wanted) != len(self.topology.distance):
            return Skipped(row, "the machine has another number of nodes")
        same = sum(a == b for a, b in zip(self.topology.distance[node], wanted, strict=True))
        return Cell(row, "distance", same, len(wanted), "distances equal")

    def instruction(self, row: Row) -> Answer:
        """Cost of an instruction that the model charges by itself."""
        costs = self.prober.machine.timing.kernel
        charged = {"pause": costs.pause, "lock_add_m64": costs.atomic, "xchg_m64": costs.atomic}
        if row.state not in charged:
            return Skipped(row, "not charged as one instruction: the kernel's costs contain it")
        if row.unit == BYTES_PER_CYCLE:
            return Skipped(row, "the instruction works on no string of bytes")
        return self.timed(row, "cost", charged[row.state])

    def page_walk(self, row: Row) -> Answer:
        """A walk for a 1 GB page whose table line is in the L1."""
        pages = tlb_timing(self.spec, "1G")
        if pages is None:
            return Skipped(row, "the machine has no entries for 1 GB pages")
        return self.timed(row, "cost", pages.walk + pages.references * self.prober.machine.timing.caches.l1.latency)

    def second_level(self, row: Row) -> Answer:
        """A hit in the second level of the TLB."""
        if self.spec.tlb is None:
            return Skipped(row, "the machine states no TLB")
        return self.timed(row, "cost", self.spec.tlb.l2_hit.cycles(self.prober.machine.frequency_hz))

    def kernel_operation(self, row: Row) -> Answer:
        """Cost of masking interrupts."""
        timing = self.prober.machine.timing
        costs = {
            "local_irq_save+restore": timing.kernel.irq_save + timing.kernel.irq_restore,
            "local_irq_disable+enable": timing.kernel.cli + timing.kernel.sti,
        }
        if row.state not in costs:
            return Skipped(row, "an operation of the kernel, not of the machine")
        return self.timed(row, "cost", costs[row.state])

    def timed(self, row: Row, kind: str, cycles: float) -> Cell:
        """Compare a latency in the row's unit."""
        return _cell(row, kind, time_in(row.unit, cycles, self.prober.ns(cycles)))

    def ns_in_unit(self, row: Row, ns: float) -> float:
        """Return nanoseconds in the row's unit."""
        return time_in(row.unit, ns / self.prober.ns(1.0), ns)

    def published_ns(self, row: Row) -> float:
        """Return the middle of a row's range in nanoseconds."""
        return nanoseconds(row.unit, _middle(row), self.prober.ns(1.0))


def _rated(row: Row, per_second: float) -> Cell:
    """Compare a bandwidth in the row's unit."""
    return _cell(row, "bandwidth", rate_in(row.unit, per_second))


def _cell(row: Row, kind: str, measured: float) -> Cell:
    low, high = row.bounds or (0.0, 0.0)
    return Cell(row, kind, measured, min(max(measured, low), high))


def _middle(row: Row) -> float:
    low, high = row.bounds or (0.0, 0.0)
    return (low + high) / 2


def _total_bandwidth(row: Row) -> float:
    match = LOAD_FIGURE.search(row.state)
    return gigabytes(_load_unit(match), float(match[1])) if match else 0.0


def _load_unit(match: re.Match[str]) -> str:
    """Return the unit of a load, GB/s where none is told."""
    return (match[2] or "GB/s").strip()


def _is_sequential(row: Row) -> bool:
    """Whether the published chase kept DRAM rows open and walked no page tables (which a row miss stands for here)."""
    return "sequential" in row.state or "2 MB pages" in row.state


def _line_state(state: str) -> str | None:
    """Return the state of the line in the owner's cache."""
    if "HITM" in state or state in ("M/E", "M", "any"):
        return "modified"
    if "HIT" in state or state == "E":
        return "exclusive"
    return "shared" if state in ("O/S", "S") else None


def _reason(row: Row) -> str:
    """Return why a row is not even asked, nothing where it can be."""
    if row.metric in _REASONS:
        return _REASONS[row.metric]
    if row.metric not in METRICS:
        near = near_miss(row.metric, METRICS)
        return f"nothing in the model answers to {row.metric}" + (f"; did you mean '{near}'?" if near else "")
    wrong = value_fault(row) or unit_fault(row)
    if wrong:
        return wrong
    if row.metric != DISTANCES and row.bounds is None:
        return "a bound, not a figure"
    return _no_load(row) if row.metric == CURVE else ""


def _no_load(row: Row) -> str:
    """Return why a row is no point of a curve, nothing where it is one."""
    match = LOAD_FIGURE.search(row.state)
    if match is None:
        return "the state tells no total_bw=NUMBER"
    unit = _load_unit(match)
    return "" if unit in BANDWIDTH_UNITS else f"total_bw in {unit[:40]}"


_REASONS: Final = {
    "l1_bandwidth": "cores take L1 hits at the pace of their instructions",
    "link_hop_latency": "a parameter of the machine file, not an end-to-end figure",
    "l2tlb_miss_extra": "published as a lower bound only; the model walks with the cycles of `tlb.walk` and its loads",
    "clear_page_bandwidth": "a kernel operation",
    "clear_page_4k": "a kernel operation",
    "ipi_latency": "an interrupt between CPUs is no access to memory: `kernel.ipi` of the machine file is its cost",
    "core_jitter_per_second_max": "noise of a real system",
}
