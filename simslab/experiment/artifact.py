"""What an artifact evaluation asks for: results, the commands that make them again and their times, what to expect.

Each result is made again while the artifact is written: its time is measured, and it must come out the same. A store
is not: it becomes an experiment file with its points, seeds and metrics, and the canonical text to compare with, and
its time is the sum of its runs. A store that no file can say with shipped names alone (machines or workloads of one's
own, whose names the text has as they were typed; points that differ in their seeds) goes into the artifact whole, and
its runs are made again from what it holds.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any, Final

import yaml

from simslab import __version__
from simslab.base.build import code_digest, running_build
from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder, shipped_names
from simslab.experiment.grid.axes import MACHINE, WORKLOAD
from simslab.experiment.grid.in_force import in_document
from simslab.experiment.reproduce import reproduce, traces_of
from simslab.experiment.running.stored_runs import traces_of_store
from simslab.experiment.store.dump import dump_lines
from simslab.experiment.store.schema import check_same_simslab, is_store
from simslab.experiment.store.store import DONE, Store
from simslab.experiment.stored_table import stored_table
from simslab.report.canvas import house_style
from simslab.report.citation import citation_text
from simslab.report.plot.kinds import draw
from simslab.report.plot.options import Options
from simslab.report.plot.sources import Sources, read_sources
from simslab.report.plot.sweep_axes import MOST_PANELS
from simslab.result.manifest import host_facts
from simslab.result.stored import stored

BASIC: Final = "simslab run one-node local-churn --set scale=0.01 --seed 1 --json | sha256sum"


@dataclass(frozen=True)
class Piece:
    """One result of the artifact: what it is, how it is made again, how long that took here, what must come out."""

    name: str
    made_by: str
    commands: tuple[str, ...]
    seconds: float
    expected: str


def write_artifact(out: Path, places: Sequence[str], trace: Path | None = None) -> list[Piece]:
    """Write the artifact of these results and stores into the new directory `out`; UserError if one does not come out
    the same, or `out` is there."""
    if out.exists():
        raise UserError("is there already", file=str(out), expected="a new directory")
    names = [Path(place).stem if is_store(place) else Path(place).resolve().name for place in places]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"two results are called '{twice[0]}'", expected="directories of different names")
    work = out.with_name(f".{out.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(parents=True)
        pieces = [_piece(work, place, name, trace) for place, name in zip(places, names, strict=True)]
        _write(work, pieces)
        work.rename(out)
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}", file=str(out)) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return pieces


def _piece(work: Path, place: str, name: str, trace: Path | None) -> Piece:
    return _store(work, place, name, trace) if is_store(place) else _run(work, place, name, trace)


def _run(work: Path, place: str, name: str, trace: Path | None) -> Piece:
    """Copy a run's result, make it again, and draw its figure."""
    result = stored(place)
    started = time.perf_counter()
    again = reproduce(result, trace)
    seconds = time.perf_counter() - started
    if again.different:
        told = f"does not come out the same: {', '.join(again.different)}"
        raise UserError(told, file=place, expected="; ".join(again.inputs) or "a result of this version")
    shutil.copytree(result.directory, work / "results" / name)
    option = _with_traces(work, traces_of(result, trace))
    figure = _figure(work, work / "results" / name, name)
    words = [str(word) for word in result.manifest.get("host", {}).get("command", [])]
    command = " ".join(["simslab", *words[1:]]) if words else "(the command was not stored)"
    there, drawn = quote(f"results/{name}"), quote(f"made/{name}.pdf")
    commands = (f"simslab reproduce {there}{option}", f"simslab plot {there} --out {drawn}")
    return Piece(name, command, commands, seconds, f"every file identical; made/{name}.csv as {figure}")


def _figure(work: Path, place: Path, name: str) -> str:
    (work / "figures").mkdir(exist_ok=True)
    with house_style():
        draw(read_sources([str(place)]), "", Options()).write(work / "figures" / f"{name}.pdf")
    return f"figures/{name}.csv"


def _store(work: Path, place: str, name: str, trace: Path | None) -> Piece:
    """Write a store's experiment file and its canonical text, or the store itself where no file can say it."""
    with Store.open(place) as store:
        check_same_simslab(store.connection, store.path)
        _check_finished(store)
        seconds = store.seconds() * len(store.statuses())
        text = "\n".join(dump_lines(store)) + "\n"  # of a damaged store it fails
        if _has_own_names(store) or not _has_even_seeds(store):
            return _whole_store(work, store, name, seconds, trace)
        study, plot = study_of(store), _plot_of(store, f"made/{name}.db", name)
    for folder in ("studies", "expected"):
        (work / folder).mkdir(exist_ok=True)
    (work / "studies" / f"{name}.yaml").write_text(yaml.safe_dump(study, sort_keys=False, width=120), encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    (work / "expected" / f"{name}.sha256").write_text(f"{digest}\n", encoding="utf-8")
    file, made = quote(f"studies/{name}.yaml"), quote(f"made/{name}.db")
    commands = (f"simslab sweep {file} --store {made}", f"simslab store dump {made} | sha256sum", *plot)
    return Piece(name, f"simslab sweep studies/{name}.yaml", commands, seconds, f"the sum in expected/{name}.sha256")


def _whole_store(work: Path, store: Store, name: str, seconds: float, trace: Path | None) -> Piece:
    """Copy a store, and the recorded traces that do not ship; UserError where one is not at hand."""
    there = f"results/{name}.db"
    (work / "results").mkdir(exist_ok=True)
    with closing(sqlite3.connect(work / there)) as copy:
        store.connection.backup(copy)  # what still stands in the log of a sweep that was killed as well
        copy.execute("PRAGMA journal_mode = DELETE")
    option = _with_traces(work, [file for file in traces_of_store(store, trace) if not _ships(file)])
    commands = (f"simslab reproduce {quote(there)}{option}", *_plot_of(store, there, name))
    return Piece(name, "simslab sweep; all inputs are in the store", commands, seconds, "every run identical")


def _plot_of(store: Store, place: str, name: str) -> list[str]:
    """Return the command that draws a store, with as many metrics as fit on a page; none where nothing can be drawn."""
    names = [metric.metric for metric in stored_table(store).metrics]
    for count in (len(names), MOST_PANELS, 1):
        try:
            with house_style():
                draw(Sources(tables=(stored_table(store, names[:count]),)), "", Options())
        except UserError:
            continue
        chosen = "" if count >= len(names) else f" --metric {quote(','.join(names[:count]))}"
        return [f"simslab plot {quote(place)}{chosen} --out {quote(f'made/{name}.pdf')}"]
    return []


def _with_traces(work: Path, recorded: Sequence[Path]) -> str:
    """Copy traces, and return the option that names them."""
    for file in recorded:
        (work / "traces").mkdir(exist_ok=True)
        shutil.copy(file, work / "traces" / file.name)
    if not recorded:
        return ""
    return " --trace traces" if len(recorded) > 1 else f" --trace {quote('traces/' + recorded[0].name)}"


def _ships(file: Path) -> bool:
    return file.parent == shipped_folder("workloads")


def _has_own_names(store: Store) -> bool:
    """Whether a machine or a workload of a store is no shipped one."""
    return any(
        cell.parameters.get(word, "") not in shipped_names(f"{word}s")
        for cell in store.cells()
        for word in (MACHINE, WORKLOAD)
    )


def _has_even_seeds(store: Store) -> bool:
    """Whether all points of a store have the same seeds, and these follow one another, as in an experiment file."""
    cells = store.cells()
    seeds = sorted({cell.seed for cell in cells})
    return seeds == [*range(seeds[0], seeds[0] + len(seeds))] and len(cells) == len(seeds) * len(
        {c.label for c in cells}
    )


def _check_finished(store: Store) -> None:
    """UserError for a store without runs, or with runs that failed."""
    cells = store.cells()
    if not cells or any(cell.status != DONE for cell in cells):
        raise UserError("holds runs that failed, or none", file=str(store.path), expected="a finished sweep")


def study_of(store: Store) -> dict[str, Any]:
    """Return the experiment file that makes a store's cells again; UserError where no file can."""
    _check_finished(store)
    if not _has_even_seeds(store):
        told = "not every point has the same seeds"
        raise UserError(told, file=str(store.path), expected="a sweep without --precision")
    cells = store.cells()
    seeds = sorted({cell.seed for cell in cells})
    points: dict[str, dict[str, str]] = {}
    for cell in cells:
        points[cell.label] = dict(cell.parameters)
    first = [label for label, point in points.items() if point == store.base()]  # others are compared with the first
    points = {label: points[label] for label in (*first, *points)}
    names = list(dict.fromkeys(name for point in points.values() for name in point))
    fixed = {name: next(iter(points.values())).get(name) for name in names
             if len({point.get(name) for point in points.values()}) == 1}  # fmt: skip
    study: dict[str, Any] = {word: fixed[word] for word in (MACHINE, WORKLOAD) if word in fixed}
    common = sorted(fixed, key=lambda name: in_document(name)[1])  # what is set in part after what is set whole
    study["set"] = {name: fixed[name] for name in common if name not in (MACHINE, WORKLOAD)}
    study["points"] = [{name: text for name, text in point.items() if name not in fixed}
                       for point in points.values()]  # fmt: skip
    return study | {"seeds": len(seeds), "seed": seeds[0], "metrics": list(store.units())}


def _write(work: Path, pieces: Sequence[Piece]) -> None:
    (work / "CITATION.cff").write_text(citation_text(), encoding="utf-8")
    facts = {
        "simslab": __version__,
        "simslab_code": code_digest(),
        **host_facts(running_build().kind),
        "machine": platform.processor() or platform.machine(),
    }
    facts.pop("command", None)
    (work / "versions.json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (work / "README.md").write_text(_readme(pieces), encoding="utf-8")
    lines = ["#!/bin/sh", "# Makes every result again, from this directory.", "set -e", "mkdir -p made"]
    lines += [command for piece in pieces for command in piece.commands]
    (work / "all.sh").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (work / "all.sh").chmod(0o755)


def _readme(pieces: Sequence[Piece]) -> str:
    total = sum(piece.seconds for piece in pieces)
    parts = [
        "# Artifact",
        "",
        f"Results of simslab {__version__} (code {code_digest()}, as in a result's manifest).",
        "Python 3.11 or newer; no root, no network, no particular hardware.",
        "",
        "## Basic test (a minute)",
        "",
        f"Install simslab {__version__} (`pip install .` in its sources), then twice:",
        "",
        f"```sh\nsimslab --version\n{BASIC}\n```",
        "",
        "Both sums must be the same: the same inputs give the same bytes.",
        "",
        f"## Everything ({_time(total)} where this was written; one process)",
        "",
        "```sh\nsh all.sh\n```",
        "",
        "| result | made by | time | to be expected |",
        "|---|---|---|---|",
        *(f"| {p.name} | `{p.made_by}` | {_time(p.seconds)} | {p.expected} |" for p in pieces),
        "",
        *(f"## {p.name}\n\n```sh\nmkdir -p made\n" + "\n".join(p.commands) + "\n```\n" for p in pieces),
        "## Tolerances",
        "",
        "None for numbers: results are integers of simulated time, identical on any host, compiled or not. Figures are",
        "identical with the versions in versions.json; with another matplotlib compare the CSV beside them. Times",
        "of the host may differ: without a C compiler simslab is 20 to 100 times slower.",
        "",
    ]
    return "\n".join(parts)


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
