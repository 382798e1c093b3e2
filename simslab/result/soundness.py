"""Whether a measurement that was read from a file is one that a run can have made, as far as reports rely on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final

from simslab.base.errors import UserError
from simslab.result.measurement import IrqDelayRow, IrqOffRow, LatencyRow, Measurement

LARGEST: Final = 1 << 62  # of any count: sums of them are Python's integers, figures of matplotlib's are not
EXPECTED: Final = "what a run wrote"


def check_sound(measurement: Measurement, file: str) -> None:
    """UserError, with the place of the first fault, for what no run can have measured."""
    if measurement.frequency_hz < 1:
        raise UserError(f"is {measurement.frequency_hz}", file=file, path="measurement.frequency_hz", expected=EXPECTED)
    for path, value in _numbers(measurement, "measurement"):
        if not 0 <= value < LARGEST and not path.endswith("seed"):
            raise UserError(f"is {value}", file=file, path=path, expected=EXPECTED)
    histograms: list[tuple[str, Sequence[LatencyRow | IrqOffRow | IrqDelayRow]]] = [
        ("latency", measurement.latency),
        ("irqs_off", measurement.irqs_off),
        ("irq_delays", measurement.irq_delays),
        *((f"trace_phases[{i}].latency", row.latency) for i, row in enumerate(measurement.trace_phases)),
    ]
    for name, rows in histograms:
        _check_histograms(file, f"measurement.{name}", rows)
    for index, row in enumerate(measurement.nodes):
        if len(row.allocated) != len(measurement.nodes) or len(row.freed) != len(measurement.nodes):
            path = f"measurement.nodes[{index}]"
            raise UserError("does not tell of every node", file=file, path=path, expected=EXPECTED)


def _check_histograms(file: str, path: str, rows: Sequence[LatencyRow | IrqOffRow | IrqDelayRow]) -> None:
    for index, row in enumerate(rows):
        rising = all(a < b for a, b in zip(row.cycles, row.cycles[1:], strict=False))
        if len(row.cycles) != len(row.counts) or not rising or not all(row.counts) or not row.counts:
            expected = "as many counts above 0 as cycles, which rise"
            raise UserError("is no histogram", file=file, path=f"{path}[{index}]", expected=expected)


def _numbers(value: Any, path: str) -> Iterator[tuple[str, int]]:
    """Yield the integers in a record at any depth, with their places."""
    if isinstance(value, int):
        yield path, value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _numbers(getattr(value, field.name), f"{path}.{field.name}")
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _numbers(member, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from _numbers(member, f"{path}[{index}]")
