"""Cells of many shades as a few outlines: a map of 64 nodes has 4,096 cells, which as many paths make megabytes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS: Final = 64  # shades between the ends of a scale: nearer ones no eye tells apart


def draw_shades(
    axes: Axes, xs: Sequence[float], ys: Sequence[float], rows: Sequence[Sequence[float]], colours: str, most: float
) -> Any:
    """Draw cells between the edges `xs` and `ys`, 0 to `most` in the shades of a colour map; return what it maps.

    Cells of one shade are one outline, neighbours in a row one rectangle; those that are not a number stay empty.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    mapped = ScalarMappable(Normalize(0.0, most), colours)
    for step, boxes in sorted(rectangles(rows, most).items()):
        points: list[tuple[float, float]] = []
        for y, first, last in boxes:
            left, right, below, above = xs[first], xs[last + 1], ys[y], ys[y + 1]
            points += [(left, below), (right, below), (right, above), (left, above), (left, below)]
        codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(boxes)
        colour = mapped.to_rgba(step * most / STEPS)  # type: ignore[arg-type]
        axes.add_patch(
            PathPatch(Path(points, codes), facecolor=colour, edgecolor="none", linewidth=0, antialiased=False)
        )
    return mapped


def rectangles(rows: Sequence[Sequence[float]], most: float) -> dict[int, list[tuple[int, int, int]]]:
    """Return by shade the rectangles of a map: its row, the first and the last column."""
    found: dict[int, list[tuple[int, int, int]]] = {}
    for y, row in enumerate(rows):
        shades = [None if math.isnan(value) else round(value / most * STEPS) for value in row]
        first = 0
        for x, shade in enumerate(shades):
            if x + 1 < len(shades) and shades[x + 1] == shade:
                continue
            if shade is not None:
                found.setdefault(shade, []).append((y, first, x))
            first = x + 1
    return found
