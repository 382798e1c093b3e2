"""`result.json`: a measurement and the figures derived from it, versioned, and read back.

Cycles and counts are integers. Every `ns` is derived from cycles, rounded half up to three decimals (whole
picoseconds); means in cycles likewise. Keys keep the order of the model below, so the same measurement gives the same
bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simslab.base.documents.input import read_text
from simslab.base.errors import UserError
from simslab.result.latency import Distribution, LatencySummary, by_operation, by_path, merge_rows, summarize
from simslab.result.measurement import Measurement
from simslab.result.nanoseconds import nanoseconds, ratio
from simslab.result.soundness import check_sound

FORMAT: Final = "simslab-result"
VERSION: Final = 1
EXPECTED: Final = "a directory that `run --out` wrote, or its result.json"
SELDOM: Final = (
    "merged",
    "tuned_merged",
    "trace_phases",
    "aged",
    "memcg",
)  # parts of a measurement that are left out where they are empty

Count = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LatencyFigures(_Strict):
    """Figures of one distribution; `operation` or `path` is `all` where it covers all of them."""

    operation: str
    path: str
    count: Count
    total_cycles: Count
    mean_cycles: float
    cycles: dict[str, int]
    ns: dict[str, float]


class Derived(_Strict):
    """What follows from the measurement, kept so that readers need no arithmetic of their own."""

    operations: Count
    ns: Annotated[float, Field(ge=0, description="length of the region of interest, 3 decimals")]
    operations_per_second: Annotated[float, Field(ge=0, description="of simulated time, 1 decimal")]
    latency: list[LatencyFigures]


class ResultFile(_Strict):
    """A simslab result: `measurement` as counted, `derived` computed from it."""

    format: Literal["simslab-result"] = FORMAT
    version: Literal[1] = VERSION
    derived: Derived
    measurement: Measurement


def result_file(measurement: Measurement) -> ResultFile:
    """Return the content of `result.json` for `measurement`."""
    return ResultFile(derived=derive(measurement), measurement=measurement)


def derive(measurement: Measurement) -> Derived:
    """Return the figures that follow from `measurement`."""
    frequency = measurement.frequency_hz
    everything = merge_rows(measurement.latency)
    return Derived(
        operations=everything.count,
        ns=nanoseconds(measurement.cycles, frequency),
        operations_per_second=ratio(everything.count * frequency, measurement.cycles, 1),
        latency=[_figures(operation, path, latencies, frequency) for operation, path, latencies in groups(measurement)],
    )


def groups(measurement: Measurement) -> list[tuple[str, str, Distribution]]:
    """Return (operation, path, latencies) for everything, then per operation, each followed by its paths."""
    paths = by_path(measurement)
    result = [("all", "all", merge_rows(measurement.latency))]
    for operation, latencies in by_operation(measurement).items():
        result.append((operation, "all", latencies))
        result += [(operation, key[1], path) for key, path in paths.items() if key[0] == operation]
    return result


def _figures(operation: str, path: str, latencies: Distribution, frequency_hz: int) -> LatencyFigures:
    figures: LatencySummary = summarize(latencies, frequency_hz)
    return LatencyFigures(
        operation=operation,
        path=path,
        count=figures.count,
        total_cycles=figures.total_cycles,
        mean_cycles=figures.mean_cycles,
        cycles=figures.cycles,
        ns=figures.ns,
    )


def to_json(measurement: Measurement) -> str:
    """Return the text of `result.json`."""
    document = result_file(measurement).model_dump(mode="json")
    for key in SELDOM:
        if not document["measurement"][key]:
            del document["measurement"][key]
    return json_text(document)


def json_text(value: Any) -> str:
    """Return `value` as JSON, one level of keys a line as far as lists of numbers stay on one; ends with a newline."""
    return _rendered(value, "") + "\n"


def _rendered(value: Any, indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, dict) and value:
        parts = [f"{inner}{json.dumps(key)}: {_rendered(member, inner)}" for key, member in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(member, dict | list) for member in value):
        return "[\n" + ",\n".join(inner + _rendered(member, inner) for member in value) + f"\n{indent}]"
    return json.dumps(value, allow_nan=False)


def from_json(text: str, file: str = "result.json") -> Measurement:
    """Return the measurement in the text of a `result.json`; UserError if it is none of this version."""
    try:
        measurement = ResultFile.model_validate_json(text).measurement
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(map(str, first["loc"]))
        expected = f"a {FORMAT} of version {VERSION}"
        if path == "version" and first["type"] != "missing":
            raise UserError(f"is a result of version {first['input']!r:.20}", file=file, expected=expected) from None
        raise UserError(f"is not a simslab result: {first['msg']}", file=file, path=path, expected=expected) from None
    check_sound(measurement, file)
    return measurement


def load(path: str | Path) -> Measurement:
    """Return the measurement in a `result.json`, or in the one of a result directory."""
    file = Path(path)
    file = file / "result.json" if file.is_dir() else file
    return from_json(read_text(file, EXPECTED), str(file))


def schema_text() -> str:
    """Return the JSON Schema of `result.json`; the shipped `result.schema.json` holds this text."""
    schema = ResultFile.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json_text(dict(sorted(schema.items())))


def shipped_schema() -> dict[str, Any]:
    """Return the shipped JSON Schema of `result.json`."""
    text = Path(__file__).with_name("result.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
