"""All kinds of figures by name, and which one a result is drawn as unless told."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from simslab.base.documents.document import Document
from simslab.base.documents.validation import validate
from simslab.base.errors import UserError, near_miss
from simslab.report.canvas import house_style
from simslab.report.letters import missing_letters
from simslab.report.plot.causes import draw_attribution
from simslab.report.plot.distributions import draw_distribution
from simslab.report.plot.drawn import Drawn
from simslab.report.plot.effects import draw_effects
from simslab.report.plot.matrices import draw_nodes
from simslab.report.plot.measured import C2C_MAP, LATENCY_MAP, draw_measured
from simslab.report.plot.options import NO_TITLE, Options
from simslab.report.plot.series import kernel_names, panels, select_arms
from simslab.report.plot.sources import Arm, Sources
from simslab.report.plot.sweeps import check_layout, draw_bars, draw_heat_map, draw_lines
from simslab.report.plot.timeline import draw_timeline

if TYPE_CHECKING:
    from simslab.machine.spec import MachineSpec
    from simslab.report.comparison.sweep_text import SweepTable

KINDS: Final = {
    "cdf": "share of operations that took at most so long",
    "ccdf": "share that took at least so long, both axes logarithmic: the tail",
    "histogram": "share of operations in bins of latency",
    "percentiles": "p50 to maximum, a row for each path or arm; any number of them",
    "attribution": "where the cycles went, by path, operation, node or (the run is made again) cache",
    "nodes": "objects by the node of the CPU and of the memory",
    "topology": "the machine of a run",
    "timeline": "objects in a cache's arrays over time; the run is made again",
    "lines": "of a sweep: metrics over one parameter with interval bands, a line for each value of another",
    "bars": "of a sweep: metrics over one parameter, a bar with its interval for each value of another",
    "heat-map": "of a sweep: metrics over two parameters, with differences from the base",
    "effects": "of a sweep or comparison: differences from the base with their intervals, a row each",
    "measure": "every part of a `measure --json`",
    "latency-map": "idle latency, node by node, of a `measure --json`",
    "c2c-map": "transfers between caches, node by node or CPU by CPU, of a `measure --json`",
}
DISTRIBUTIONS: Final = ("cdf", "ccdf", "histogram", "percentiles")
OF_TABLES: Final = {"lines": draw_lines, "bars": draw_bars, "heat-map": draw_heat_map, "effects": draw_effects}
FOR_RUNS: Final = {"--by": "by", "--operation": "operations", "--path": "paths", "--cache": "caches", "--arm": "arms"}
FOR_POINTS: Final = {"--x": "x", "--y": "y"}
OF_MACHINES: Final[dict[str, tuple[str, ...]]] = {"measure": (), "latency-map": LATENCY_MAP, "c2c-map": C2C_MAP}


def draw(sources: Sources, kind: str, options: Options) -> Drawn:
    """Draw what is stored as `kind` ("": cdf of results, measure of machines). Call it within `house_style`.

    UserError, with a reason, where it cannot be drawn.
    """
    kind = kind or ("cdf" if sources.arms else "lines" if sources.tables else "measure")
    _check_known(kind)
    if kind in OF_MACHINES:
        return _of_machine(sources, kind, options)
    if kind in OF_TABLES:
        return _of_table(sources, kind, options)
    if not sources.arms and sources.tables:
        raise _no_points(kind)
    if not sources.arms:
        raise UserError(f"--kind {kind}: nothing of it in a `measure --json`", expected=" or ".join(OF_MACHINES))
    _check_heeded(kind, options)
    arms = select_arms(sources.arms, options)
    options, aliases = kernel_names(arms, options)
    drawn = _of_arms(arms, sources, kind, options)
    return replace(drawn, notes=(*aliases, *drawn.notes))


def check_points(table: SweepTable, kind: str) -> None:
    """Refuse before they are run points that could not be drawn as `kind` ("": lines) afterwards."""
    kind = kind or "lines"
    _check_known(kind)
    if kind not in OF_TABLES:
        raise _no_points(kind)
    if kind != "effects":
        check_layout(table, kind)


def _check_known(kind: str) -> None:
    if kind not in KINDS:
        raise UserError(f"--kind {kind}: is unknown", expected=", ".join(KINDS), near=near_miss(kind, KINDS))


def _check_heeded(kind: str, options: Options) -> None:
    """Refuse options that would change nothing in a figure of this kind."""
    of_runs, of_points = kind not in OF_MACHINES and kind not in OF_TABLES, kind in OF_TABLES and kind != "effects"
    for of_its_kind, names, expected in (
        (of_runs, FOR_RUNS, "a directory of `run --out` or `compare --out`"),
        (of_points, FOR_POINTS, "a store of `simslab sweep`, drawn as lines, bars or heat-map"),
    ):
        for option, name in names.items():
            if getattr(options, name) and not of_its_kind:
                raise UserError(f"{option}: changes nothing in --kind {kind}", expected=expected)


def _no_points(kind: str) -> UserError:
    return UserError(f"--kind {kind}: a store's runs are drawn as points", expected=" or ".join(OF_TABLES))


def _of_arms(arms: Sequence[Arm], sources: Sources, kind: str, options: Options) -> Drawn:
    title = _title(arms)
    if kind == "timeline":
        return draw_timeline(title, sources.timelines, options)
    if kind in DISTRIBUTIONS:
        return draw_distribution(kind, title, panels(arms, options), options)
    if kind == "attribution":
        return draw_attribution(title, arms, options)
    return draw_nodes(title, arms, options) if kind == "nodes" else _topology(arms, options)


def drawn_to(path: Path, sources: Sources, kind: str, options: Options) -> Drawn:
    """Draw what is stored as `kind` into a file, its data beside it, and tell notes on standard error."""
    with house_style(options.font_size):
        drawn = draw(sources, kind, options)
        missing = missing_letters(drawn.figure) if path.suffix != ".pgf" else ""  # there TeX's font is the paper's
        if missing:
            drawn = replace(drawn, notes=(*drawn.notes, f"the font has no {missing}: a box stands for each of them"))
        drawn.write(path)
    for note in drawn.notes:
        print(f"simslab: {note}", file=sys.stderr)
    return drawn


def _of_table(sources: Sources, kind: str, options: Options) -> Drawn:
    if not sources.tables:
        instead = {"effects": ", or `compare --out`", "bars": ", or --kind attribution for bars of a run"}
        expected = "a store of `simslab sweep`" + instead.get(kind, "")
        raise UserError(f"--kind {kind}: there are no points with intervals", expected=expected)
    if len(sources.tables) > 1:
        raise UserError(f"--kind {kind}: draws one sweep or comparison, not {len(sources.tables)}", expected="one")
    _check_heeded(kind, options)
    return OF_TABLES[kind](sources.tables[0], options)


def _title(arms: Sequence[Arm]) -> str:
    """Return what all arms have in common."""
    titles = {arm.title for arm in arms}
    if len(titles) == 1:
        return titles.pop()
    workloads = {title.partition(" on ")[0] for title in titles}
    machines = {title.partition(" on ")[2] for title in titles}
    return workloads.pop() if len(workloads) == 1 else machines.pop() if len(machines) == 1 else ""


def _of_machine(sources: Sources, kind: str, options: Options) -> Drawn:
    if not sources.machines:
        raise UserError(
            f"--kind {kind}: there is no measurement of a machine", expected="the output of `measure --json`"
        )
    if len(sources.machines) > 1:
        raise UserError(f"--kind {kind}: draws one measurement, not {len(sources.machines)}", expected="one file")
    _check_heeded(kind, options)
    label, document = sources.machines[0]
    return draw_measured(str(document.get("machine", label)), document, options, OF_MACHINES[kind])


def _topology(arms: Sequence[Arm], options: Options) -> Drawn:
    """Draw the machine that the run's manifest holds."""
    from simslab.machine.timing.cycles import build_timing
    from simslab.machine.topology.topology import build_topology
    from simslab.report.machine.described import described
    from simslab.report.machine.drawing import topology_figure

    if len({str(_resolved(arm)) for arm in arms}) > 1:
        raise UserError("--kind topology: the arms ran on several machines", expected="one arm with --arm")
    spec = machine_of(arms[0])
    topology = build_topology(spec)
    timing = build_timing(spec, topology)
    title = None if options.title is None else "" if options.title == NO_TITLE else options.title
    figure = topology_figure(spec, topology, timing, title, options.width)
    links = described(spec, topology, timing)["links"]
    columns = ("from", "to", "latency_ns", "bytes_per_second")
    return Drawn(figure, columns, tuple(tuple(link[name] for name in columns) for link in links))


def _resolved(arm: Arm) -> Any:
    return arm.manifest.get("machine", {}).get("resolved")


def machine_of(arm: Arm) -> MachineSpec:
    """Return the machine of a run as its manifest has it; UserError if there is none."""
    from simslab.machine.spec import MachineSpec

    resolved = _resolved(arm)
    if not isinstance(resolved, dict):
        raise UserError("has no manifest that holds the machine", file=arm.place, expected="a directory of `run --out`")
    return validate(Document(f"{arm.place}/manifest.json", resolved), MachineSpec)
