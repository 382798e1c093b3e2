"""Maps of figures between nodes or CPUs: darker is more, and up to eight of a side the figures stand in the cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from simslab.base.errors import UserError
from simslab.report.canvas import FONT_SIZE, new_figure
from simslab.report.fitting import BESIDE, LETTER, folded, panel_inches
from simslab.report.plot.drawn import Drawn, Row
from simslab.report.plot.options import Options
from simslab.report.plot.shades import draw_shades
from simslab.report.plot.sources import Arm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WRITTEN: Final = 8  # up to so many rows the cells hold figures, above it only shades beside a scale
NAMED: Final = 16  # rows and columns that are named; of more every second, fourth, ...
SCALE_HEIGHT: Final = 0.4  # inches that the scale of shades below a map takes
MOST_MAPS: Final = 8

Matrix = Sequence[Sequence[float | None]]


def draw_map(axes: Axes, matrix: Matrix, names: Sequence[str], unit: str, font_size: float = FONT_SIZE) -> None:
    """Draw a square map; None is an empty cell. Cells are vectors, not a picture, so that PGF can hold them."""
    values = [[float("nan") if value is None else float(value) for value in row] for row in matrix]
    known = [value for row in values for value in row if value == value]
    edges = [place - 0.5 for place in range(len(names) + 1)]
    shades = draw_shades(axes, edges, edges, values, "Blues", max([1e-9, *known]))
    axes.set(aspect="equal", xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5))
    axes.grid(visible=False)
    least = -(-len(names) // _named(axes, names))
    every = range(0, len(names), 1 << (least - 1).bit_length())  # every second, fourth, eighth, ...
    axes.set_xticks(list(every), [names[place] for place in every])
    axes.set_yticks(list(every), [names[place] for place in every])
    axes.spines[["top", "right"]].set_visible(True)
    if len(names) > WRITTEN:
        # Below the map, whose names and title would else run into it where the map is small.
        axes.figure.colorbar(shades, ax=axes, label=unit, location="bottom", shrink=0.8, aspect=25)
        return
    dark = 0.6 * max([1e-9, *known])
    for y, row in enumerate(values):
        for x, value in enumerate(row):
            if value == value:
                colour = "white" if value > dark else "black"
                text = _figure(value)
                size = font_size * min(1.0, 6 / max(len(text), 1), 6 / len(names) + 0.2)
                axes.text(x, y, text, ha="center", va="center", color=colour, fontsize=size)


def _named(axes: Axes, names: Sequence[str]) -> int:
    """Return how many names have room side by side below a map."""
    letters = (panel_inches(axes) - BESIDE) * 72 / FONT_SIZE
    return max(2, min(NAMED, int(letters / (LETTER * max(map(len, names)) + 0.8))))


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def draw_nodes(title: str, arms: Sequence[Arm], options: Options) -> Drawn:
    """Draw objects allocated and freed, node of the CPU by node of the memory, a row of maps for each arm."""
    runs = [arm for arm in arms if arm.measurement is not None and arm.measurement.nodes]
    if not runs:
        raise UserError("objects by node are not stored", expected="results of `run --out`")
    if len(runs) > MOST_MAPS:
        raise UserError(f"{len(runs)} arms do not fit on a page (at most {MOST_MAPS})", expected="fewer with --arm")
    side = options.width / 2
    scale = SCALE_HEIGHT if any(len(arm.measurement.nodes) > WRITTEN for arm in runs if arm.measurement) else 0.0
    figure = new_figure(options.height or 0.1 + (side + 0.15 + scale) * len(runs), options.width)
    all_axes = figure.subplots(len(runs), 2, squeeze=False)
    rows: list[Row] = []
    for arm, pair in zip(runs, all_axes, strict=True):
        for axes, done in zip(pair, ("allocated", "freed"), strict=True):
            rows += _nodes(axes, arm, done, options, several=len(runs) > 1)
    figure.suptitle(options.titled(title), fontsize=options.font_size * 7.5 / 7) if options.titled(title) else None
    return Drawn(figure, ("arm", "objects", "cpu_node", "memory_node", "count"), tuple(rows))


def _nodes(axes: Axes, arm: Arm, done: str, options: Options, several: bool) -> list[Row]:
    nodes = arm.measurement.nodes if arm.measurement is not None else []
    numbers = [node.node for node in nodes]
    matrix = [list(getattr(node, done)) for node in nodes]
    draw_map(axes, matrix, [str(number) for number in numbers], "objects", options.font_size)
    axes.set(xlabel="memory on node", ylabel="by CPUs of node")
    letters = int((options.width / 2 - BESIDE) * 72 / (options.font_size * 7.5 / 7) / LETTER)
    axes.set_title(folded(f"{arm.label}: {done}", letters) if several else f"objects {done}")
    return [
        (arm.label, done, reader, home, matrix[i][j])
        for i, reader in enumerate(numbers)
        for j, home in enumerate(numbers)
    ]
