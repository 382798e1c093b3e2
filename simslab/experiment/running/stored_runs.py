"""The runs of a store made again from what the store alone holds of them, and whether they came out the same.

Each run has its machine and workload with every value, so that no file is needed but the recorded traces, and nothing
depends on where files lay. Compared is all that was measured, to the byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from simslab.base.documents.document import Document, Plain
from simslab.base.documents.validation import validate
from simslab.base.errors import UserError
from simslab.experiment.figures.observation import Observation, inflated
from simslab.experiment.figures.parked import parked_rows
from simslab.experiment.reproduce import Reproduction, changed_since, trace_of, without_idle
from simslab.experiment.running.pool import outcomes
from simslab.experiment.running.worker import Failure
from simslab.experiment.store.dump import measured_hash
from simslab.experiment.store.store import DONE, Store
from simslab.machine.spec import MachineSpec
from simslab.result.parked import ParkedRow
from simslab.workload.description.spec import Workload
from simslab.workload.run.runner import run_workload

Progress = Callable[[int, int, int], object]  # (runs done, that differ, of how many)


@dataclass(frozen=True)
class Rerun:
    """One run to be made again: what it is called, and all that it follows from."""

    called: str
    file: str  # the store
    machine: Mapping[str, Any]
    workload: Mapping[str, Any]
    traces: tuple[Path, ...]
    seed: int
    measured: str  # hash


def reproduce_store(
    store: Store, trace: Path | None = None, processes: int = 1, progress: Progress | None = None
) -> Reproduction:
    """Run all finished runs of a store again; UserError if it has none, or a recorded trace is not at hand.

    A trace is looked for as `reproduce` does. What fails now is told as different.
    """
    reruns = _reruns(store, trace)
    if not reruns:
        raise UserError("holds no finished run", file=str(store.path))
    differing: dict[str, str] = {}
    for done, (rerun, outcome) in enumerate(outcomes(measured_again, reruns, processes), 1):
        if isinstance(outcome, Failure):
            differing[rerun.called] = f" (fails now: {(outcome.message.strip().splitlines() or [''])[-1]})"
        elif outcome != rerun.measured:
            differing[rerun.called] = ""
        if progress is not None:
            progress(done, len(differing), len(reruns))
    called = [rerun.called for rerun in reruns]
    made_by = {name: store.about().get(name, "not stored") for name in ("simslab_version", "simslab_code")}
    return Reproduction(
        tuple(name for name in called if name not in differing),
        tuple(name + differing[name] for name in called if name in differing),
        changed_since(made_by),
    )


def measured_again(rerun: Rerun) -> str:
    """Return the hash of all that a run measures now."""
    machine, document = (Document(rerun.file, cast(Plain, dict(part))) for part in (rerun.machine, rerun.workload))
    workload, rows = validate(document, Workload), list[ParkedRow]()
    if workload.trace is not None:
        file, *then = rerun.traces
        workload = workload.model_copy(update={"trace": workload.trace.model_copy(update={"file": file, "then": then})})
    measurement = run_workload(
        validate(machine, MachineSpec), workload, seed=rerun.seed, document=document,
        at_end=lambda system: rows.extend(parked_rows(system)),
    )  # fmt: skip
    return hashlib.sha256(inflated(Observation(measurement, tuple(rows)).packed())).hexdigest()


def traces_of_store(store: Store, given: Path | None = None) -> list[Path]:
    """Return the recorded traces that the runs of a store replay, each once, their bytes checked; UserError."""
    workloads = [dict(made.resolved) for made in store.configurations() if made.kind == "workload"]
    return list(
        dict.fromkeys(path for workload in workloads for path in _with_traces(workload, given, str(store.path))[1])
    )


def _reruns(store: Store, trace: Path | None) -> list[Rerun]:
    """Return the finished runs of a store, each once, called as the first cell that it is for."""
    configurations = {made.hash: made.resolved for made in store.configurations()}
    file, found = str(store.path), dict[str, Rerun]()
    for cell in store.cells():
        if cell.status != DONE or cell.run in found:
            continue
        try:
            machine, workload = (configurations[each] for each in store.configurations_of(cell))
        except KeyError:
            raise UserError("is damaged: a run's machine or workload is not there", file=file) from None
        workload, traces = _with_traces(without_idle(dict(workload)), trace, file)
        called = f"{cell.label}, seed {cell.seed}"
        found[cell.run] = Rerun(called, file, machine, workload, traces, cell.seed, measured_hash(store, cell.run))
    return list(found.values())


def _with_traces(workload: dict[str, Any], given: Path | None, file: str) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Return a stored workload as one describes it, and the traces that it replays, their bytes checked; UserError."""
    stored = workload.get("trace")
    if not isinstance(stored, dict):
        return workload, ()
    then, hashes = stored.get("then", []), stored.get("then_sha256", [])
    if not isinstance(then, list) or not isinstance(hashes, list) or len(then) != len(hashes):
        raise UserError("is damaged: the traces of a workload in it have not each a hash", file=file)
    described = {key: value for key, value in stored.items() if key not in ("sha256", "then_sha256")}
    names, digests = [stored.get("file"), *then], [stored.get("sha256"), *hashes]
    paths = [trace_of(str(name), str(digest), given) for name, digest in zip(names, digests, strict=True)]
    return {**workload, "trace": described}, tuple(paths)
