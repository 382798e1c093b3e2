"""How figures look and how they are saved: one style for papers, the same bytes every time.

matplotlib is imported when the first figure is drawn, never earlier: it costs more than the rest of the command line.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.base.output import check_writable, write_file
from simslab.report.figure_files import DOTS_PER_INCH, MISSING_GLYPH, SUFFIXES, rendered
from simslab.report.fitting import fit_titles, fitting_columns, folded_label, panel_inches

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import LayoutEngine

COLUMN_WIDTH: Final = 3.4  # inches: one column of a two-column paper
GRID: Final = 64  # parts of a point to which panels are laid: halves and quarters of those are exact in binary
FONT_SIZE: Final = 7.0  # points; the sizes below are for that
# The hues are Okabe and Ito's (2008), told apart with every common colour blindness. On grey paper the dashes tell the
# lines apart, and of the three solid ones the width: (colour, dashes in widths of the line, width in points).
LINES: Final[tuple[tuple[str, Any, float], ...]] = (
    ("#0072B2", "-", 1.2),
    ("#D55E00", (0, (4.5, 1.4)), 1.2),
    ("#009E73", (0, (1, 1)), 1.3),
    ("#CC79A7", (0, (5, 1.1, 1, 1.1)), 1.2),
    ("#000000", "-", 0.5),
    ("#E69F00", (0, (9, 2)), 1.2),
    ("#56B4E9", (0, (3, 1, 1, 1, 1, 1)), 1.2),
    ("#999999", "-", 2.4),
)
LEGEND_LEFT: Final = 3.6  # points that a legend above a plot begins left of it
LEGEND_BELOW: Final = 1.6  # points of its lower margin that reach into the plot, above all that is drawn there
MOST_SHARE: Final = 1.9  # where a logarithmic axis of shares ends at the latest: no tick may say more than 100 %
_STYLE: Final[Any] = {  # Any: the stubs spell out each of matplotlib's names
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so the same glyphs everywhere
    "font.size": 7.0,
    "axes.titlesize": 7.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 7.0,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.4,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "lines.linewidth": 1.1,
    "legend.fontsize": 6.0,
    "legend.frameon": False,
    "hatch.linewidth": 0.4,
    "pdf.fonttype": 42,  # TrueType, as publishers ask
    "svg.hashsalt": "simslab",
    "pgf.rcfonts": False,
    "text.parse_math": False,  # names are text, whatever stands between their dollar signs
}


def load_matplotlib() -> ModuleType:
    """Return matplotlib, imported whatever backend the environment asks for.

    A notebook's MPLBACKEND is inherited by what it starts, where that backend may not exist; figures need none of them.
    """
    if "matplotlib" in sys.modules:
        return sys.modules["matplotlib"]
    wanted = os.environ.pop("MPLBACKEND", None)
    try:
        with interrupts_held():
            import matplotlib as mpl

        if wanted is not None:
            with suppress(ValueError):
                mpl.rcParams["backend"] = wanted
    except (ImportError, ValueError, OSError) as error:  # a matplotlibrc in the working directory, for example
        raise UserError(f"matplotlib cannot be loaded: {error}", expected="one that draws: see its message") from None
    finally:
        if wanted is not None:
            os.environ["MPLBACKEND"] = wanted
    return mpl


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let interrupts take effect at the end of the block, not in it.

    An extension module that one stops while it is being loaded says that it cannot be loaded, and crashes at exit.
    """
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    held = {number: handler for number, handler in before.items() if callable(handler)}
    if threading.current_thread() is not threading.main_thread():
        held = {}  # no other thread may set handlers, or is interrupted
    for number in held:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for arrived in came:
            signal.raise_signal(arrived)


@contextmanager
def house_style(font_size: float = FONT_SIZE) -> Iterator[None]:
    """Within this block figures have simslab's style, whatever the user's matplotlibrc says; sizes in points."""
    mpl = load_matplotlib()
    sizes = {key: value * font_size / FONT_SIZE for key, value in _STYLE.items() if key.endswith("size")}
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE | sizes)
        yield


def new_figure(height: float, width: float = COLUMN_WIDTH) -> Figure:
    """Return an empty figure of this size in inches, laid out tightly; no window system is touched."""
    load_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def line_look(index: int) -> dict[str, Any]:
    """Return colour, dashes and width of a line; IndexError beyond the eighth, which no reader would tell apart."""
    colour, dashes, width = LINES[index]
    return {"color": colour, "linestyle": dashes, "linewidth": width}


def save(figure: Figure, stem: Path, kinds: Sequence[str] = ("pdf", "png")) -> list[Path]:
    """Write `figure` as `stem`.pdf and `stem`.png without dates or versions; return the files."""
    files = []
    for kind in kinds:
        file = stem.with_name(f"{stem.name}.{kind}")
        write_figure(figure, file)
        files.append(file)
    return files


def check_drawable(path: Path) -> None:
    """UserError unless the name of a figure's file tells one of the formats; before any work is done."""
    if path.suffix not in SUFFIXES:
        expected = "a file name that ends in " + ", ".join(SUFFIXES[:-1]) + " or " + SUFFIXES[-1]
        raise UserError(f"cannot draw '{path}'", expected=expected)
    check_writable(path)


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure, without dates or versions; the suffix of `path` chooses the format. UserError if it cannot be."""
    settle_layout(figure)
    write_file(path, rendered(figure, path.suffix))


def settle_layout(figure: Figure) -> None:
    """Lay the figure out once and round the places: the solver's last digits vary from call to call."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    engine = figure.get_layout_engine()
    if not isinstance(engine, ConstrainedLayoutEngine):
        return  # settled before: setting "none" leaves an engine that does nothing
    figure.set_dpi(DOTS_PER_INCH)  # letters' widths are rounded to dots
    fit_titles(figure, lambda: _lay_out(figure, engine))
    for _ in range(2 if figure.axes else 0):  # the first finds the widths of labels, the second makes room for them
        _lay_out(figure, engine)
    figure.set_layout_engine("none")
    steps = [72 * GRID * float(inches) for inches in figure.get_size_inches()] * 2
    for text in figure.texts:  # a common title, a common label
        text.set_position((round(text.get_position()[0], 6), round(text.get_position()[1], 6)))
    for axes in figure.axes:
        bounds = axes.get_position().bounds
        axes.set_position([round(value * n) / n for value, n in zip(bounds, steps, strict=True)])  # type: ignore[arg-type]


def _lay_out(figure: Figure, engine: LayoutEngine) -> None:
    """Make room for labels; UserError where nothing is left for what is plotted."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "constrained_layout not applied")
        warnings.filterwarnings("ignore", MISSING_GLYPH)  # `letters.missing_letters` tells
        try:
            engine.execute(figure)
        except UserWarning:
            expected = "a greater --width, such as page, or --height, or a smaller --font-size"
            raise UserError("names leave no room for the plot", expected=expected) from None


def log_time_axis(axes: Axes, label: str = "latency (ns)") -> None:
    """Make the x axis logarithmic in ns, with plain numbers."""
    axes.set_xscale("log")
    plain_log_ticks(axes.xaxis)
    axes.set_xlabel(label)


def plain_log_ticks(axis: Axis, share: bool = False) -> None:
    """Let a logarithmic axis have plain numbers, not powers, as many as its length holds; shares in percent."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(_plain_locator())
    axis.set_minor_locator(LogLocator(base=10, subs=range(2, 10), numticks=40))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.10g}%" if share else f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def _plain_locator() -> Any:
    import matplotlib as mpl
    from matplotlib.ticker import Locator

    class Plain(Locator):
        """The densest steps whose numbers do not touch."""

        def __call__(self) -> Any:
            low, high = sorted(self.axis.get_view_interval())  # type: ignore[union-attr]
            return self.tick_values(float(low), float(high))

        def tick_values(self, vmin: float, vmax: float) -> Any:
            axes: Any = self.axis.axes  # type: ignore[union-attr]
            flat = self.axis is axes.xaxis
            inches = round((axes.bbox.width if flat else axes.bbox.height) / axes.figure.dpi, 3)
            letters = inches * 72 / float(mpl.rcParams["xtick.labelsize"])
            found = log_ticks(vmin, vmax, max(2, int(letters / (3.6 if flat else 1.9))))
            while flat and len(found) > 2 and ticks_touch(found, vmax / vmin, letters):
                found = log_ticks(vmin, vmax, len(found) - 1)
            return found

    return Plain()


def log_ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Return ticks between two limits (> 0), the densest that are at most `most`: all digits, 1-2-5, 1-3, decades,
    every second decade, ... Between limits so near that one digit at most lies there, equal steps.
    """
    if not 0 < low <= high:
        return []
    digit = 10.0 ** math.floor(math.log10(high))
    if low < high < 2 * low and math.floor(high / digit * (1 + 1e-9)) - math.ceil(low / digit * (1 - 1e-9)) < 1 < most:
        return _equal_ticks(low, high, min(most, 5))
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    found: list[float] = []
    for digits in (tuple(range(1, 10)), (1, 2, 5), (1, 3), (1,)):
        found = [digit * 10.0**power for power in range(first, last + 1) for digit in digits]
        found = [value for value in found if low <= value * (1 + 1e-9) and value <= high * (1 + 1e-9)]
        if len(found) <= most:
            return found
    return found[::-1][:: -(-len(found) // most)][::-1]  # the uppermost among them: 100 % of shares


def _equal_ticks(low: float, high: float, most: int) -> list[float]:
    """Return multiples of 1, 2 or 5 in some decade between two limits, as many as `most` allows."""
    power = 10.0 ** (math.floor(math.log10(high - low)) - 1)
    for step in (digit * 10.0**more * power for more in range(3) for digit in (1, 2, 5)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [number * step for number in range(first, last + 1)]
    return []


def ticks_touch(ticks: Sequence[float], ratio: float, letters: float) -> bool:
    """Whether numbers below an axis so many letters long, whose ends have this ratio, have no gap between them."""
    places = [math.log(tick) / math.log(ratio) * letters for tick in ticks]
    widths = [0.64 * len(f"{tick:,.10g}") - 0.32 * f"{tick:,.10g}".count(",") for tick in ticks]
    apart = [after - before for before, after in pairwise(places)]
    return any(gap < (one + other) / 2 + 0.4 for gap, (one, other) in zip(apart, pairwise(widths), strict=True))


def draw_tail(axes: Axes, times: Sequence[float], shares: Sequence[float], index: int, label: str) -> None:
    """Draw which share took at least so long, on a logarithmic axis; `shares` are cumulative, `index` is the look."""
    beyond = [1.0, *(1 - share for share in shares[:-1])]
    point: dict[str, Any] = (
        {"marker": "|", "markersize": 5} if len(times) == 1 else {}
    )  # a line of one point is not seen
    axes.plot(times, beyond, drawstyle="steps-pre", label=label, **line_look(index), **point)
    axes.set_yscale("log")
    axes.set_ylim(top=min(axes.get_ylim()[1], MOST_SHARE))
    plain_log_ticks(axes.yaxis, share=True)
    axes.set_ylabel("share at least as long")


def legend_above(axes: Axes, title: str, columns: int = 2, handle: float = 3.4) -> None:
    """Put the legend between `title` and the plot, where it hides no curve, in as many columns as the width holds."""
    import matplotlib as mpl
    from matplotlib.transforms import ScaledTranslation

    handles, labels = axes.get_legend_handles_labels()
    inches, size = panel_inches(axes), float(mpl.rcParams["legend.fontsize"])
    columns = fitting_columns(labels, columns, handle, inches, size)
    labels = [folded_label(label, handle, inches, size) for label in labels]
    lines = [label.count("\n") + 1 for label in labels]
    rows = -(-len(labels) // columns) if max(lines, default=1) == 1 else sum(lines)
    axes.set_title(title, pad=5 + 8.5 * rows)
    if labels:
        # In points, not in shares of the panel: of a high one the legend would lie over what is drawn.
        shift = ScaledTranslation(-LEGEND_LEFT / 72, -LEGEND_BELOW / 72, axes.figure.dpi_scale_trans)
        axes.legend(
            handles,
            labels,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            bbox_transform=axes.transAxes + shift,
            ncols=columns,
            borderaxespad=0,
            labelspacing=0.25,
            handlelength=handle,
            columnspacing=1.2,
        )


def place_legend(axes: Axes, heading: str, place: str, columns: int = 2, handle: float = 3.4) -> None:
    """Put heading and legend where `--legend` says: above, right, inside or none."""
    if place == "above":
        legend_above(axes, heading, columns, handle)
        return
    axes.set_title(heading)
    if place == "right":
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=handle)
    elif place == "inside":
        axes.legend(loc="best", handlelength=handle)


def steps(values: Sequence[float], shares: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return the points of a cumulative curve that starts at share 0 below its first value."""
    return [values[0], *values], [0.0, *shares]
