"""Sweeps as lines with interval bands, as bars with intervals, and as heat maps."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from simslab.base.errors import UserError
from simslab.report.canvas import LINES, line_look, new_figure, place_legend
from simslab.report.comparison.sweep_text import PointRow, SweepTable
from simslab.report.fitting import BESIDE, LETTER, panel_inches
from simslab.report.plot.drawn import Drawn, Row
from simslab.report.plot.options import Options, set_limits
from simslab.report.plot.sweep_axes import Axis, Panel, axis_of, chosen_axes, grid_of, named, sweep_panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Series: TypeAlias = Callable[[Axes, Panel, Axis, Axis | None], list[Row]]

MARKS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")  # beside dashes: bands hide the ends of short lines
LINE_HEIGHT: Final = 1.7  # inches
GROUP: Final = 0.8  # of the distance between two values on the x axis that their bars fill
HATCHES: Final = ("", "////", "....", "xxxx", "\\\\\\\\", "----", "++++", "oo")  # beside colours, for grey paper
COLUMNS: Final = ("metric", "unit", "point", "x", "y", "seeds", "mean", "low", "high", "difference", "difference_low",
                  "difference_high", "verdict")  # fmt: skip


def draw_lines(table: SweepTable, options: Options) -> Drawn:
    """Draw each metric over one parameter, a line for each value of another, with the means' 95 % intervals."""
    return _draw_series(table, options, _lines)


def draw_bars(table: SweepTable, options: Options) -> Drawn:
    """Draw each metric over one parameter, a bar with its mean's 95 % interval for each value of another."""
    return _draw_series(table, options, _bars)


def check_layout(table: SweepTable, kind: str) -> None:
    """Refuse points, run or not, that lines, bars or a heat map could not show unless told more."""
    if kind == "heat-map":
        sweep_panels(table, chosen_axes(table, Options(), 2), Options())
    else:
        _laid_out(table, Options())


def _laid_out(table: SweepTable, options: Options) -> tuple[Axis, Axis | None, list[Panel]]:
    """Return what is drawn along x, what has a line for each value, and the panels; UserError if it is too much."""
    names = chosen_axes(table, options, 1)
    x, y = axis_of(table, names[0]), axis_of(table, names[1]) if len(names) > 1 else None
    if y is not None and len(y.values) > len(LINES):
        told = f"{len(y.values)} lines ({y.name}) cannot be told apart (at most {len(LINES)})"
        raise UserError(told, expected="--kind heat-map, or another --y")
    return x, y, sweep_panels(table, names, options)


def _draw_series(table: SweepTable, options: Options, series: Series) -> Drawn:
    """Draw each metric in panels of their own, with `series` for what stands in them."""
    from matplotlib.ticker import FuncFormatter

    x, y, panels = _laid_out(table, options)
    if series is _bars:
        x = replace(x, places=tuple(range(len(x.values))), scale="")  # side by side, whatever their size
    rows, columns = grid_of(len(panels), options.width)
    beside = 1 if y is None else _columns(y, options.width / columns - 0.6)
    legend = 0.0 if y is None or options.legend != "above" else 0.13 * -(-len(y.values) // beside)
    figure = new_figure(options.height or (LINE_HEIGHT + legend) * rows + 0.2, options.width)
    all_axes = figure.subplots(rows, columns, squeeze=False)
    data: list[Row] = []
    for number, panel in enumerate(panels):
        axes = all_axes[number // columns, number % columns]
        data += series(axes, panel, x, y)
        _dress_x(axes, x, options)
        axes.set_ylabel(panel.title)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: amount(value)))
        with_legend = y is not None and number == (len(panels) - 1 if options.legend == "right" else 0)
        place_legend(axes, panel.held, options.legend if with_legend else "none", columns=beside, handle=2.6)
    _share_scales(panels, list(all_axes.flat))
    for axes in all_axes.flat[: len(panels)]:
        set_limits(axes, options)
    _finish(figure, all_axes, len(panels), table, options)
    return Drawn(figure, COLUMNS, tuple(data), table.levelled)


def _share_scales(panels: Sequence[Panel], all_axes: Sequence[Axes]) -> None:
    """Let all panels of a metric have the same y axis: they are read beside each other."""
    for title in dict.fromkeys(panel.title for panel in panels):
        kin = [axes for panel, axes in zip(panels, all_axes, strict=False) if panel.title == title]
        ends = [axes.get_ylim() for axes in kin]
        for axes in kin:
            axes.set_ylim(min(low for low, _ in ends), max(high for _, high in ends))


def _columns(y: Axis, width: float) -> int:
    letters = max(len(named(y.name, value)) for value in y.values)
    return max(1, min(4, int(width * 72 / (3.6 * letters + 34))))


def _lines(axes: Axes, panel: Panel, x: Axis, y: Axis | None) -> list[Row]:
    data: list[Row] = []
    for index, value in enumerate(y.values if y is not None else ("",)):
        at = dict(zip(x.values, x.places, strict=True))
        found = {row.parameters.get(x.name, ""): row for row in panel.rows
                 if y is None or row.parameters.get(y.name, "") == value}  # fmt: skip
        line = [(at[name], found[name]) for name in x.values if name in found and found[name].mean is not None]
        look = line_look(index)
        places, means = [place for place, _ in line], [row.mean for _, row in line]
        label = "" if y is None else named(y.name, value)
        axes.plot(places, means, marker=MARKS[index], markersize=3, label=label, **look)  # type: ignore[arg-type]
        banded = [(place, row) for place, row in line if row.low is not None]
        low, high = [row.low or 0.0 for _, row in banded], [row.high or 0.0 for _, row in banded]
        axes.fill_between([place for place, _ in banded], low, high, color=look["color"], alpha=0.18, linewidth=0)
        data += [_row(panel, row, x, y) for _, row in line]
    bottom, top = axes.get_ylim()
    if bottom < 0.35 * top:
        axes.set_ylim(bottom=min(0.0, bottom))
    return data


def _bars(axes: Axes, panel: Panel, x: Axis, y: Axis | None) -> list[Row]:
    data: list[Row] = []
    values = y.values if y is not None else ("",)
    width = GROUP / len(values)
    for index, value in enumerate(values):
        found = {row.parameters.get(x.name, ""): row for row in panel.rows
                 if row.mean is not None and (y is None or row.parameters.get(y.name, "") == value)}  # fmt: skip
        shift = (index - (len(values) - 1) / 2) * width
        at = {place + shift: found[name] for name, place in zip(x.values, x.places, strict=True) if name in found}
        axes.bar(list(at), [row.mean or 0.0 for row in at.values()], 0.92 * width, color=LINES[index][0], alpha=0.75,
                 edgecolor="white", linewidth=0, hatch=HATCHES[index],
                 label="" if y is None else named(y.name, value))  # fmt: skip
        _intervals(axes, {place: row for place, row in at.items() if row.low is not None})
        data += [_row(panel, row, x, y) for row in at.values()]
    axes.grid(visible=False, axis="x")
    axes.tick_params(axis="x", length=0)
    return data


def _intervals(axes: Axes, at: dict[float, PointRow]) -> None:
    """Draw the 95 % intervals of points, which have one."""
    means = [row.mean or 0.0 for row in at.values()]
    below = [mean - (row.low or 0.0) for mean, row in zip(means, at.values(), strict=True)]
    above = [(row.high or 0.0) - mean for mean, row in zip(means, at.values(), strict=True)]
    axes.errorbar(list(at), means, yerr=(below, above), fmt="none", ecolor="black", elinewidth=0.6, capsize=1.5,
                  capthick=0.6)  # fmt: skip


def _row(panel: Panel, row: PointRow, x: Axis, y: Axis | None) -> Row:
    return (
        panel.metric.metric, panel.metric.unit, row.label, row.parameters.get(x.name, ""),
        "" if y is None else row.parameters.get(y.name, ""), row.seeds,
        *("" if value is None else value for value in (row.mean, row.low, row.high, row.difference, row.difference_low,
                                                       row.difference_high)),
        row.verdict(),
    )  # fmt: skip


def _dress_x(axes: Axes, x: Axis, options: Options) -> None:
    """Name the values themselves below the axis: every one, or as many as fit, the first among them."""
    from matplotlib.ticker import NullFormatter, NullLocator

    if x.scale == "log":
        axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(x.label)
    size = options.font_size * 6.5 / 7
    letters = (panel_inches(axes) - BESIDE) * 72 / size
    words = any(letter.isalpha() for tick in x.ticks for letter in tick.lstrip("x+"))
    if words:  # each is a case of its own; they end at their place
        leaning = sum(map(len, x.ticks)) > 34
        named = list(zip(x.places, x.ticks, strict=True))[:: max(1, math.ceil(len(x.ticks) * 1.2 / letters))]
    else:
        leaning, named = False, _apart(x, letters)
    _name_places(axes, named, leaning)


def _name_places(axes: Axes, named: Sequence[tuple[float, str]], leaning: bool) -> None:
    places, ticks = [place for place, _ in named], [tick for _, tick in named]
    axes.set_xticks(places, ticks)
    if leaning:
        axes.tick_params(axis="x", rotation=30)
        axes.set_xticks(places, ticks, ha="right", rotation_mode="anchor")


def _apart(x: Axis, letters: float) -> list[tuple[float, str]]:
    """Return places and names of the values that have room side by side on an axis so many letters long."""
    place: Callable[[float], float] = math.log if x.scale == "log" else float
    ends = (place(x.places[0]), place(x.places[-1]))
    length = 0.9 * letters / ((ends[1] - ends[0]) or 1.0)  # of which a tenth lies beyond the values
    named: list[tuple[float, str]] = []
    for at, tick in zip(x.places, x.ticks, strict=True):
        width = 0.32 * (len(tick) + len(named[-1][1])) + 0.6 if named else 0.0
        if not named or (place(at) - place(named[-1][0])) * length >= width:
            named.append((at, tick))
    return named


def draw_heat_map(table: SweepTable, options: Options) -> Drawn:
    """Draw each metric over two parameters: shades and means, below them the difference from the base or `noise`."""
    names = chosen_axes(table, options, 2)
    x, y = (axis_of(table, name) for name in names[:2])
    panels = sweep_panels(table, names, options)
    rows, columns = grid_of(len(panels), options.width)
    side = options.width / columns
    leaning = _lean(x, y, side, options)
    height = min(side * 0.95, 0.55 + 0.34 * len(y.values)) + (0.37 if panels[0].held else 0.25)
    height += math.sin(math.radians(30)) * max(map(len, x.ticks)) * _letter(options) if leaning else 0.0
    figure = new_figure(options.height or height * rows + 0.2, options.width)
    all_axes = figure.subplots(rows, columns, squeeze=False)
    data: list[Row] = []
    for number, panel in enumerate(panels):
        axes = all_axes[number // columns, number % columns]
        _cells(axes, panel, x, y, side, options.font_size)
        _name_places(axes, list(enumerate(x.ticks)), leaning)
        axes.set_title("\n".join(part for part in (panel.title, panel.held) if part))
        data += [_row(panel, row, x, y) for row in panel.rows]
    _finish(figure, all_axes, len(panels), table, options)
    note = f"base (differences in %, 'noise' where the interval holds 0): {table.base}"
    return Drawn(figure, COLUMNS, tuple(data), (note, *table.levelled))


def _letter(options: Options) -> float:
    """Return how many inches a letter of a value's name is wide."""
    return LETTER * options.font_size * 6.5 / 7 / 72


def _lean(x: Axis, y: Axis, side: float, options: Options) -> bool:
    """Whether the names of two columns side by side are wider than these, where rows have such names beside them."""
    letters = (side - BESIDE) / _letter(options) - max(map(len, y.ticks)) + 4  # BESIDE has room for four
    widest = max((len(one) + len(other) for one, other in pairwise(x.ticks)), default=0) / 2 + 1
    return widest * len(x.ticks) > letters


def _scale(panel: Panel) -> tuple[float, float]:
    """Return the ends of a metric's shades, which are the same in all its panels."""
    known = [row.mean for row in panel.metric.rows if row.mean is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    return (low, high) if high > low else (low - 1, high + 1)


def _cells(axes: Axes, panel: Panel, x: Axis, y: Axis, side: float, font_size: float) -> None:
    low, high = _scale(panel)
    by_place = {(row.parameters.get(x.name, ""), row.parameters.get(y.name, "")): row for row in panel.rows}
    found = [[by_place.get((a, b)) for a in x.values] for b in y.values]
    means = [[float("nan") if row is None or row.mean is None else row.mean for row in line] for line in found]
    edges = [[place - 0.5 for place in range(len(axis.values) + 1)] for axis in (x, y)]
    axes.pcolormesh(*edges, means, cmap="Blues", vmin=low - 0.15 * (high - low), vmax=high, linewidth=0)
    axes.grid(visible=False)
    axes.set_yticks(range(len(y.values)), list(y.ticks))
    axes.set(xlabel=x.label, ylabel=y.label)
    size = font_size * min(1.0, (side - 0.5) / len(x.values) / 0.42)
    for j, line in enumerate(found):
        for i, row in enumerate(line):
            if row is not None and row.mean is not None:
                colour = "white" if row.mean > low + 0.55 * (high - low) else "black"
                axes.text(i, j, _told(row), ha="center", va="center", color=colour, fontsize=size, linespacing=1.0)


def _told(row: PointRow) -> str:
    text = amount(row.mean or 0.0)
    if row.difference is None or not row.base_mean:
        return text
    if row.verdict() in ("noise", "equal"):
        return f"{text}\n{row.verdict()}"
    percent = 100 * row.difference / row.base_mean
    return f"{text}\n{percent:+.0f}%" if abs(percent) >= 0.5 else f"{text}\n{percent:+.1g}%"  # never "-0%"


def amount(value: float) -> str:
    """Return a figure in few letters: 0.25, 914, 1,036, 34.5M."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:.4g}M"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _finish(figure: object, all_axes: object, used: int, table: SweepTable, options: Options) -> None:
    """Leave unused places empty, and put the title above."""
    flat: Sequence[Axes] = list(all_axes.flat)  # type: ignore[attr-defined]
    for axes in flat[used:]:
        axes.set_axis_off()
    own = " on ".join(part for part in (table.workload, table.machine) if part)
    title = options.titled(own)
    if title:
        figure.suptitle(title, fontsize=options.font_size * 7.5 / 7)  # type: ignore[attr-defined]
