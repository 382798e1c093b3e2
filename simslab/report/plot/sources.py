"""What is drawn from: stored results, comparisons and measurements of machines, read back by what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from simslab.base.documents.input import read_json, read_text, writable
from simslab.base.errors import UserError, near_miss
from simslab.report.comparison.comparison import FORMAT as COMPARISON
from simslab.report.comparison.comparison import VERSION as COMPARISON_VERSION
from simslab.report.comparison.sweep_text import MetricTable, PointRow, SweepTable
from simslab.result.latency import Distribution, distribution
from simslab.result.manifest import MANIFEST
from simslab.result.measurement import AttributionRow, LatencyRow, Measurement
from simslab.result.result_file import from_json
from simslab.workload.run.over_time.array_timeline import ArrayTimeline

EXPECTED: Final = "a directory that `run --out` or `compare --out` wrote, or the output of `measure --json`"
ALL: Final = "all"


@dataclass(frozen=True)
class Part:
    """Latencies of one operation, path and cache of one arm; a comparison keeps no paths and caches ("all")."""

    operation: str
    path: str
    cache: str
    cycles: Distribution


@dataclass(frozen=True)
class Arm:
    """One arm: a stored run, or an arm of a stored comparison (then without a measurement)."""

    label: str
    title: str  # workload and machine
    frequency_hz: int
    parts: tuple[Part, ...]
    measurement: Measurement | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""
    by_cache: Mapping[str, Sequence[AttributionRow]] = field(default_factory=dict)  # of a run that was made again


@dataclass(frozen=True)
class Sources:
    """All arms in the order given, measurements of machines by label, and tables of differences."""

    arms: tuple[Arm, ...] = ()
    machines: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    tables: tuple[SweepTable, ...] = ()  # of sweeps, and of comparisons: points with intervals
    timelines: tuple[ArrayTimeline, ...] = ()  # of runs made again


def read_sources(places: Sequence[str]) -> Sources:
    """Read what is stored at each of `places` (a path, or NAME=path); UserError if one is nothing of ours."""
    arms: list[Arm] = []
    machines: list[tuple[str, Mapping[str, Any]]] = []
    tables: list[SweepTable] = []
    for place in places:
        label, path = _labelled(place)
        document = _document(path)
        if document.get("format") == COMPARISON:
            arms += _comparison_arms(document, path)
            tables += [comparison_points(document)] if document.get("differences") else []
        elif "machine" in document and "nodes" in document and "format" not in document:
            machines.append((label or path.stem, document))
        else:
            arms.append(_run_arm(label, path))
    return Sources(tuple(_distinct(arms)), tuple(machines), tuple(tables))


def _labelled(place: str) -> tuple[str, Path]:
    """Return the label of `NAME=path` and the path; a path that exists is a path, whatever it holds."""
    name, equals, path = place.partition("=")
    if equals and name and path and not Path(place).exists():
        return name, Path(path)
    return "", Path(place)


def _document(path: Path) -> dict[str, Any]:
    """Return the JSON that tells what is stored at `path`."""
    file = path
    if path.is_dir():
        names = ("result.json", "comparison.json")
        file = next((path / name for name in names if (path / name).is_file()), path / names[0])
    document = read_json(file, EXPECTED)
    if not isinstance(document, dict):
        raise UserError("is nothing that can be drawn", file=str(file), expected=EXPECTED)
    return document


def _run_arm(label: str, path: Path) -> Arm:
    file = path / "result.json" if path.is_dir() else path
    measurement = from_json(read_text(file, EXPECTED), str(file))
    return measurement_arm(measurement, label or _name(path), _manifest(file.parent), str(path))


def measurement_arm(
    measurement: Measurement, label: str, manifest: Mapping[str, Any] | None = None, place: str = ""
) -> Arm:
    """Return the arm of one run."""
    parts = _parts(measurement.latency)
    title = f"{measurement.workload} on {measurement.machine}"
    return Arm(label, title, measurement.frequency_hz, parts, measurement, manifest or {}, place)


def node_arms(arm: Arm, latencies: Mapping[int, Sequence[LatencyRow]]) -> tuple[Arm, ...]:
    """Return an arm for each node, of a run whose latencies were told by the node of the CPU."""
    return tuple(replace(arm, label=f"node {node}", parts=_parts(rows)) for node, rows in latencies.items())


def _parts(rows: Sequence[LatencyRow]) -> tuple[Part, ...]:
    return tuple(
        Part(row.operation, row.path, row.cache, distribution(zip(row.cycles, row.counts, strict=True))) for row in rows
    )


def _name(path: Path) -> str:
    return writable(path.resolve().name if path.is_dir() else path.stem)


def _manifest(directory: Path) -> Mapping[str, Any]:
    try:
        manifest = read_json(directory / MANIFEST)
    except UserError:
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _comparison_arms(document: dict[str, Any], path: Path) -> list[Arm]:
    """Return the arms of a comparison, which keeps latencies by operation."""
    if document.get("version") != COMPARISON_VERSION:
        told = f"is a comparison of version {document.get('version')}"
        raise UserError(told, file=str(path), expected=f"version {COMPARISON_VERSION}")
    manifest = _manifest(path if path.is_dir() else path.parent)
    try:
        title = f"{document['workload']} on {document['machine']}"
        return [_comparison_arm(arm, title, manifest, str(path)) for arm in document["arms"]]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"is no whole comparison ({error})", file=str(path), expected=EXPECTED) from None


def comparison_points(document: Mapping[str, Any]) -> SweepTable:
    """Return a stored comparison's differences as the table of its arms."""
    found: dict[str, list[PointRow]] = {}
    for each in document["differences"]:
        by_seed, before, found_one = each["variant"], each["base"], each["difference"]
        row = PointRow(
            each["arm"], len(by_seed), fmean(by_seed), None, None, fmean(before), found_one["mean"],
            found_one["low"], found_one["high"], before == by_seed, {"arm": each["arm"]},
        )  # fmt: skip
        found.setdefault(each["metric"], []).append(row)
    tables = tuple(MetricTable(*_unit(metric), "", tuple(rows)) for metric, rows in found.items())
    base, *others = document["arms"]
    changed = [f"{arm['name']}: {', '.join(arm['settings'])}" for arm in others]
    return SweepTable(
        document["machine"], document["workload"], tuple(document["settings"]), base["name"],
        document.get("correction", ""),
        tables, (), (*changed, *document.get("notes", ())),
    )  # fmt: skip


def with_metrics(table: SweepTable, names: Sequence[str]) -> SweepTable:
    """Return a comparison's table with these metrics alone, in this order; UserError for one that it has not."""
    known = {metric.metric: metric for metric in table.metrics}
    for name in names:
        if name not in known:
            raise UserError(f"no {name} is stored", expected=", ".join(known), near=near_miss(name, known))
    return replace(table, metrics=tuple(known[name] for name in names))


def _unit(label: str) -> tuple[str, str]:
    name, _, rest = label.partition(" (")
    return name, rest.removesuffix(")")


def _comparison_arm(arm: dict[str, Any], title: str, manifest: Mapping[str, Any], place: str) -> Arm:
    operations = arm["by_operation"] or {ALL: arm}
    parts = tuple(
        Part(name, ALL, ALL, distribution(zip(each["cycles"], each["counts"], strict=True)))
        for name, each in operations.items()
    )
    return Arm(arm["name"], title, _frequency(arm), parts, None, manifest, place)


def _frequency(arm: dict[str, Any]) -> int:
    """Return the frequency of an arm; comparisons written before it was stored have it in their figures."""
    stored = arm.get("frequency_hz")
    if stored:
        return int(stored)
    cycles, ns = arm["latency_cycles"]["max"], arm["latency_ns"]["max"]
    return round(cycles * 1000 / ns) * 10**6 if ns else 10**9


def _distinct(arms: list[Arm]) -> list[Arm]:
    """Return the arms with labels that differ: of several runs of one name the directory above goes before it."""
    labels = [arm.label for arm in arms]
    if len(set(labels)) == len(labels):
        return arms
    told: list[Arm] = []
    for number, arm in enumerate(arms, 1):
        label = arm.label
        if labels.count(label) > 1:
            label = "/".join(Path(arm.place).resolve().parts[-2:])
        told.append(replace(arm, label=label if label not in {each.label for each in told} else f"{label} ({number})"))
    return told
