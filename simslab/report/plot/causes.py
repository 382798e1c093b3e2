"""Bars of where the cycles went: by path, operation, cache or node of each arm, split by cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError
from simslab.machine.accounting.causes import CAUSE_NAMES
from simslab.report.canvas import FONT_SIZE, new_figure
from simslab.report.fitting import folded_names
from simslab.report.plot.drawn import Drawn, Row
from simslab.report.plot.options import Options, set_limits
from simslab.report.plot.series import select_parts
from simslab.report.plot.sources import Arm
from simslab.result.measurement import AttributionRow, Measurement
from simslab.result.nanoseconds import mean_nanoseconds, nanoseconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BARS: Final = 60
THINNEST: Final = 0.02  # % of a bar: less is below a dot of 300 an inch, and a hatch costs PGF hundreds of lines
# Colour and hatch of each cause. Kin share a hue; no two with one hatch are nearer than a tenth of black to white on
# grey paper (tests/report/plot/test_causes.py).
SHADES: Final = {
    "instructions": ("#F2F2F2", ""),
    "l1": ("#DCE9F5", "++"),
    "l2": ("#C6DBEF", ""),
    "l3": ("#9ECAE1", "///"),
    "other_core": ("#6BAED6", ""),
    "local_dram": ("#2171B5", ""),
    "remote_cache": ("#F4A736", "\\\\\\"),
    "remote_dram": ("#B34700", "///"),
    "link_queue": ("#D55E00", "xx"),
    "dram_queue": ("#08306B", "///"),
    "lock_wait": ("#5B1A47", ""),
    "lock_handover": ("#CC79A7", "///"),
    "irq_mask": ("#000000", ""),
    "irq_handler": ("#555555", "..."),
    "page_allocator": ("#009E73", "\\\\\\"),
    "locked": ("#E7B8D1", "xx"),
    "clear": ("#A6DCC8", "..."),
    "wait": ("#FFFFFF", "---"),
    "work": ("#E8E8E8", "|||"),
    "ipi_wait": ("#000000", "..."),
    "tlb": ("#F0E442", "\\\\\\"),
    "store_buffer": ("#56B4E9", "..."),
    "cache_queue": ("#6BAED6", "xx"),
}
OTHER_SHADE: Final = ("#7F7F7F", "++")


@dataclass(frozen=True)
class Bar:
    """Cycles of `operations` operations by cause; of a CPU's whole time `operations` is 0."""

    label: str
    operations: int
    total: int
    causes: dict[str, int]
    frequency_hz: int
    group: str = ""  # of the bars that stand together

    def end(self) -> str:
        """Return what stands at the bar's end: the mean latency, or the time in all."""
        if self.operations:
            return f"{mean_nanoseconds(self.total, self.operations, self.frequency_hz):,.0f} ns"
        return f"{nanoseconds(self.total, self.frequency_hz) / 1000:,.0f} us"


def lightness(colour: str) -> float:
    """Return how light `#rrggbb` is on grey paper, 0 black to 1 white (luma of ITU-R BT.601)."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def draw_attribution(title: str, arms: Sequence[Arm], options: Options) -> Drawn:
    """Draw bars in percent of the cycles, or with `--x-scale linear` and `--by` as asked; UserError if there are none.

    `by` is path (the default), operation, cache, or node (whole time of the node's CPUs, also outside operations).
    """
    if options.by != "node" and all(arm.measurement for arm in arms):
        select_parts(arms, options)  # names that do not occur
    bars = [bar for arm in arms for bar in bars_of(arm, options, several=len(arms) > 1)]
    if not bars:
        raise UserError("there are no cycles to draw", expected="operations and paths that occur together")
    if len(bars) > MOST_BARS:
        told = f"{len(bars)} bars do not fit on a page (at most {MOST_BARS})"
        raise UserError(told, expected="fewer with --arm, --operation, --path or --cache, or --by operation")
    if len(arms) > 1:  # the arms of a path beside each other, in their own order
        order = list(dict.fromkeys(bar.group for bar in bars))
        bars.sort(key=lambda bar: order.index(bar.group))
    labels, lines = folded_names([bar.label for bar in bars], options.width, options.font_size)
    height = options.height or 1.35 + max(0.16, 0.05 + 0.11 * lines) * len(bars)
    figure = new_figure(height, options.width)
    axes = figure.subplots()
    causes = draw_bars(axes, bars, options.font_size)
    axes.set_yticks(range(len(bars)), labels, linespacing=1.0)
    axes.set_title(options.titled(title))
    set_limits(axes, options)
    if options.legend != "none":
        cause_legend(figure, axes, options)
    rows: list[Row] = [(bar.label, bar.operations, name, bar.causes.get(name, 0)) for bar in bars for name in causes]
    return Drawn(figure, ("bar", "operations", "cause", "cycles"), tuple(rows))


def bars_of(arm: Arm, options: Options, several: bool) -> list[Bar]:
    """Return the bars of one arm, the most frequent path of each operation first."""
    measurement = check_run(arm)
    by = options.by or "path"
    if by not in ("path", "operation", "cache", "node"):
        raise UserError(f"--by {by}: cycles are not kept by {by}", expected="path, operation, cache or node")
    bars = _by_node(measurement, options) if by == "node" else _by_name(_rows(arm, options), by, arm.frequency_hz)
    if several:
        return [replace(bar, label=f"{bar.label} | {arm.label}", group=bar.label) for bar in bars]
    return bars


def check_run(arm: Arm) -> Measurement:
    """Return what a run measured; UserError for an arm of a comparison."""
    if arm.measurement is None:
        told = f"{arm.label}: a comparison does not keep where the cycles went"
        raise UserError(told, expected="results of `run --out`")
    return arm.measurement


def of_caches(options: Options) -> bool:
    """Whether bars are of single caches, which a result does not tell apart: the run is made again."""
    return options.by == "cache" or (bool(options.caches) and options.by != "node")


def _rows(arm: Arm, options: Options) -> list[tuple[str, AttributionRow]]:
    """Return the rows that are asked for, each with its cache where caches are told apart; UserError if none are."""
    if of_caches(options) and not arm.by_cache:
        told = "a result keeps cycles by operation and path; by cache it is run again"
        raise UserError(f"{arm.label}: {told}", expected="`simslab plot RESULT --kind attribution --by cache`")
    kept = arm.by_cache if of_caches(options) else {"": arm.measurement.attribution if arm.measurement else ()}
    return [
        (cache, row)
        for cache, rows in kept.items()
        for row in rows
        if row.operations
        and (not options.operations or row.operation in options.operations)
        and (not options.paths or row.path in options.paths)
        and (not options.caches or cache in options.caches)
    ]


def _by_name(rows: Sequence[tuple[str, AttributionRow]], by: str, frequency_hz: int) -> list[Bar]:
    """Return a bar for each operation and path or cache, the most frequent first."""
    sums: dict[tuple[str, str], list[Bar]] = {}
    for cache, row in rows:
        name = {"path": row.path, "cache": cache}.get(by, "")
        bar = Bar("", row.operations, row.total, row.causes, frequency_hz)
        sums.setdefault((row.operation, name), []).append(bar)
    bars = [_sum(" ".join(key).strip(), each) for key, each in sums.items()]
    return sorted(bars, key=lambda bar: (bar.label.split()[0], -bar.operations, bar.label))


def _by_node(measurement: Measurement, options: Options) -> list[Bar]:
    if options.operations or options.paths or options.caches:
        told = "--by node: bars are of all time of the CPUs, also outside operations"
        raise UserError(told, expected="no --operation, --path or --cache")
    nodes: dict[int, list[Bar]] = {}
    for cpu in measurement.cpus:
        bar = Bar("", 0, sum(cpu.causes.values()), cpu.causes, measurement.frequency_hz)
        nodes.setdefault(cpu.node, []).append(bar)
    return [_sum(f"CPUs of node {node}", rows) for node, rows in sorted(nodes.items())]


def _sum(label: str, bars: Sequence[Bar]) -> Bar:
    causes: dict[str, int] = {}
    for bar in bars:
        for name, cycles in bar.causes.items():
            causes[name] = causes.get(name, 0) + cycles
    return Bar(label, sum(bar.operations for bar in bars), sum(b.total for b in bars), causes, bars[0].frequency_hz)


def draw_bars(axes: Axes, bars: Sequence[Bar], font_size: float = FONT_SIZE) -> list[str]:
    """Draw bars in shares of their cycles, the mean at the end of each; return the causes in the order drawn."""
    present = [name for name in CAUSE_NAMES if any(bar.causes.get(name) for bar in bars)]
    present += sorted({name for bar in bars for name, cycles in bar.causes.items() if cycles} - set(present))
    starts = [0.0] * len(bars)
    for name in present:
        widths = [100 * bar.causes.get(name, 0) / bar.total if bar.total else 0.0 for bar in bars]
        colour, hatch = SHADES.get(name, OTHER_SHADE)
        ink = ("white" if lightness(colour) < 0.5 else "black") if hatch else colour
        seen = [place for place, width in enumerate(widths) if width >= THINNEST]
        axes.barh(
            seen or [0],
            [widths[place] for place in seen] or [0],
            left=[starts[place] for place in seen] or [0],
            height=0.74,
            color=colour,
            hatch=hatch,
            edgecolor=ink,
            linewidth=0,
            label=name,
        )
        starts = [start + width for start, width in zip(starts, widths, strict=True)]
    axes.barh(range(len(bars)), [100] * len(bars), height=0.74, fill=False, edgecolor="#333333", linewidth=0.4)
    for place, bar in enumerate(bars):
        axes.text(101, place, bar.end(), va="center", fontsize=font_size * 6 / 7)
    axes.set_yticks(range(len(bars)), [bar.label for bar in bars])
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.grid(visible=False, axis="y")
    timed = "mean latency" if bars[0].operations else "time of all CPUs"
    axes.set_xlabel(f"% of cycles (right: {timed})")
    return present


def cause_legend(figure: Figure, axes: Axes, options: Options) -> None:
    """Put the legend of the causes below the bars, in as many columns as the width holds."""
    handles, labels = axes.get_legend_handles_labels()
    columns = max(1, int(options.width * 1.15 * FONT_SIZE / options.font_size))
    place: Any = "outside right center" if options.legend == "right" else "outside lower center"
    if options.legend == "inside":
        axes.legend(handles, labels, loc="best")
        return
    figure.legend(
        handles,
        labels,
        loc=place,
        ncols=1 if options.legend == "right" else columns,
        columnspacing=0.9,
        handlelength=1.6,
        handleheight=1.0,
        labelspacing=0.3,
    )
