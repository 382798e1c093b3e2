"""What the arrays of one cache hold over time: shades for each CPU's, lines for the shared and alien ones of nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.report.canvas import LINES, line_look, new_figure, place_legend
from simslab.report.plot.drawn import Drawn, Row
from simslab.report.plot.matrices import NAMED
from simslab.report.plot.options import Options, set_limits
from simslab.report.plot.shades import draw_shades
from simslab.result.nanoseconds import nanoseconds
from simslab.workload.run.over_time.array_timeline import ArrayTimeline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHADED: Final = 64  # CPUs; of more the cells are outlines by shade
SAMPLES: Final = 200  # about, of a run
COLUMNS: Final = ("time_us", "array", "place", "objects")
KINDS: Final = {"shared": "shared", "alien": "aliens"}
CPU_HEIGHT: Final = 0.09  # inches a CPU
MOST_CPUS_HEIGHT: Final = 4.0  # of all together: a strip for each of 1,024 CPUs would be 92
LINES_HEIGHT: Final = 1.2

Curve = tuple[str, list[int]]


def draw_timeline(title: str, timelines: Sequence[ArrayTimeline], options: Options) -> Drawn:
    """Draw one cache's arrays; UserError where the run was not made again, or has nothing to show."""
    if not timelines:
        told = "--kind timeline: a result does not keep what it shows"
        raise UserError(told, expected="`simslab plot RESULT --kind timeline`, which runs it again")
    timeline = timelines[0]
    times = [nanoseconds(sample.time, timeline.frequency_hz) / 1000 for sample in timeline.samples]
    cpus, curves = _cpus(timeline), _curves(timeline)
    if not cpus and not curves:
        raise UserError(f"--kind timeline: the arrays of {timeline.cache} were empty all the time", expected="--cache")
    heights = [_height(len(cpus))] * bool(cpus) + [LINES_HEIGHT] * bool(curves)
    figure = new_figure(options.height or sum(heights) + 0.35 * len(heights) + 0.4, options.width)
    panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    if cpus:
        _draw_cpus(panels[0], times, cpus)
    if curves:
        _draw_curves(panels[-1], times, curves, options)
    panels[-1].set_xlabel("time (us)")
    panels[-1].set_xlim(left=0)
    set_limits(panels[-1], options)
    text = options.titled(f"{timeline.cache}: {title}")
    if text:
        figure.suptitle(text, fontsize=options.font_size * 7.5 / 7)
    return Drawn(figure, COLUMNS, _rows(timeline, times))


def _height(cpus: int) -> float:
    """Return the height in inches of the strips of so many CPUs."""
    return min(MOST_CPUS_HEIGHT, max(0.5, CPU_HEIGHT * cpus))


def _cpus(timeline: ArrayTimeline) -> list[Curve]:
    """Return the CPUs whose arrays held anything."""
    return [(place, column) for kind, place, column in _columns(timeline) if kind == "cpu" and any(column)]


def _curves(timeline: ArrayTimeline) -> list[Curve]:
    """Return a line for each node's shared array and alien arrays that held anything; of many nodes the sums."""
    held = [(kind, place, column) for kind, place, column in _columns(timeline) if kind != "cpu" and any(column)]
    if len(held) <= len(LINES):
        return [(f"{KINDS[kind]}, node {place}", column) for kind, place, column in held]
    together = {kind: [column for of, _, column in held if of == kind] for kind in KINDS}
    return [
        (f"{KINDS[kind]}, all nodes", [sum(objects) for objects in zip(*columns, strict=True)])
        for kind, columns in together.items()
        if columns
    ]


def _columns(timeline: ArrayTimeline) -> list[tuple[str, str, list[int]]]:
    """Return kind, place and objects at each time, of every array."""
    rows = [[level.avail for level in sample.levels] for sample in timeline.samples]
    levels = timeline.samples[0].levels if rows else ()
    return [
        (level.kind, str(level.place if level.kind == "cpu" else timeline.nodes[level.place]), [row[i] for row in rows])
        for i, level in enumerate(levels)
    ]


def _draw_cpus(axes: Axes, times: Sequence[float], cpus: Sequence[Curve]) -> None:
    """Draw a strip for each CPU, darker where its array holds more."""
    last = times[-1] + (times[-1] - times[0]) / max(1, len(times) - 1)
    edges = [place - 0.5 for place in range(len(cpus) + 1)]
    values = [column for _, column in cpus]
    mesh: Any
    if len(cpus) <= SHADED:
        mesh = axes.pcolormesh([*times, last], edges, values, cmap="Greys", vmin=0, edgecolors="face", linewidth=0.1)
    else:
        mesh = draw_shades(axes, [*times, last], edges, values, "Greys", max(map(max, values)))
        axes.set_xlim(times[0], last)
    every = range(0, len(cpus), -(-len(cpus) // NAMED))
    axes.set_yticks(list(every), [cpus[place][0] for place in every])
    axes.set_ylim(len(cpus) - 0.5, -0.5)
    axes.grid(visible=False)
    axes.set_ylabel("CPU")
    axes.set_title("in the arrays of CPUs")
    figure: Any = axes.figure
    figure.colorbar(mesh, ax=axes, label="objects", pad=0.02, aspect=12 * max(1.0, _height(len(cpus))))


def _draw_curves(axes: Axes, times: Sequence[float], curves: Sequence[Curve], options: Options) -> None:
    from matplotlib.ticker import FuncFormatter

    for index, (label, column) in enumerate(curves):
        axes.plot(times, column, drawstyle="steps-post", label=label, **line_look(index))
    axes.set_ylim(bottom=0)
    axes.set_ylabel("objects")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    place_legend(axes, "in the arrays of nodes", options.legend)


def _rows(timeline: ArrayTimeline, times: Sequence[float]) -> tuple[Row, ...]:
    columns = [column for column in _columns(timeline) if any(column[2])]
    return tuple(
        (round(time, 3), kind, int(place), column[i]) for i, time in enumerate(times) for kind, place, column in columns
    )
