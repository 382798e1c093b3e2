"""The families of metrics: how each figure follows from a run.

Times are in ns of simulated time, rounded to whole picoseconds as everywhere; shares in percent. Everything is of the
region of interest, but for what is parked in memory, which is the state at the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from simslab.experiment.figures import selection as select
from simslab.experiment.figures.observation import Observation
from simslab.experiment.figures.selection import Selection
from simslab.machine.accounting.causes import CAUSE_NAMES
from simslab.report.run.locality_tables import local, remote
from simslab.result.latency import Distribution, merge_rows
from simslab.result.measurement import EVENTS, NUMASTAT, AttributionRow, LockRow, NodeRow
from simslab.result.nanoseconds import mean_nanoseconds, nanoseconds, ratio
from simslab.result.parked import PAGE, ParkedRow

Value = Callable[[Observation, Selection], float | None]
LINE: Final = 64  # bytes
LOCKS: Final = ("list_lock", "alien_lock", "zone.lock")
FAR: Final = ("remote_cache", "remote_dram")
SOURCES: Final = ("l2", "l3", "other_core", "local_dram", *FAR)


@dataclass(frozen=True)
class Family:
    """Metrics that differ in what they select; `selects` shows the form of the selection, empty where there is none."""

    name: str
    unit: str
    better: str
    meaning: str
    value: Value
    selects: str = ""
    parse: Callable[[str], Selection] = select.plain

    @property
    def cache_part(self) -> str:
        """The part of a selection that names a cache; empty where none does."""
        return "first" if self.selects == "CACHE" else "place" if self.selects.endswith("@CACHE") else ""


def _latencies(observation: Observation, chosen: Selection) -> Distribution:
    return merge_rows(
        row
        for row in observation.measurement.latency
        if chosen.first in ("", row.operation) and chosen.path in ("", row.path) and chosen.place in ("", row.cache)
    )


def _latency(figure: Callable[[Distribution, int], float]) -> Value:
    def value(observation: Observation, chosen: Selection) -> float | None:
        latencies = _latencies(observation, chosen)
        return figure(latencies, observation.measurement.frequency_hz) if latencies.values else None

    return value


def _point(share: int) -> Value:
    return _latency(lambda latencies, hz: nanoseconds(latencies.percentile(share), hz))


def _throughput(observation: Observation, chosen: Selection) -> float | None:
    measured, count = observation.measurement, _latencies(observation, chosen).count
    return ratio(count * measured.frequency_hz, measured.cycles, 1) if measured.cycles else None


def _cause(name: str) -> Value:
    def value(observation: Observation, chosen: Selection) -> float | None:
        rows = _attribution(observation, chosen)
        operations = sum(row.operations for row in rows)
        if not operations:
            return None
        cycles = sum(row.causes.get(name, 0) for row in rows)
        return mean_nanoseconds(cycles, operations, observation.measurement.frequency_hz)

    return value


def _attribution(observation: Observation, chosen: Selection) -> list[AttributionRow]:
    rows = observation.measurement.attribution
    return [row for row in rows if chosen.first in ("", row.operation) and chosen.path in ("", row.path)]


def lock_class(row: LockRow) -> str:
    """Return the class of a lock without its cache: `list_lock` of `mixed:list_lock`."""
    return row.name.rpartition(":")[2]


def _locks(observation: Observation, chosen: Selection) -> Iterable[LockRow]:
    for row in observation.measurement.locks:
        if chosen.first in ("", lock_class(row)) and chosen.place in ("", row.name.rpartition(":")[0]):
            yield row


def _lock(figure: Callable[[LockRow], int], together: Callable[..., int] = sum, time: bool = True) -> Value:
    def value(observation: Observation, chosen: Selection) -> float | None:
        found = together([0, *(figure(row) for row in _locks(observation, chosen))])
        return nanoseconds(found, observation.measurement.frequency_hz) if time else found

    return value


def _objects(which: Callable[[NodeRow], tuple[int, ...]], share: bool = False) -> Value:
    def value(observation: Observation, _chosen: Selection) -> float | None:
        nodes = observation.measurement.nodes
        far = sum(remote(place, which(row)) for place, row in enumerate(nodes))
        near = sum(local(place, which(row)) for place, row in enumerate(nodes))
        if not share:
            return far
        return ratio(100 * far, near + far) if near + far else None

    return value


def _parked(figure: Callable[[ParkedRow], int]) -> Value:
    def value(observation: Observation, chosen: Selection) -> float | None:
        if not observation.parked:
            return None
        return sum(figure(row) for row in observation.parked if chosen.first in ("", row.cache))

    return value


def _irqs_off(figure: str, together: Callable[..., int]) -> Value:
    def value(observation: Observation, chosen: Selection) -> float | None:
        rows = [row for row in observation.measurement.irqs_off if chosen.first in ("", row.site)]
        cycles = together([0, *(getattr(row, figure) for row in rows)])
        return nanoseconds(cycles, observation.measurement.frequency_hz)

    return value


def _irq_delay(observation: Observation, chosen: Selection) -> float | None:
    rows = [row.delay_max for row in observation.measurement.interrupts if chosen.first in ("", row.vector)]
    return nanoseconds(max(rows), observation.measurement.frequency_hz) if rows else None


def _lines(sources: tuple[str, ...], each: int = 1) -> Value:
    def value(observation: Observation, chosen: Selection) -> float | None:
        wanted = (chosen.first,) if chosen.first else sources
        rows = observation.measurement.transfers
        numbers = [row.node for row in rows] + [row.node for row in observation.measurement.nodes]
        if chosen.place and chosen.place not in {f"node{number}" for number in numbers}:
            return None
        near = [row for row in rows if row.source in wanted and chosen.place in ("", f"node{row.node}")]
        return each * sum(row.lines for row in near)

    return value


def _pages(name: str) -> Value:
    return lambda observation, _: sum(row.numastat.get(name, 0) for row in observation.measurement.nodes)


def _event(name: str) -> Value:
    return lambda observation, _: observation.measurement.events.get(name)


_OPERATIONS: Final = "OPERATION/PATH@CACHE"
_LOCK: Final = "CLASS@CACHE"
_BY_LOCK: Final = select.at(LOCKS, "lock class")
_BY_SOURCE: Final = select.at(SOURCES, "source", nodes=True)
_POINTS: Final = (("p50", 50_000), ("p90", 90_000), ("p99", 99_000), ("p99.9", 99_900))


def _all_families() -> Iterable[Family]:
    of = select.operations
    yield Family("throughput", "operations/s", "higher", "operations a second of simulated time", _throughput,
                 _OPERATIONS, of)  # fmt: skip
    yield Family("operations", "", "", "operations that ended", lambda o, s: _latencies(o, s).count, _OPERATIONS, of)
    yield Family("time", "ns", "lower", "length of the region of interest",
                 lambda o, _: nanoseconds(o.measurement.cycles, o.measurement.frequency_hz))  # fmt: skip
    mean = _latency(lambda latencies, hz: mean_nanoseconds(latencies.total, latencies.count, hz))
    yield Family("latency.mean", "ns", "lower", "mean latency", mean, _OPERATIONS, of)
    for name, share in _POINTS:
        told = f"latency that {name[1:]} % of operations do not exceed (nearest rank)"
        yield Family(f"latency.{name}", "ns", "lower", told, _point(share), _OPERATIONS, of)
    longest = _latency(lambda latencies, hz: nanoseconds(latencies.maximum, hz))
    yield Family("latency.max", "ns", "lower", "longest latency", longest, _OPERATIONS, of)
    for name in CAUSE_NAMES:
        told = f"mean time an operation spent on {name} (`simslab explain {name}`)"
        yield Family(f"cause.{name}", "ns", "lower", told, _cause(name), "OPERATION/PATH", of)
    yield from _lock_families()
    yield from _place_families()


def _lock_families() -> Iterable[Family]:
    counts = (
        ("acquisitions", "", "times taken", lambda row: row.acquisitions),
        ("contended", "lower", "times taken after a wait", lambda row: row.contended),
    )
    for name, better, told, figure in counts:
        yield Family(f"lock.{name}", "", better, told, _lock(figure, time=False), _LOCK, _BY_LOCK)
    yield Family("lock.wait", "ns", "lower", "sum of all waits", _lock(lambda row: row.wait_total), _LOCK, _BY_LOCK)
    yield Family("lock.wait_max", "ns", "lower", "longest wait", _lock(lambda row: row.wait_max, max), _LOCK, _BY_LOCK)
    yield Family("lock.hold", "ns", "lower", "sum of all holds", _lock(lambda row: row.hold_total), _LOCK, _BY_LOCK)
    yield Family("lock.hold_max", "ns", "lower", "longest hold", _lock(lambda row: row.hold_max, max), _LOCK, _BY_LOCK)


def _place_families() -> Iterable[Family]:
    yield Family("remote.allocs", "", "lower", "objects allocated from another node's memory",
                 _objects(lambda row: row.allocated))  # fmt: skip
    yield Family("remote.frees", "", "lower", "objects freed by a CPU of another node than their memory's",
                 _objects(lambda row: row.freed))  # fmt: skip
    yield Family("remote.alloc_share", "%", "lower", "share of allocations from another node's memory",
                 _objects(lambda row: row.allocated, share=True))  # fmt: skip
    yield Family("remote.free_share", "%", "lower", "share of frees of another node's memory",
                 _objects(lambda row: row.freed, share=True))  # fmt: skip
    arrays, slabs = _parked(lambda row: row.in_arrays * row.size), _parked(lambda row: row.pages * PAGE)
    yield Family("memory.arrays", "bytes", "lower", "free objects parked in per-CPU, shared and alien arrays", arrays,
                 "CACHE")  # fmt: skip
    yield Family("memory.free_in_slabs", "bytes", "lower", "free objects left in slabs, beside those in arrays",
                 _parked(lambda row: row.free_in_slabs * row.size), "CACHE")  # fmt: skip
    yield Family("memory.slabs", "bytes", "lower", "pages of slabs, of all caches or one", slabs, "CACHE")
    yield Family("irqs_off.max", "ns", "lower", "longest stretch with interrupts masked", _irqs_off("maximum", max),
                 "CALL_SITE", select.call_site)  # fmt: skip
    yield Family("irqs_off.total", "ns", "lower", "all time with interrupts masked", _irqs_off("total", sum),
                 "CALL_SITE", select.call_site)  # fmt: skip
    yield Family("irq_delay.max", "ns", "lower", "longest delay of an interrupt, arrival to delivery", _irq_delay,
                 "VECTOR")  # fmt: skip
    yield Family("traffic.lines", "", "lower", "cache lines fetched from all sources, or one", _lines(SOURCES),
                 "SOURCE@nodeN", _BY_SOURCE)  # fmt: skip
    yield Family("traffic.remote_bytes", "bytes", "lower", "bytes of lines fetched from other nodes",
                 _lines(FAR, LINE), "SOURCE@nodeN", select.at(FAR, "source", nodes=True))  # fmt: skip
    for name in NUMASTAT:
        yield Family(f"pages.{name}", "", "", f"pages that numastat counts as {name}", _pages(name))
    for name, told in EVENTS.items():
        yield Family(f"events.{name}", "", "", told, _event(name))


FAMILIES: Final[dict[str, Family]] = {family.name: family for family in _all_families()}
