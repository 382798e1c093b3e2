"""`simslab measure`: run on a simulated machine what one would run on a real one."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simslab.base.errors import BadValue, UserError, near_miss
from simslab.cli.terminal.completion import machines

if TYPE_CHECKING:
    from simslab.base.units import Duration
    from simslab.machine.spec import MachineSpec

CHECK_FAILED = 1
LOCK = "lock"
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
        str, typer.Option(metavar="TIME", help="length of the critical section of the part lock, such as '50 ns'")
    ] = "100 ns",
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
    from simslab.machine.library import load_machine

    spec = load_machine(machine, settings or ())
    if plot is not None:
        from simslab.report.canvas import check_drawable

        check_drawable(plot)
    if against is None or plot is not None:
        _measure(spec, tuple(parts or ()), section, as_json, plot, silent=against is not None)
    if against is not None:
        _compare(spec, against, as_name or spec.measured_as or [spec.name], as_json)


def _measure(
    spec: "MachineSpec", parts: tuple[str, ...], section: str, as_json: bool, plot: Path | None, silent: bool
) -> None:
    from simslab.instruments.measure.whole import DEFAULT_PARTS, PARTS, measure_machine
    from simslab.report.machine.measure_text import measurement_json, measurement_text

    known = (*PARTS, LOCK)
    for part in parts:
        if part not in known:
            raise UserError(f"no part called '{part}'", expected=", ".join(known), near=near_miss(part, known))
    length = _section(section)
    chosen = parts or (*DEFAULT_PARTS, LOCK)
    measurement = measure_machine(spec, tuple(part for part in chosen if part != LOCK))
    if LOCK in chosen:  # the lock is the kernel's, of which the machine knows nothing
        from simslab.instruments.measure.lock import measure_lock

        measurement = replace(measurement, lock=measure_lock(spec, length))
    if not silent:
        sys.stdout.write(measurement_json(measurement) if as_json else measurement_text(measurement))
    if plot is not None:
        from simslab.report.machine.measure_figure import draw_measurement

        draw_measurement(measurement, plot)


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


def _compare(spec: "MachineSpec", table: Path, names: list[str], as_json: bool) -> None:
    """Print measured beside published; typer.Exit(1) when a tolerance is exceeded."""
    from simslab.instruments.reference.answers import Answers
    from simslab.instruments.reference.reference import Cell, judge, read_table, rows_of
    from simslab.report.machine.measure_text import comparison_json, comparison_text

    answers = Answers(spec).answer(rows_of(read_table(table), names, table))
    sys.stdout.write(comparison_json(answers) if as_json else comparison_text(answers))
    if not all(verdict.passed for verdict in judge(a for a in answers if isinstance(a, Cell))):
        raise typer.Exit(CHECK_FAILED)
