"""What differs between two stored results: first what they were made from, then what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from simslab.result.latency import by_path, summarize
from simslab.result.measurement import Measurement
from simslab.result.nanoseconds import nanoseconds
from simslab.result.result_file import from_json
from simslab.result.stored import Stored, flat

Row = tuple[str, str, str]
ABSENT: Final = "-"
INPUTS: Final = (
    "kind",
    "simslab_version",
    "simslab_code",
    "machine",
    "workload",
    "seeds",
    "arms",
    "merged_caches",
    "inputs",
)


def input_differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Row]:
    """Return (what, first, second) of everything that two manifests state differently, the host's facts last.

    `overrides` are left out: what they changed stands among the values.
    """
    rows: list[Row] = []
    for part in INPUTS:
        rows += _unequal(part, _without_overrides(first.get(part)), _without_overrides(second.get(part)))
    hosts = [manifest.get("host") for manifest in (first, second)]
    facts = [{k: v for k, v in host.items() if k != "command"} if isinstance(host, Mapping) else host for host in hosts]
    return rows + _unequal("host", facts[0], facts[1])


def _without_overrides(value: Any) -> Any:
    if isinstance(value, Mapping) and isinstance(value.get("resolved"), Mapping):
        return {"name": value.get("name"), **value["resolved"]}
    return value


def _unequal(part: str, first: Any, second: Any) -> list[Row]:
    left, right = dict(flat(first, part)), dict(flat(second, part))
    return [
        (path, _told(left.get(path, ABSENT)), _told(right.get(path, ABSENT)))
        for path in dict.fromkeys([*left, *right])
        if left.get(path, ABSENT) != right.get(path, ABSENT)
    ]


def _told(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def figure_differences(first: Measurement, second: Measurement) -> list[Row]:
    """Return (figure, first, second) of all figures that differ: counts whole, times in ns.

    Where only what these leave out differs (attribution, interrupts, pages, the log), its parts are named in one row.
    """
    left, right = dict(_figures(first)), dict(_figures(second))
    found = [
        (name, left.get(name, ABSENT), right.get(name, ABSENT))
        for name in dict.fromkeys([*left, *right])
        if left.get(name) != right.get(name)
    ]
    parts = [part.name for part in fields(first) if getattr(first, part.name) != getattr(second, part.name)]
    return found if found or not parts else [(f"parts of result.json: {', '.join(parts)}", "one", "another")]


def _figures(measurement: Measurement) -> Iterator[tuple[str, str]]:
    frequency = measurement.frequency_hz
    yield "time (ns)", f"{nanoseconds(measurement.cycles, frequency):,.3f}"
    for (operation, path), latencies in by_path(measurement).items():
        figures = summarize(latencies, frequency)
        yield f"{operation} {path} operations", f"{figures.count:,}"
        yield from ((f"{operation} {path} {name} (ns)", f"{value:,.1f}") for name, value in figures.ns.items())
    for row in measurement.locks:
        yield f"{row.name} {row.site} acquisitions", f"{row.acquisitions:,}"
        yield f"{row.name} {row.site} wait (ns)", f"{nanoseconds(row.wait_total, frequency):,.1f}"
    for node in measurement.nodes:
        yield f"node {node.node} objects allocated by memory's node", ", ".join(map(str, node.allocated))
        yield f"node {node.node} objects freed by memory's node", ", ".join(map(str, node.freed))


def measured(result: Stored) -> Measurement | None:
    """Return the measurement of a stored run, None of anything else."""
    text = result.text("result.json")
    return None if text is None else from_json(text, str(result.directory / "result.json"))
