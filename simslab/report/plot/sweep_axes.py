"""How the points of a sweep lie in a figure: which parameter is which axis, and where its values stand."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from simslab.base.errors import UserError, near_miss
from simslab.base.units import in_base_unit
from simslab.report.comparison.sweep_text import MetricTable, PointRow, SweepTable
from simslab.report.plot.options import Options

_QUANTITY: Final = re.compile(r"([x+]?)(-?\d+(?:\.\d+)?)\s*([A-Za-z/%]*)")
WIDE: Final = 5.0  # values whose largest is so many times the smallest stand on a logarithmic axis
MOST_PANELS: Final = 12
NOT_SET: Final = "not set"  # what a point leaves alone


@dataclass(frozen=True)
class Axis:
    """One parameter: its name, the values in the order of their size, where they stand, and on what scale."""

    name: str
    label: str
    values: tuple[str, ...]
    places: tuple[float, ...]
    scale: str  # log, linear, or "" for words, which stand side by side
    ticks: tuple[str, ...]


@dataclass(frozen=True)
class Panel:
    """One plot: a metric, at fixed values of the parameters that are no axis."""

    metric: MetricTable
    fixed: tuple[tuple[str, str], ...]
    rows: tuple[PointRow, ...]

    @property
    def title(self) -> str:
        """Metric and unit."""
        unit = f" ({self.metric.unit})" if self.metric.unit else ""
        return f"{self.metric.metric}{unit}"

    @property
    def held(self) -> str:
        """What is fixed."""
        return ", ".join(named(name, value) for name, value in self.fixed)


def last(path: str) -> str:
    """Return the last two parts of a path, which is what a reader calls it: `upi.latency`, `mixed.limit`."""
    return ".".join(path.split(".")[-2:])


def named(path: str, value: str) -> str:
    """Return a parameter's value as a figure names it; of a point that leaves the parameter alone in words."""
    return f"{last(path)} {value or NOT_SET}"


def short(row: PointRow) -> str:
    """Return a point's values as a figure names them; of what has no parameters its label."""
    parts = [value if name == "arm" else named(name, value) for name, value in row.parameters.items()]
    return ", ".join(parts) or row.label


def names_of(table: SweepTable) -> list[str]:
    """Return the parameters that vary, those with most values first; UserError where there is none.

    Of those that have one value everywhere (`together`) the first stands for all.
    """
    rows = table.metrics[0].rows
    every = dict.fromkeys(name for row in rows for name in row.parameters)
    names = [name for name in every if together(table, name)[0] == name]
    if not names:
        raise UserError("nothing varies in it", expected="a store with several points")
    counts = {name: len({row.parameters.get(name) for row in rows}) for name in names}
    return sorted(names, key=lambda name: (-counts[name], names.index(name)))


def together(table: SweepTable, name: str) -> list[str]:
    """Return the parameters that have the value of `name` at every point, it among them: `tune --order` sets two."""
    rows = table.metrics[0].rows
    every = dict.fromkeys(each for row in rows for each in row.parameters)
    return [each for each in every if all(row.parameters.get(each) == row.parameters.get(name) for row in rows)]


def chosen_axes(table: SweepTable, options: Options, needed: int) -> list[str]:
    """Return the parameters for x and y: those asked for, or else those with most values; numbers rather than words."""
    names = names_of(table)
    asked = []
    for option, text in (("--x", options.x), ("--y", options.y)):
        found = next((name for name in names if _means(text, together(table, name))), None)
        if text and found is None:
            raise UserError(
                f"{option} {text}: does not vary", expected=", ".join(names), near=near_miss(text, map(last, names))
            )
        asked.append(found)
    if len(names) < needed:
        raise UserError(f"only {names[0]} varies", expected="--kind lines")
    spare = [name for name in names if name not in asked]
    spare.sort(key=lambda name: not axis_of(table, name).scale)
    return [name or spare.pop(0) for name in asked[: max(needed, min(2, len(names)))]]


def _means(text: str, names: Sequence[str]) -> bool:
    return any(text in (name, last(name), name.rpartition(".")[2]) for name in names)


def axis_of(table: SweepTable, name: str) -> Axis:
    """Return a parameter as an axis."""
    values = list(dict.fromkeys(row.parameters.get(name, "") for row in table.metrics[0].rows))
    matches = [_QUANTITY.fullmatch(value) for value in values]
    found = [match for match in matches if match is not None]
    signs, measured = {match[1] for match in found}, _in_one_unit([(match[2], match[3]) for match in found])
    several = together(table, name)
    called = " =\n".join(each.rpartition(".")[2] for each in several) if len(several) > 1 else last(name)
    if len(found) < len(values) or len(signs) > 1 or measured is None or len(values) == 1:
        ticks = tuple(value or NOT_SET for value in values)
        return Axis(name, called, tuple(values), tuple(map(float, range(len(values)))), "", ticks)
    unit, numbers = measured
    ordered = sorted(zip(numbers, values, strict=True))
    places = tuple(number for number, _ in ordered)
    scale = "log" if places[0] > 0 and places[-1] / places[0] >= WIDE else "linear"
    label = called + (f" ({unit})" if unit else "")
    ticks = tuple(f"{next(iter(signs))}{_number(number)}" for number in places)
    return Axis(name, label, tuple(value for _, value in ordered), places, scale, ticks)


def _in_one_unit(quantities: Sequence[tuple[str, str]]) -> tuple[str, list[float]] | None:
    """Return the unit of the smallest of quantities (number, unit), and all in it; None of several kinds."""
    units = [unit for _, unit in quantities]
    if len(set(units)) == 1:
        return units[0], [float(number) for number, _ in quantities]
    sizes = [size for each in quantities if (size := in_base_unit(*each)) is not None]
    if len(sizes) < len(quantities) or len({kind for _, kind in sizes}) != 1:
        return None
    unit = min(zip(sizes, units, strict=True))[1]
    one = in_base_unit("1", unit)
    return None if one is None else (unit, [float(size / one[0]) for size, _ in sizes])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) and value >= 10_000 else f"{value:g}"


def sweep_panels(table: SweepTable, axes: Sequence[str], options: Options) -> list[Panel]:
    """Return a panel for each metric and each combination of the other parameters; UserError if they are too many."""
    others = [name for name in names_of(table) if name not in axes]
    panels = []
    for metric in table.metrics:
        groups: dict[tuple[tuple[str, str], ...], list[PointRow]] = {}
        for row in metric.rows:
            groups.setdefault(tuple((name, row.parameters.get(name, "")) for name in others), []).append(row)
        panels += [Panel(metric, held, tuple(rows)) for held, rows in groups.items()]
    if len(panels) > MOST_PANELS:
        told = f"{len(panels)} plots do not fit on a page (at most {MOST_PANELS})"
        fixed = f", or `simslab plot STORE` with --at NAME=VALUE for {' and '.join(others)}" if others else ""
        raise UserError(told, expected="fewer with --metric" + fixed)
    return panels


def grid_of(panels: int, width: float) -> tuple[int, int]:
    """Return rows and columns of panels on a figure so wide (inches)."""
    fitting = range(1, 1 + min(panels, max(1, math.floor(width / 2.3))))
    rows, columns = min((-(-panels // columns), columns) for columns in fitting)
    return rows, columns
