"""The topology as a picture: a box per node, a line per link with its latency and bandwidth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from simslab.machine.description.cpulist import format_cpulist
from simslab.machine.topology.network import group_of
from simslab.report.canvas import house_style, write_figure
from simslab.report.machine.describe import bandwidth_text, size_text
from simslab.result.nanoseconds import nanoseconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from simslab.machine.spec import MachineSpec
    from simslab.machine.timing.cycles import Timing
    from simslab.machine.topology.topology import NumaNode, Topology

Point = tuple[float, float]

WIDE: Final = 2.6  # inches of a box
HIGH: Final = 1.25
GAP: Final = 1.8  # between boxes side by side
LABEL_HALF: Final = (0.4, 0.22)  # inches of a link's label, with a margin
CROWD: Final = 16  # nodes; beyond it boxes hold numbers only and links have no labels
LARGER: Final = 1.3  # words in a picture that is drawn smaller, as boxes have room for it and paper has not
NUMBER_SIZE: Final = 1.8  # of a number that stands alone in a box, in sizes of its words
CPU_COLOUR: Final = "#dbe9f6"
BARE_COLOUR: Final = "#f3f3f3"  # CPUs without memory
MEMORY_COLOUR: Final = "#fde8c8"  # memory without CPUs
LINE_COLOUR: Final = "#555555"


def draw_topology(spec: MachineSpec, topology: Topology, timing: Timing, path: Path) -> None:
    """Write the picture to `path`; its suffix (.png, .pdf, .svg) chooses the format."""
    with house_style():
        write_figure(topology_figure(spec, topology, timing), path)


def topology_figure(
    spec: MachineSpec, topology: Topology, timing: Timing, title: str | None = None, width: float | None = None
) -> Figure:
    """Return the picture under `title` (default: the machine's name), `width` inches wide. Call it in `house_style`."""
    # Imported here so that text output does not wait for matplotlib.
    from matplotlib.figure import Figure

    places = _places(topology)
    xs, ys = zip(*places.values(), strict=True)
    box = (min(xs) - WIDE * 0.6, max(xs) + WIDE * 0.6, min(ys) - HIGH * 0.75, max(ys) + HIGH * 0.75)
    natural = min(1.0, 24 / max(box[1] - box[0], box[3] - box[2]))
    scale = natural if width is None else width / (box[1] - box[0])
    letters = min(1.0, LARGER * scale / natural)  # the picture is drawn smaller as a whole, its letters with it
    head = 0.4 * letters
    figure = Figure(figsize=((box[1] - box[0]) * scale, (box[3] - box[2]) * scale + head), dpi=150)
    axes = figure.add_axes((0, 0, 1, 1 - head / ((box[3] - box[2]) * scale + head)))
    axes.set(xlim=box[:2], ylim=box[2:], aspect="equal")
    axes.axis("off")
    _draw_links(axes, topology, timing, places, letters)
    _draw_ports(axes, topology, timing, places, letters)
    for node in topology.nodes:
        _draw_node(axes, node, _label(spec, topology, timing, node), places[node.id], letters)
    figure.suptitle(
        spec.name if title is None else title,
        fontsize=11 * letters * (NUMBER_SIZE if len(topology.nodes) > CROWD else 1),
        y=0.995,
    )
    return figure


def _places(topology: Topology) -> dict[int, Point]:
    """Return the middle of each node's box: nodes with CPUs round a circle, memory-only ones outside their gate."""
    order = _tour(topology)
    step_x, step_y = WIDE + GAP, HIGH + GAP * 0.6
    places: dict[int, Point] = {}
    for index, node in enumerate(order):
        if len(order) <= 2:
            places[node] = (index * step_x, 0.0)
        else:
            angle = 3 * math.pi / 4 - 2 * math.pi * index / len(order)
            radius = 1.0 / (2 * math.sin(math.pi / len(order)))
            places[node] = (math.cos(angle) * radius * step_x, math.sin(angle) * radius * step_y)
    used: dict[int, int] = {}
    for own in (node for node in topology.nodes if node.gate != node.id):
        rank = used[own.gate] = used.get(own.gate, 0) + 1
        x, y = places[own.gate]
        upwards = len(order) > 2 and y > 0
        places[own.id] = (x, y + rank * step_y if upwards else y - rank * step_y)
    return places


def _tour(topology: Topology) -> list[int]:
    """Return the nodes with CPUs so that linked nodes are neighbours where that is possible."""
    left = [node.id for node in topology.nodes if node.gate == node.id]
    linked = {(link.source, link.target) for link in topology.links}
    order = [left.pop(0)]
    while left:
        nearest = next((node for node in left if (order[-1], node) in linked), left[0])
        left.remove(nearest)
        order.append(nearest)
    return order


def _label(spec: MachineSpec, topology: Topology, timing: Timing, node: NumaNode) -> str:
    if len(topology.nodes) > CROWD:
        return f"{node.number}"
    lines = [f"node {node.number}"]
    if node.cpus:
        lines.append(f"{len(node.cpus)} CPUs: {_folded(format_cpulist(node.cpus))}")
        domains = {topology.cpus[cpu].domain for cpu in node.cpus}
        lines.append(f"L3: {len(domains)} x {size_text(spec.l3.size)}")
    lines.append(_memory_label(topology, timing, node))
    return "\n".join(lines)


def _folded(cpus: str) -> str:
    """Return a list of CPUs on lines as wide as a box, broken behind commas."""
    return "\n".join(wrap(cpus.replace(",", ", "), 24)).replace(", ", ",")


def _memory_label(topology: Topology, timing: Timing, node: NumaNode) -> str:
    if not node.memory:
        return "no memory"
    starts = {(cpu.domain, cpu.node) for cpu in topology.cpus}
    nearest = min(timing.dram_latency(domain, node.id, start) for domain, start in starts)
    latency = nanoseconds(nearest, timing.frequency_hz)
    rate = 64 * 1024 * timing.frequency_hz // timing.memory.nodes[node.id].line_q10
    return f"{size_text(node.memory)}, {latency:.0f} ns, {rate / 1e9:.0f} GB/s"


def _draw_node(axes: Axes, node: NumaNode, label: str, place: Point, letters: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    colour = MEMORY_COLOUR if node.memory_only else CPU_COLOUR if node.memory else BARE_COLOUR
    corner = (place[0] - WIDE / 2, place[1] - HIGH / 2)
    style = "round,pad=0,rounding_size=0.12"
    axes.add_patch(
        FancyBboxPatch(
            corner, WIDE, HIGH, boxstyle=style, facecolor=colour, edgecolor="#333333", linewidth=letters, zorder=2
        )
    )
    lines = label.count("\n") + 1
    size = 9 * letters * (min(1.0, 5 / lines) if lines > 1 else NUMBER_SIZE)
    axes.text(*place, label, ha="center", va="center", fontsize=size, linespacing=1.4, zorder=3)


def _draw_links(axes: Axes, topology: Topology, timing: Timing, places: dict[int, Point], letters: float) -> None:
    links = topology.links[::2]  # the two directions of a link are adjacent
    lines = [(_end(topology, places, link.source), _end(topology, places, link.target)) for link in links]
    for number, (link, ends) in enumerate(zip(links, lines, strict=True)):
        label = f"{nanoseconds(link.latency, timing.frequency_hz):.1f} ns\n{bandwidth_text(link.bandwidth)}"
        others = lines[:number] + lines[number + 1 :]
        shown = label if len(links) <= 2 * CROWD else ""
        _line(axes, ends, shown, "-", letters, _free_share(ends, others) if shown else 0.5)
    for point in sorted({end for link in links for end in (link.source, link.target) if end not in places}):
        _draw_spokes(axes, topology, places, point, letters)


def _draw_spokes(axes: Axes, topology: Topology, places: dict[int, Point], point: int, letters: float) -> None:
    """Join the end of a link that several nodes share with each of them: else it would end at nothing."""
    x, y = _end(topology, places, point)
    for node in topology.groups[group_of(point)]:
        axes.plot([x, places[node][0]], [y, places[node][1]], ":", color=LINE_COLOUR, linewidth=letters, zorder=0.5)
    axes.plot([x], [y], "o", color=LINE_COLOUR, markersize=4 * letters, zorder=1)


def _free_share(ends: Sequence[Point], others: Sequence[Sequence[Point]]) -> float:
    """Return at which share of a line its label lies on no other line, the middle where that is everywhere."""
    (x0, y0), (x1, y1) = ends
    for share in (0.5, 0.4, 0.6, 0.3, 0.7):
        place = (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
        if all(_distance(place, other) > 1 for other in others):
            return share
    return 0.5


def _distance(place: Point, line: Sequence[Point]) -> float:
    """Return how far a line is from `place`, in half widths and half heights of a label."""
    (x0, y0), (x1, y1) = [((x - place[0]) / LABEL_HALF[0], (y - place[1]) / LABEL_HALF[1]) for x, y in line]
    length = (x1 - x0) ** 2 + (y1 - y0) ** 2
    share = min(1.0, max(0.0, -(x0 * (x1 - x0) + y0 * (y1 - y0)) / length)) if length else 0.0
    return math.hypot(x0 + share * (x1 - x0), y0 + share * (y1 - y0))


def _end(topology: Topology, places: dict[int, Point], end: int) -> Point:
    """Return where a link ends: at a node's box, or amid those of the nodes that share it."""
    members = [end] if end in places else topology.groups[group_of(end)]
    xs, ys = zip(*(places[node] for node in members), strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)


def _draw_ports(axes: Axes, topology: Topology, timing: Timing, places: dict[int, Point], letters: float) -> None:
    for node in (node for node in topology.nodes if node.gate != node.id):
        label = f"root port\n{nanoseconds(timing.memory.nodes[node.id].port, timing.frequency_hz):.0f} ns"
        _line(axes, (places[node.gate], places[node.id]), label, "--", letters)


def _line(axes: Axes, ends: Sequence[Point], label: str, style: str, letters: float, share: float = 0.5) -> None:
    """Draw a line with its label at some share of its length."""
    (x0, y0), (x1, y1) = ends
    axes.plot([x0, x1], [y0, y1], style, color=LINE_COLOUR, linewidth=1.4 * letters, zorder=1)
    if label:
        back = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        axes.text(x, y, label, ha="center", va="center", fontsize=8 * letters, bbox=back, zorder=1.5)
