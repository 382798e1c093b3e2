"""`simslab plot`: figures from stored results alone."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simslab.base.errors import UserError

if TYPE_CHECKING:
    from simslab.report.comparison.sweep_text import SweepTable
    from simslab.report.plot.options import Options
    from simslab.report.plot.sources import Sources


def plot(
    results: Annotated[
        list[str],
        typer.Argument(
            metavar="RESULT...",
            help="directories of `run --out` or `compare --out`, the store of a sweep, or a file of `measure --json`; "
            "several are arms; NAME=RESULT names one",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="FILE", help="the figure (.pdf, .svg, .png, .pgf); its data as .csv beside it"
        ),
    ],
    kind: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help="cdf (default), ccdf, histogram, percentiles, attribution, nodes, topology, "
            "timeline (runs it again); of a sweep: lines (default), bars, heat-map, effects; of a comparison also "
            "effects; of `measure --json`: measure (default), latency-map, c2c-map",
        ),
    ] = "",
    by: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="path (default of one result), arm (of several), operation, cache; node: of one run, run again; "
            "attribution by cache is run again, too",
        ),
    ] = "",
    operation: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="only this operation (repeatable)")
    ] = None,
    path: Annotated[list[str] | None, typer.Option(metavar="NAME", help="only this path (repeatable)")] = None,
    cache: Annotated[list[str] | None, typer.Option(metavar="NAME", help="only this cache (repeatable)")] = None,
    arm: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="only this arm, in this order (repeatable)")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME,...", help="of a sweep or comparison: figures to draw (default: all stored)"),
    ] = None,
    x: Annotated[str, typer.Option("--x", metavar="AXIS", help="of a sweep: parameter along the x axis")] = "",
    y: Annotated[
        str, typer.Option("--y", metavar="AXIS", help="of a sweep: rows of the heat map, or a line for each value")
    ] = "",
    at: Annotated[
        list[str] | None,
        typer.Option(metavar="AXIS=VALUE", help="of a sweep: only points with this value (repeatable)"),
    ] = None,
    base: Annotated[
        str, typer.Option(metavar="AXIS=VALUE,...", help="of a sweep: the point to compare with (default: its own)")
    ] = "",
    correct: Annotated[
        bool, typer.Option("--correct", help="of a sweep: differences of a metric hold together (Bonferroni-t)")
    ] = False,
    x_scale: Annotated[str, typer.Option(metavar="log|linear", help="scale of the x axis")] = "",
    y_scale: Annotated[str, typer.Option(metavar="log|linear", help="scale of the y axis")] = "",
    xlim: Annotated[str, typer.Option(metavar="LOW:HIGH", help="limits of the x axis, either may be left out")] = ":",
    ylim: Annotated[str, typer.Option(metavar="LOW:HIGH", help="limits of the y axis")] = ":",
    width: Annotated[
        str, typer.Option(metavar="WIDTH", help="column (3.4in), page (7in), or a length: 3.3in, 84mm")
    ] = ("column"),
    height: Annotated[str, typer.Option(metavar="HEIGHT", help="a length; default: as the content needs")] = "",
    font_size: Annotated[float, typer.Option(help="size of type in points")] = 7.0,
    title: Annotated[str | None, typer.Option(metavar="TEXT|none", help="title; default: workload and machine")] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="where it is run again: where the trace lies that was replayed, or its folder"
        ),
    ] = None,
    legend: Annotated[str, typer.Option(metavar="above|right|inside|none", help="where the legend stands")] = "above",
    as_json: Annotated[bool, typer.Option("--json", help="print as JSON which files were written")] = False,
) -> None:
    """Draw a figure from stored results: nothing is run again, but for `--kind timeline`, `--by node` and attribution
    by cache.
    """
    from simslab.report.plot import options as opt
    from simslab.report.plot.causes import of_caches
    from simslab.report.plot.drawn import data_file
    from simslab.report.plot.kinds import DISTRIBUTIONS, drawn_to

    opt.check_output(out)
    if not opt.FONT_SIZES[0] <= font_size <= opt.FONT_SIZES[1]:
        expected = f"{opt.FONT_SIZES[0]:g} to {opt.FONT_SIZES[1]:g} points"
        raise UserError(f"--font-size {font_size:g}: is no size of type", expected=expected)
    from simslab.report.plot.series import GROUPINGS

    options = opt.Options(
        by=opt.chosen(by, GROUPINGS, "--by"),
        operations=tuple(operation or ()),
        paths=tuple(path or ()),
        caches=tuple(cache or ()),
        arms=tuple(arm or ()),
        x=x,
        y=y,
        x_scale=opt.chosen(x_scale, opt.SCALES, "--x-scale"),
        y_scale=opt.chosen(y_scale, opt.SCALES, "--y-scale"),
        x_limits=opt.parse_limits(xlim, "--xlim"),
        y_limits=opt.parse_limits(ylim, "--ylim"),
        width=opt.parse_width(width),
        height=opt.parse_width(height) if height else None,
        font_size=font_size,
        title=title,
        legend=opt.chosen(legend, opt.LEGENDS, "--legend"),
    )
    names = [name for text in metric or () for name in text.split(",")]
    sources = _sources(results, names, at or [], base, correct)
    by_node = options.by == "node" and kind in ("", *DISTRIBUTIONS) and len(sources.arms) == 1
    by_cache = kind == "attribution" and of_caches(options)
    if trace is not None and not (kind == "timeline" or by_node or by_cache):
        expected = "--kind timeline, --by node or attribution by cache, for which a run is made again"
        raise UserError("--trace: this figure is drawn from what is stored", expected=expected)
    if kind == "timeline":
        sources = _with_timeline(sources, options, trace)
    elif by_node:
        sources, options = _of_nodes(sources, trace), replace(options, by="arm")
    elif by_cache:
        sources = _with_caches(sources, options, trace)
    drawn = drawn_to(out, sources, kind, options)
    if as_json:
        from simslab.report.json_written import written_json

        sys.stdout.write(written_json({"figure": out, "data": data_file(out)}, notes=drawn.notes))


def _sources(results: list[str], metric: list[str], at: list[str], base: str, correct: bool) -> "Sources":
    """Read results; of stores, which are read by a layer above that of figures, the table of points."""
    from simslab.experiment.store.schema import is_store
    from simslab.report.plot.sources import read_sources, with_metrics

    stores = [place for place in results if is_store(place)]
    if not stores:
        for option, given in (("--at", at), ("--base", base), ("--correct", correct)):
            if given:
                raise UserError(f"{option}: is of points", expected="a store of `simslab sweep`")
    sources = read_sources([place for place in results if place not in stores])
    if metric and not (sources.tables or stores):
        raise UserError(
            "--metric: is of points", expected="a store of `simslab sweep`, or a directory of `compare --out`"
        )
    compared = [with_metrics(table, metric) for table in sources.tables] if metric else sources.tables
    tables = [_table(place, metric, at, base, correct) for place in stores]
    _tell_of_other_code(sources, stores)
    return replace(sources, tables=(*compared, *tables))


def _tell_of_other_code(sources: "Sources", stores: list[str]) -> None:
    """Say in a line on standard error that what is drawn together was made by different code."""
    from simslab.experiment.store.store import Store
    from simslab.result.manifest import code_note

    made_by = {arm.label: arm.manifest.get("simslab_code") for arm in sources.arms}
    for place in stores:
        with Store.open(place) as store:
            made_by[place] = store.about().get("simslab_code")
    if note := code_note(made_by):
        print(f"simslab: {note}", file=sys.stderr)


def _of_nodes(sources: "Sources", trace: Path | None) -> "Sources":
    """Return the one run as an arm for each node, for which it is made again."""
    from simslab.cli.terminal.progress import kernel_console_off, watching
    from simslab.experiment.reproduce import latencies_by_node
    from simslab.report.plot.sources import node_arms
    from simslab.result.stored import stored

    (arm,) = sources.arms
    with kernel_console_off(), watching(f"running {arm.place} again") as watch:
        latencies = latencies_by_node(stored(arm.place), trace, watch)
    return replace(sources, arms=node_arms(arm, latencies))


def _with_caches(sources: "Sources", options: "Options", trace: Path | None) -> "Sources":
    """Return the runs asked for with where their cycles went by cache, for which they are made again."""
    from simslab.cli.terminal.progress import kernel_console_off, watching
    from simslab.experiment.reproduce import causes_by_cache
    from simslab.report.plot.causes import check_run
    from simslab.report.plot.series import select_arms
    from simslab.result.stored import stored

    arms = select_arms(sources.arms, options)
    for arm in arms:
        check_run(arm)
    told = []
    for arm in arms:
        with kernel_console_off(), watching(f"running {arm.place} again") as watch:
            told.append(replace(arm, by_cache=causes_by_cache(stored(arm.place), trace, watch)))
    return replace(sources, arms=tuple(told))


def _with_timeline(sources: "Sources", options: "Options", trace: Path | None) -> "Sources":
    """Add what the arrays of the one cache chosen held, for which the one run is made again."""
    from simslab.cli.terminal.progress import kernel_console_off, watching
    from simslab.experiment.reproduce import arrays_again
    from simslab.report.plot.timeline import SAMPLES
    from simslab.result.stored import stored

    if len(sources.arms) != 1 or not sources.arms[0].place or len(options.caches) > 1:
        told = "--kind timeline: draws one cache of one run"
        raise UserError(told, expected="one directory of `run --out`, and at most one --cache")
    place = sources.arms[0].place
    with kernel_console_off(), watching(f"running {place} again") as watch:
        timeline = arrays_again(stored(place), "".join(options.caches), SAMPLES, trace, watch)
    return replace(sources, timelines=(timeline,))


def _table(place: str, metric: list[str], at: list[str], base: str, correct: bool) -> "SweepTable":
    from simslab.experiment.grid.axes import parse_point
    from simslab.experiment.store.store import Store
    from simslab.experiment.stored_table import stored_table

    with Store.open(place) as store:
        held = {name: value for text in at for name, value in parse_point(text).items()}
        table = stored_table(store, metric, base=base, correct=correct, at=held)
    for note in table.notes:
        print(f"simslab: {note}", file=sys.stderr)
    return table


def undrawn(kind: str) -> UserError:
    """Return what is wrong with a --kind that nothing is drawn of."""
    return UserError("draws nothing", file=f"--kind {kind}", expected="--plot FILE as well")
