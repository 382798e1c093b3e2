"""What `measure` found of a machine as figures: curves, and maps of latency and of transfers between caches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.report.canvas import new_figure, plain_log_ticks
from simslab.report.machine.describe import size_text
from simslab.report.plot.drawn import Drawn, Row
from simslab.report.plot.matrices import draw_map
from simslab.report.plot.options import Options

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Draw = Callable[[Axes, "Document", Options], list[Row]]

Document = Mapping[str, Any]  # of `measure --json`
SIZES_NAMED: Final = 6  # below the axis, of a column's width
STATES: Final = (("modified", "#08519C", ""), ("exclusive", "#9ECAE1", "////"), ("shared", "#F2F2F2", "...."))


def draw_measured(title: str, document: Document, options: Options, only: Sequence[str] = ()) -> Drawn:
    """Draw a panel for each part that was measured, or for those of `only` (keys of the document)."""
    panels = [(key, draw, height) for key, (draw, height) in PANELS.items() if document.get(key)]
    panels = [panel for panel in panels if not only or panel[0] in only]
    if not panels:
        parts = " or ".join(only) if only else "cache, latency, c2c, atomic, bandwidth, loaded, lock or pairs"
        raise UserError("nothing to draw", expected=f"a measurement with {parts}")
    scale = max(1.0, options.width / 3.4) ** 0.5
    heights = [_height(draw, height, document, options) for _, draw, height in panels]
    figure = new_figure(options.height or 0.3 + scale * sum(heights), options.width)
    all_axes = figure.subplots(len(panels), 1, height_ratios=heights, squeeze=False)[:, 0]
    rows: list[Row] = []
    for number, (axes, (key, draw, _)) in enumerate(zip(all_axes, panels, strict=True)):
        rows += [(key, *row) for row in draw(axes, document, options)]
        if number == 0 and options.titled(title):
            axes.set_title(": ".join(part for part in (options.titled(title), axes.get_title(loc="left")) if part))
    return Drawn(figure, ("part", "x", "y", "value", "unit"), tuple(rows))


def _height(draw: Draw, height: float, document: Document, options: Options) -> float:
    return height * min(options.width, 4.5) / 3.4 if height > 2 else height


def _chase(axes: Axes, document: Document, options: Options) -> list[Row]:
    points = document["chase"]
    axes.plot([p["bytes"] for p in points], [p["ns"] for p in points], marker=".", color="#0072B2")
    axes.set(xlabel="working set", ylabel="load latency (ns)", title="pointer chase")
    axes.set_xscale("log", base=2)
    most = max(2, int(SIZES_NAMED * options.width / 3.4))
    sizes = [p["bytes"] for p in points][:: -(-len(points) // most)]
    axes.set_xticks(sizes, [size_text(size) for size in sizes])
    axes.set_xticks([], minor=True)
    axes.set_yscale("log")
    plain_log_ticks(axes.yaxis)
    return [(p["bytes"], "", p["ns"], "ns") for p in points]


def _loaded(axes: Axes, document: Document, options: Options) -> list[Row]:
    points = document["loaded"]
    axes.plot([p["gb_per_second"] for p in points], [p["ns"] for p in points], marker=".", color="#0072B2")
    axes.set(xlabel="read bandwidth (GB/s)", ylabel="latency (ns)", title="loaded latency")
    axes.set(xlim=(0, None), ylim=(0, 1.1 * max(p["ns"] for p in points)))
    return [(p["gb_per_second"], "", p["ns"], "ns") for p in points]


def _lock(axes: Axes, document: Document, options: Options) -> list[Row]:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    points = document["lock"]["throughput"]
    axes.plot([p["cpus"] for p in points], [p["million_per_second"] for p in points], marker=".", color="#0072B2")
    axes.set(xscale="log", xlabel="CPUs that enter one section", ylabel="sections (million/s)", ylim=(0, None))
    axes.set_title(f"spinlock, sections of {document['lock']['section_ns']:g} ns")
    ticks = [1 << power for power in range(0, 13, 1 if len(points) < 9 else 2)]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    return [(p["cpus"], "", p["million_per_second"], "million/s") for p in points]


def _atomics(axes: Axes, document: Document, options: Options) -> list[Row]:
    points = document["atomics"]
    axes.plot([p["cpus"] for p in points], [p["ns_each"] for p in points], marker=".", color="#0072B2")
    axes.set(xlabel="CPUs that increment", ylabel="ns each", title="atomic increments of one word", ylim=(0, None))
    return [(p["cpus"], "", p["ns_each"], "ns") for p in points]


def _transfers(axes: Axes, document: Document, options: Options) -> list[Row]:
    """Draw cache-to-cache latency by how near the cores are and by the state of the line."""
    relations = list(document["transfers"])
    rows: list[Row] = []
    for place, (state, colour, hatch) in enumerate(STATES):
        values = [document["transfers"][relation].get(state, float("nan")) for relation in relations]
        at = [index + 0.26 * (place - 1) for index in range(len(relations))]
        axes.barh(at, values, height=0.24, color=colour, hatch=hatch, edgecolor="#333333", linewidth=0.4, label=state)
        rows += [(relation, state, value, "ns") for relation, value in zip(relations, values, strict=True)]
    axes.set_yticks(range(len(relations)), relations)
    axes.set_ylim(len(relations) - 0.5, -0.5)
    axes.set(xlabel="load latency (ns)", title="cache-to-cache transfers, by state")
    axes.grid(visible=False, axis="y")
    axes.legend(loc="best", handlelength=1.6)
    return rows


def _map(key: str, title: str, unit: str) -> Draw:
    def draw(axes: Axes, document: Document, options: Options) -> list[Row]:
        nodes = document["nodes"]
        draw_map(axes, document[key], [str(node) for node in nodes], unit, options.font_size)
        axes.set(xlabel="memory of node", ylabel="CPU of node", title=title)
        return [
            (reader, home, value, unit)
            for reader, row in zip(nodes, document[key], strict=True)
            for home, value in zip(nodes, row, strict=True)
            if value is not None
        ]

    return draw


def _homes(axes: Axes, document: Document, options: Options) -> list[Row]:
    """Draw the transfer of a modified line between two nodes whose home is the writer's node."""
    nodes = document["nodes"]
    found = {(each["reader_node"], each["writer_node"]): each["home_writer"] for each in document["homes"]}
    places = range(len(nodes))  # `homes` counts nodes from 0
    matrix = [[found.get((reader, writer)) for writer in places] for reader in places]
    draw_map(axes, matrix, [str(node) for node in nodes], "ns", options.font_size)
    axes.set(xlabel="modified by a core of node", ylabel="read by a core of node", title="cache to cache (ns)")
    return [
        (nodes[reader], nodes[writer], value, "ns") for (reader, writer), value in found.items() if value is not None
    ]


def _pairs(axes: Axes, document: Document, options: Options) -> list[Row]:
    matrix = document["ping_pong_pairs"]
    draw_map(axes, matrix, [str(cpu) for cpu in range(len(matrix))], "ns", options.font_size)
    axes.set(xlabel="CPU", ylabel="CPU", title="ping-pong of a line between CPUs (ns)")
    return [(a, b, v, "ns") for a, row in enumerate(matrix) for b, v in enumerate(row) if v is not None]


# Part of the document -> how it is drawn, and its height in inches at a column's width; maps are square.
PANELS: Final[dict[str, tuple[Draw, float]]] = {
    "chase": (_chase, 1.5),
    "loaded": (_loaded, 1.5),
    "lock": (_lock, 1.5),
    "atomics": (_atomics, 1.5),
    "transfers": (_transfers, 1.7),
    "homes": (_homes, 2.5),
    "idle_random": (_map("idle_random", "idle latency (ns), random", "ns"), 2.5),
    "bandwidth": (_map("bandwidth", "read bandwidth (GB/s)", "GB/s"), 2.5),
    "ping_pong_pairs": (_pairs, 3.0),
}
LATENCY_MAP: Final = ("idle_random",)
C2C_MAP: Final = ("homes", "ping_pong_pairs")
