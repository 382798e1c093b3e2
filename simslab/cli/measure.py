"""`simslab measure` and `simslab validate`: run on a simulated machine what one ran on a real one."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simslab.base.errors import BadValue, UserError, near_miss
from simslab.cli.terminal.completion import machines
from simslab.experiment.limits import MOST_JOBS

if TYPE_CHECKING:
    from simslab.base.units import Duration
    from simslab.machine.spec import MachineSpec

CHECK_FAILED = 1
MAX_SECTION_NS = 1_000_000


def measure(
    machine: Annotated[
        str, typer.Argument(metavar="MACHINE", help="a shipped machine's name or a YAML file", autocompletion=machines)
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="change a value of the machine (repeatable)"),
    ] = None,
    parts: Annotated[
        list[str] | None,
        typer.Option(
            "--part",
            metavar="PART",
            help="cache, latency, c2c, atomic, bandwidth, loaded, lock, pairs (ping-pong of every two CPUs) or "
            "all-bandwidth (every row of the matrix, however many nodes); repeatable; default: all but the last two",
        ),
    ] = None,
    section: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="length of the critical section of the part lock, such as '50 ns' (default: 100 ns)",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="print the result as JSON")] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="draw latencies and bandwidths there (.pdf, .png, .svg)")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="compare with a table of measurements; exit 1 beyond the tolerance"),
    ] = None,
    as_name: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="NAME", help="the table's name of the machine (default: its measured_as)"),
    ] = None,
) -> None:
    """Measure a machine's latencies and bandwidths, as Intel MLC does on a real one."""
    from simslab.cli.terminal.progress import progress
    from simslab.machine.library import load_machine

    _check_said(tuple(parts or ()), section, against is not None, plot is not None, as_name is not None)
    spec = load_machine(machine, settings or ())
    if plot is not None:
        from simslab.report.canvas import check_drawable

        check_drawable(plot)
    with progress(f"measuring {spec.name}"):
        if against is None or plot is not None:
            told = _measure(spec, tuple(parts or ()), section, as_json, plot)
        if against is not None:
            told, passed = _compared(spec, against, as_name or spec.measured_as or [spec.name], as_json)
    sys.stdout.write(told)
    if against is not None and not passed:
        raise typer.Exit(CHECK_FAILED)


def _check_said(parts: tuple[str, ...], section: str, against: bool, plot: bool, named: bool) -> None:
    """Refuse options that would say nothing about what is printed or drawn."""
    from simslab.instruments.measure.whole import LOCK, PARTS

    for part in parts:
        if part not in PARTS:
            raise UserError(f"no part called '{part}'", expected=", ".join(PARTS), near=near_miss(part, PARTS))
    if named and not against:
        raise UserError("--as: names a machine in a table, and there is none", expected="--against FILE.csv as well")
    if (parts or section) and against and not plot:
        told = "--part" if parts else "--section"
        expected = f"--plot FILE as well, or no {told}: the table's rows say what is measured"
        raise UserError(f"{told}: says nothing about a comparison", expected=expected)
    if section and parts and LOCK not in parts:
        raise UserError("--section: is of the part lock, which is not asked for", expected="--part lock as well")


def _measure(spec: "MachineSpec", parts: tuple[str, ...], section: str, as_json: bool, plot: Path | None) -> str:
    """Measure, draw if that is asked for, and return what to print."""
    from simslab.instruments.measure.lock import SECTION
    from simslab.instruments.measure.whole import DEFAULT_PARTS, measure_machine
    from simslab.report.machine.measure_text import measurement_json, measurement_text

    measurement = measure_machine(spec, parts or DEFAULT_PARTS, _section(section) if section else SECTION)
    if plot is not None:
        from simslab.report.machine.measure_figure import draw_measurement

        draw_measurement(measurement, plot)
    return measurement_json(measurement) if as_json else measurement_text(measurement)


def _section(text: str) -> "Duration":
    """Return the length of a critical section; UserError if it is none or of no use."""
    from simslab.base.units import parse_duration

    try:
        length = parse_duration(text)
    except BadValue as error:
        raise UserError(f"--section {text}: {error.message}", expected=error.expected, near=error.near) from None
    if length.nanoseconds(10**9) > MAX_SECTION_NS:
        raise UserError(f"--section {text}: is too long", expected=f"at most {MAX_SECTION_NS // 1000} us")
    return length


def _compared(spec: "MachineSpec", table: Path, names: list[str], as_json: bool) -> tuple[str, bool]:
    """Return measured beside published as text, and whether all tolerances are kept."""
    from simslab.instruments.reference.answers import Answers
    from simslab.instruments.reference.reference import Cell, judge, read_table, rows_of
    from simslab.report.machine.measure_text import comparison_json, comparison_text

    answers = Answers(spec).answer(rows_of(read_table(table), names, table))
    passed = all(verdict.passed for verdict in judge(a for a in answers if isinstance(a, Cell)))
    return comparison_json(answers) if as_json else comparison_text(answers), passed


def validate(
    only: Annotated[
        str,
        typer.Option(
            metavar="REGEX", help="rows whose machine, workload, parameters and metric match, such as 'rapids-2.*nn'"
        ),
    ] = "",
    rows: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE.csv", help="rows of a file like the shipped ones instead of those (repeatable)"),
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE.md", help="write a report in Markdown there")] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="draw model against measurement there (.pdf, .png, .svg)")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=MOST_JOBS, help="processes (default: one a CPU); the result is the same")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Run measured workloads on the model and print what it says beside what was measured; exit 1 when a row misses."""
    from simslab.base.output import check_writable, write_file
    from simslab.cli.terminal.progress import progress
    from simslab.experiment.running.pool import default_processes
    from simslab.experiment.running.validation import validated
    from simslab.instruments.validate.rows import read_file, shipped_rows
    from simslab.report.canvas import check_drawable
    from simslab.report.validation import draw_validation, validation_json, validation_markdown, validation_text

    if report is not None:
        check_writable(report)
    if figure is not None:
        check_drawable(figure)
    known = [row for path in rows for row in read_file(path)] if rows else shipped_rows()
    if not known:
        raise UserError("has no rows", file=", ".join(map(str, rows or ())), expected="one below the heading")
    pattern = _pattern(only)
    chosen = [row for row in known if pattern.search(row.title)]
    if not chosen:
        raise UserError(f"--only {only}: no row matches", expected=f"part of a title such as '{known[0].title}'")
    with progress(f"running the workloads of {len(chosen)} rows") as report_done:
        answers = validated(chosen, jobs or default_processes(), report_done)
    sys.stdout.write(validation_json(answers) if as_json else validation_text(answers))
    if report is not None:
        write_file(report, validation_markdown(answers))
    if figure is not None:
        draw_validation(answers, figure)
    if not all(answer.agrees for answer in answers):
        raise typer.Exit(CHECK_FAILED)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise UserError(f"--only {text}: {error}", expected="a regular expression") from None
