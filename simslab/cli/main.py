"""The command line: reads arguments, calls the layer that does the work, prints. Exit status 0 done, 1 a check failed,
2 bad input.

Imports stay inside the commands, so that `simslab --help` does not load what only a simulation needs.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from simslab import __version__
from simslab.base.errors import SimslabError, UserError, reason
from simslab.cli.compare import compare
from simslab.cli.exchange import exporting, importing
from simslab.cli.fit import fit
from simslab.cli.measure import measure, validate
from simslab.cli.oracle import conform, geometry
from simslab.cli.plot import plot, undrawn
from simslab.cli.protocol import protocol
from simslab.cli.store import storing
from simslab.cli.stored import artifact, diff, report, reproduce, show
from simslab.cli.sweep import sweep
from simslab.cli.terminal.completion import machines, workloads
from simslab.cli.terminal.interrupts import interrupts_heard
from simslab.cli.terminal.streams import own_environment, plain_streams, terminal
from simslab.cli.terms import explain, metrics
from simslab.cli.tune import tune

if TYPE_CHECKING:
    from simslab.result.measurement import Measurement

BAD_INPUT = 2
LARGEST_SEED = 2**64 - 1

app = typer.Typer(
    help="The slab allocators of Linux 5.10, SLAB and SLUB, on a simulated NUMA machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(importing, name="import")
app.add_typer(exporting, name="export")
app.command()(compare)
app.command()(sweep)
app.command()(tune)
app.add_typer(storing, name="store")
app.command()(metrics)
app.command()(explain)
app.command()(plot)
app.command()(report)
app.command()(show)
app.command()(diff)
app.command()(reproduce)
app.command()(artifact)
app.command()(measure)
app.command()(validate)
app.command()(fit)
app.command()(protocol)
app.command()(conform)
app.command()(geometry)

MachineName = Annotated[
    str, typer.Argument(metavar="MACHINE", help="a shipped machine's name or a YAML file", autocompletion=machines)
]
WorkloadName = Annotated[
    str,
    typer.Argument(metavar="WORKLOAD", help="a shipped workload's name, a file or a trace", autocompletion=workloads),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="change a value of the machine or the workload (repeatable)"),
]
OutFolder = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="write the result directory there")]
AsJson = Annotated[bool, typer.Option("--json", help="print the result as JSON instead of the summary")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from simslab.base.build import running_build

        build = running_build()
        print(f"simslab {__version__}, {build}, {build.folder}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="print version and build")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    machine: MachineName,
    workload: WorkloadName,
    more: Annotated[
        list[str] | None, typer.Argument(metavar="TRACE", help="further traces, replayed in turn; each is a phase")
    ] = None,
    settings: Settings = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=LARGEST_SEED, help="seed of the random streams (default: the workload's)"),
    ] = None,
    out: OutFolder = None,
    plot_to: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="draw latencies there, as `simslab plot` does")
    ] = None,
    kind: Annotated[str, typer.Option(metavar="KIND", help="of --plot: cdf (default), ccdf, histogram, ...")] = "",
    as_json: AsJson = False,
) -> None:
    """Run a workload on a machine and print what was measured."""
    from simslab.cli.terminal.progress import kernel_console_off, watching
    from simslab.experiment.inputs import load_inputs
    from simslab.experiment.run import run_once
    from simslab.experiment.trace_input import copies, then_settings
    from simslab.result.directory import replaced_result

    kept = copies()
    inputs = load_inputs(machine, workload, [*then_settings(workload, more or (), kept), *(settings or ())], kept)
    if plot_to is not None:
        from simslab.report.plot.options import check_output

        check_output(plot_to)
    elif kind:
        raise undrawn(kind)
    told = "" if out is None else replaced_result(out, inputs.machine.name, inputs.workload.name)
    if told:
        print(f"simslab: {told}", file=sys.stderr)
    with kernel_console_off(), watching(f"{inputs.workload.name} on {inputs.machine.name}") as watch:
        measurement = run_once(inputs, seed, out, watch)
    _show_run(measurement, as_json, plot_to, kind)


def _show_run(measurement: "Measurement", as_json: bool, plot_to: Path | None, kind: str) -> None:
    """Draw and print what was measured. Only now is loaded what that needs, so that the run starts earlier."""
    if plot_to is not None:
        from simslab.report.plot.kinds import drawn_to
        from simslab.report.plot.options import Options
        from simslab.report.plot.sources import Sources, measurement_arm

        arm = measurement_arm(measurement, measurement.workload)
        drawn_to(plot_to, Sources((arm,)), kind, Options())
    if as_json:
        from simslab.result.result_file import to_json

        sys.stdout.write(to_json(measurement))
    else:
        from rich.console import Console

        from simslab.report.run.summary import print_summary

        print_summary(measurement, Console(file=terminal(sys.stdout)))


@app.command("list")
def list_shipped(
    as_json: Annotated[bool, typer.Option("--json", help="print names, descriptions and files as JSON")] = False,
) -> None:
    """List the machines, workloads and experiments that ship with simslab."""
    from simslab.cli.inventory import inventory_json, inventory_lines

    print(inventory_json() if as_json else "\n".join(inventory_lines()))


@app.command()
def describe(
    machine: MachineName,
    settings: Settings = None,
    draw: Annotated[
        Path | None, typer.Option(metavar="FILE", help="draw the topology there (.pdf, .svg, .png, .pgf)")
    ] = None,
    parameters: Annotated[
        bool, typer.Option("--parameters", help="list its parameters, and the integers that the simulation reads")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the description as JSON")] = False,
) -> None:
    """Describe a machine's topology and latencies in words and figures."""
    from simslab.machine.library import load_machine
    from simslab.machine.timing.cycles import build_timing
    from simslab.machine.topology.topology import build_topology
    from simslab.report.canvas import check_drawable
    from simslab.report.machine.describe import describe as describe_machine
    from simslab.report.machine.parameters import parameter_lines

    if draw is not None:
        check_drawable(draw)
    spec = load_machine(machine, settings or ())
    topology = build_topology(spec)
    timing = build_timing(spec, topology)
    if as_json:
        from simslab.report.machine.described import described_json
        from simslab.report.machine.parameters import parameters_json

        sys.stdout.write(parameters_json(spec) if parameters else described_json(spec, topology, timing))
    else:
        lines = parameter_lines(spec) if parameters else [describe_machine(spec, topology, timing).rstrip("\n")]
        print("\n".join(lines))
    if draw is not None:
        from simslab.report.machine.drawing import draw_topology

        draw_topology(spec, topology, timing, draw)


@app.command()
def check(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="machines, workloads, kmem traces, or shipped names")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, mistakes with their places")] = False,
) -> None:
    """Check machines, workloads and kmem traces and tell every mistake in them.

    Of one machine and one workload also whether the machine has the CPUs, nodes and caches that the workload names; of
    more files only `run` tells that.
    """
    from simslab.api.checking import check_file, check_together
    from simslab.cli.inventory import checked_json
    from simslab.experiment.trace_input import copies

    if as_json:
        text, good = checked_json(files)
        print(text)
        raise typer.Exit(0 if good else BAD_INPUT)
    kinds: list[str] = []
    kept = copies()
    for file in files:
        try:
            kinds.append(check_file(file, kept))
            print(f"{file}: ok, {kinds[-1]}")
        except UserError as error:
            print(error, file=sys.stderr)
    if len(kinds) < len(files):
        raise typer.Exit(BAD_INPUT)
    if len(files) == 2:
        fits = check_together(dict(zip(kinds, files, strict=True)), kept)
        if fits:
            print(fits)


@app.command()
def schema(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="machine, workload, experiment or result; of what --json prints artifact, check, comparison, "
            "conformance, contents (store show), description, differences, fit, geometry, inventory, measurement, "
            "merge, metrics, parameters (describe), protocol, reference (measure --against), reproduction, "
            "result-line, point-line and claims-line (of sweep), terms, tuning, validation, view (show --view), "
            "worst (explain) or written (files of plot, report, import, export)",
        ),
    ],
) -> None:
    """Print the JSON Schema of a kind of file, or of what --json prints of it."""
    from simslab.cli.inventory import schema_json

    print(schema_json(kind))


def fail(error: UserError) -> NoReturn:
    """Tell the user's mistakes, one a line, and end with status 2."""
    for line in str(error).splitlines():
        print(f"simslab: {line}", file=sys.stderr)
    sys.exit(BAD_INPUT)


def main() -> None:
    """Run the command line; ends the process."""
    try:
        with plain_streams(), own_environment(), interrupts_heard():
            _obey_signals()
            _run_command()
    except KeyboardInterrupt:  # before or after the command itself, which tells of it
        sys.exit(128 + signal.SIGINT)


def _obey_signals() -> None:
    with suppress(ValueError):  # not in the main thread: whoever calls us there handles signals
        for ending in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, ending):  # there is no SIGHUP on Windows
                signal.signal(getattr(signal, ending), _terminated)


def _run_command() -> None:
    try:
        try:
            app()
        finally:
            if not sys.stdout.closed:
                sys.stdout.flush()
    except UserError as error:
        fail(error)
    except SimslabError as error:
        print(f"simslab: {error}", file=sys.stderr)
        sys.exit(1)
    except MemoryError:
        print("simslab: out of memory", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read our output has left, as `head` does; Python would complain once more at exit.
        _drop_output()
        sys.exit(0)
    except OSError as error:
        _drop_output()
        fail(UserError(f"cannot be written: {reason(error)}", file=str(error.filename or "standard output")))


def _terminated(number: int, _frame: object) -> NoReturn:
    """End as on Ctrl-C, so that temporary files and other processes go too; the status is a shell's for the signal."""
    sys.exit(128 + number)


def _drop_output() -> None:
    with suppress(OSError):  # no file of the operating system
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
