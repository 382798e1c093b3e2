"""What a figure shall show and how it shall look, as the command line gives it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simslab.base.errors import UserError, near_miss
from simslab.report.canvas import COLUMN_WIDTH, FONT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTHS: Final = {"column": COLUMN_WIDTH, "page": 7.0}  # inches
NARROWEST: Final = 1.5
WIDEST: Final = 40.0
FONT_SIZES: Final = (4.0, 24.0)  # points
SCALES: Final = ("log", "linear")
LEGENDS: Final = ("above", "right", "inside", "none")
NO_TITLE: Final = "none"
Limits = tuple[float | None, float | None]


@dataclass(frozen=True)
class Options:
    """Selection and look of a figure; "" and None mean: as the kind of figure has it."""

    by: str = ""
    operations: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    x: str = ""  # of sweeps: parameter along the x axis
    y: str = ""  # rows of a heat map, or lines
    x_scale: str = ""
    y_scale: str = ""
    x_limits: Limits = (None, None)
    y_limits: Limits = (None, None)
    width: float = COLUMN_WIDTH  # inches
    height: float | None = None
    font_size: float = FONT_SIZE  # points
    title: str | None = None  # "none": no title
    legend: str = "above"

    def titled(self, text: str) -> str:
        """Return the title to draw where the figure's own would be `text`."""
        if self.title is None:
            return text
        return "" if self.title == NO_TITLE else self.title


def parse_width(text: str) -> float:
    """Return a width in inches of `column`, `page`, `3.3in`, `84mm` or `8.4cm`; UserError."""
    if text in WIDTHS:
        return WIDTHS[text]
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?(in|mm|cm|pt)", text)
    expected = f"column ({WIDTHS['column']} in), page ({WIDTHS['page']} in) or a length such as 3.3in, 84mm or 240pt"
    if match is None:
        raise UserError(f"--width {text}: is no width", expected=expected, near=near_miss(text, WIDTHS))
    inches = float(match[1]) / {"in": 1, "mm": 25.4, "cm": 2.54, "pt": 72.27}[match[2]]
    if not NARROWEST <= inches <= WIDEST:
        raise UserError(f"--width {text}: is {inches:g} in", expected=f"{NARROWEST:g} to {WIDEST:g} in")
    return inches


def parse_limits(text: str, option: str) -> Limits:
    """Return both limits of `10:5000`, `:5000` or `10:`; UserError."""
    expected = "LOW:HIGH, either may be left out, such as 10:5000"
    low, colon, high = text.partition(":")
    try:
        limits = (float(low) if low else None, float(high) if high else None)
    except ValueError:
        limits = (math.nan, None)
    if not colon or any(value is not None and not math.isfinite(value) for value in limits):
        raise UserError(f"{option} {text}: are no limits", expected=expected)
    if limits[0] is not None and limits[1] is not None and limits[0] >= limits[1]:
        raise UserError(f"{option} {text}: the first is not below the second", expected=expected)
    return limits


def chosen(value: str, known: tuple[str, ...], option: str) -> str:
    """Return `value` if it is one of `known`; UserError with the near miss."""
    if value and value not in known:
        raise UserError(f"{option} {value}: is unknown", expected=" or ".join(known), near=near_miss(value, known))
    return value


def set_limits(axes: Axes, options: Options) -> None:
    """Apply the limits that were asked for; UserError where a logarithmic axis cannot have them."""
    for name, limits, get, put in (
        ("--xlim", options.x_limits, axes.get_xlim, axes.set_xlim),
        ("--ylim", options.y_limits, axes.get_ylim, axes.set_ylim),
    ):
        if limits == (None, None):
            continue
        scale = axes.get_xscale() if name == "--xlim" else axes.get_yscale()
        if scale == "log" and limits[0] is not None and limits[0] <= 0:
            raise UserError(f"{name}: {limits[0]:g} is not on a logarithmic axis", expected="a value above 0")
        low, high = get()
        wanted = (low if limits[0] is None else limits[0], high if limits[1] is None else limits[1])
        if wanted[0] >= wanted[1]:
            raise UserError(f"{name}: nothing to draw lies between the limits", expected=f"within {low:g}:{high:g}")
        put(*wanted)


def check_output(path: Path) -> None:
    """UserError unless a figure can be written as `path`, and its data beside it."""
    from simslab.base.output import check_writable
    from simslab.report.canvas import check_drawable
    from simslab.report.plot.drawn import data_file

    check_drawable(path)
    check_writable(data_file(path))
