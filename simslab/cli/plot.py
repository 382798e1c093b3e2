"""`simslab plot`: figures from stored results alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from simslab.report.plot.options import Options


def plot(
    results: Annotated[
        list[str],
        typer.Argument(
            metavar="RESULT...",
            help="directories of `run --out` or `compare --out`, or a file of `measure --json`; several are arms; "
            "NAME=RESULT names one",
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
            help="cdf (default), ccdf, histogram, percentiles, attribution, nodes, topology; of `measure --json`: "
            "measure (default), latency-map, c2c-map",
        ),
    ] = "",
    by: Annotated[
        str,
        typer.Option(metavar="WHAT", help="path (default of one result), arm (of several), operation, cache or node"),
    ] = "",
    operation: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="only this operation (repeatable)")
    ] = None,
    path: Annotated[list[str] | None, typer.Option(metavar="NAME", help="only this path (repeatable)")] = None,
    cache: Annotated[list[str] | None, typer.Option(metavar="NAME", help="only this cache (repeatable)")] = None,
    arm: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="only this arm, in this order (repeatable)")
    ] = None,
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
    legend: Annotated[str, typer.Option(metavar="above|right|inside|none", help="where the legend stands")] = "above",
) -> None:
    """Draw a figure from stored results: nothing is run again."""
    from simslab.report.plot import options as opt

    opt.check_output(out)
    if not opt.FONT_SIZES[0] <= font_size <= opt.FONT_SIZES[1]:
        from simslab.base.errors import UserError

        expected = f"{opt.FONT_SIZES[0]:g} to {opt.FONT_SIZES[1]:g} points"
        raise UserError(f"--font-size {font_size:g}: is no size of type", expected=expected)
    from simslab.report.plot.series import GROUPINGS

    options = opt.Options(
        by=opt.chosen(by, GROUPINGS, "--by"),
        operations=tuple(operation or ()),
        paths=tuple(path or ()),
        caches=tuple(cache or ()),
        arms=tuple(arm or ()),
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
    _draw(results, kind, options, out)


def _draw(results: list[str], kind: str, options: Options, out: Path) -> None:
    from simslab.report.canvas import house_style
    from simslab.report.plot.kinds import draw
    from simslab.report.plot.sources import read_sources

    sources = read_sources(results)
    with house_style(options.font_size):
        drawn = draw(sources, kind, options)
        drawn.write(out)
    for note in drawn.notes:
        print(f"simslab: {note}", file=sys.stderr)
