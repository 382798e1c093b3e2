"""How figures look and how they are saved: one style for papers, the same bytes every time.

matplotlib is imported when the first figure is drawn, never earlier: it costs more than the rest of the command line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.base.output import check_writable, write_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

COLUMN_WIDTH: Final = 3.4  # inches: one column of a two-column paper
DOTS_PER_INCH: Final = 300
PLACES: Final = 6  # decimals of a position, as a share of the figure
SUFFIXES: Final = (".pdf", ".png", ".svg")
# Okabe and Ito's palette (2008), told apart with every common colour blindness; yellow left out, too pale for lines.
COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
DASHES: Final = (
    "-",
    (0, (5, 1.5)),
    (0, (1, 1)),
    (0, (4, 1, 1, 1)),
    (0, (7, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (2, 2)),
    "-",
)
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
    "text.parse_math": False,  # names are text, whatever stands between their dollar signs
}


@contextmanager
def house_style() -> Iterator[None]:
    """Within this block figures have simslab's style, whatever the user's matplotlibrc says."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def new_figure(height: float, width: float = COLUMN_WIDTH) -> Figure:
    """Return an empty figure of this size in inches, laid out tightly; no window system is touched."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, stem: Path, kinds: Sequence[str] = ("pdf", "png")) -> list[Path]:
    """Write `figure` as `stem`.pdf and `stem`.png without dates or versions; return the files."""
    files = []
    for kind in kinds:
        file = stem.with_suffix(f".{kind}")
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
    metadata: dict[str, dict[str, str | None]] = {
        ".png": {"Software": None},
        ".pdf": {"Creator": "simslab", "Producer": None, "CreationDate": None, "ModDate": None},
        ".svg": {"Creator": "simslab", "Date": None},
    }
    _settle_layout(figure)
    drawn = BytesIO()
    figure.savefig(drawn, format=path.suffix[1:], metadata=metadata[path.suffix], dpi=DOTS_PER_INCH)
    write_file(path, drawn.getvalue())


def _settle_layout(figure: Figure) -> None:
    """Lay the figure out once and round the places: the solver's last digits vary from call to call."""
    if figure.get_layout_engine() is None:
        return
    figure.set_dpi(DOTS_PER_INCH)  # letters' widths are rounded to dots
    for _ in range(2):  # the first time finds the widths of labels, the second makes room for them
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position([round(value, PLACES) for value in axes.get_position().bounds])  # type: ignore[arg-type]


def log_time_axis(axes: Axes, label: str = "latency (ns)") -> None:
    """Make the x axis logarithmic in ns, with plain numbers at the decades."""
    from matplotlib.ticker import NullFormatter

    axes.set_xscale("log")
    plain_log_ticks(axes.xaxis)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(label)


def plain_log_ticks(axis: Axis) -> None:
    """Let a logarithmic axis have plain numbers, not powers: at the decades, and smaller ones at 2 and 5."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axis.set_major_locator(LogLocator(base=10, numticks=8))
    axis.set_minor_locator(LogLocator(base=10, subs=[2, 5], numticks=20))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def draw_tail(axes: Axes, times: Sequence[float], shares: Sequence[float], index: int, label: str) -> None:
    """Draw which share took at least so long, on a logarithmic axis; `shares` are cumulative, `index` is the look."""
    from matplotlib.ticker import FuncFormatter

    beyond = [1.0, *(1 - share for share in shares[:-1])]
    look = {"color": COLOURS[index % len(COLOURS)], "linestyle": DASHES[index % len(DASHES)]}
    axes.plot(times, beyond, drawstyle="steps-pre", label=label, **look)  # type: ignore[arg-type]
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.10g}%"))
    axes.set_ylabel("share at least as long")


def legend_above(axes: Axes, title: str, columns: int = 2) -> None:
    """Put the legend between `title` and the plot, where it hides no curve."""
    labels = axes.get_legend_handles_labels()[1]
    rows = -(-len(labels) // columns)
    axes.set_title(title, pad=5 + 8.5 * rows)
    if labels:
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 0.98),
            ncols=columns,
            borderaxespad=0,
            labelspacing=0.25,
            handlelength=2.6,
            columnspacing=1.2,
        )


def steps(values: Sequence[float], shares: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return the points of a cumulative curve that starts at share 0 below its first value."""
    return [values[0], *values], [0.0, *shares]
