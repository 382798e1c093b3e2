"""A stored run made again from its manifest alone, and whether it came out the same to the byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any, Final, cast

from simslab.base.build import code_digest, running_build
from simslab.base.documents.document import Document, Plain
from simslab.base.documents.validation import validate
from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.experiment.figures.zones import slab_pages, zone_states
from simslab.machine.spec import MachineSpec
from simslab.report.run.summary import summary_text
from simslab.report.views.all_views import OF_LINES, Again, check_kernel
from simslab.report.views.page_state import SlabPages, ZoneState
from simslab.result.latency import latency_csv
from simslab.result.manifest import host_facts, sha256
from simslab.result.measurement import AttributionRow, LatencyRow, Measurement
from simslab.result.result_file import from_json, to_json
from simslab.result.stored import Stored
from simslab.workload.description.spec import Workload
from simslab.workload.run.event_log import EventLog
from simslab.workload.run.faults import Fault
from simslab.workload.run.lines.line_log import LineLog
from simslab.workload.run.over_time.array_timeline import ArrayTimeline
from simslab.workload.run.runner import Watch, run_workload
from simslab.workload.run.system import System
from simslab.workload.run.tallies import Tallies

COMPARED: Final = ("result.json", "summary.txt", "latency.csv", "slabinfo.txt")


@dataclass(frozen=True)
class Reproduction:
    """Which files came out the same, which differ, and what of the inputs is not what it was."""

    same: tuple[str, ...]
    different: tuple[str, ...]
    inputs: tuple[str, ...]


def reproduce(result: Stored, trace: Path | None = None, watch: Watch | None = None) -> Reproduction:
    """Run a manifest again; UserError if it is no run's, or its trace is not at hand.

    A trace is looked for at `trace` (or in it), beside the shipped workloads, and in the current directory.
    """
    manifest, measurement = result.manifest, run_again(result, trace, watch)
    made = {
        "result.json": to_json(measurement),
        "summary.txt": summary_text(measurement),
        "latency.csv": latency_csv(measurement),
        "slabinfo.txt": measurement.slabinfo,
    }
    stored_files = {name: text for name in COMPARED if (text := result.text(name)) is not None}
    if not stored_files:
        raise UserError("holds no result to compare with", file=str(result.directory), expected=", ".join(COMPARED))
    same = tuple(name for name, text in stored_files.items() if text == made[name])
    return Reproduction(same, tuple(name for name in stored_files if name not in same), changed_since(manifest))


def inputs_of(result: Stored) -> tuple[MachineSpec, Document, Workload, int]:
    """Return machine, workload (with its document) and seed that a manifest says; UserError if it is no run's."""
    kind, seeds = result.manifest.get("kind"), result.manifest.get("seeds")
    file = str(result.directory / "manifest.json")
    if kind != "run":
        expected = f"the manifest of `run --out`, or a store{_command_of(result)}"
        raise UserError(f"is a {kind!s:.20}", file=file, expected=expected)
    machine, document = _document(result, "machine"), _document(result, "workload")
    if not isinstance(seeds, list) or len(seeds) != 1 or type(seeds[0]) is not int or not 0 <= seeds[0] < 1 << 64:
        raise UserError(f"is {seeds!r:.40}", file=file, path="seeds", expected="a list of one seed")
    return validate(machine, MachineSpec), document, validate(document, Workload), seeds[0]


def _command_of(result: Stored) -> str:
    """Return the command that made a result, as what makes it again; nothing where it is not stored."""
    host = result.manifest.get("host")
    command = host.get("command") if isinstance(host, dict) else None
    if not isinstance(command, list) or len(command) < 2:
        return ""
    return f"; this was made by `simslab {' '.join(quote(str(word)) for word in command[1:])}`"


def run_again(
    result: Stored,
    trace: Path | None = None,
    watch: Watch | None = None,
    log: EventLog | None = None,
    at_end: Callable[[System], object] | None = None,
) -> Measurement:
    """Return what a stored run measures when it is made again; `log` and `at_end` as `run_workload` has them."""
    machine, document, workload, seed = inputs_of(result)
    if workload.trace is not None:
        file, *then = traces_of(result, trace)
        workload = workload.model_copy(update={"trace": workload.trace.model_copy(update={"file": file, "then": then})})
    return run_workload(machine, workload, seed=seed, document=document, watch=watch, log=log, at_end=at_end)


def seen_again(result: Stored, view: str, trace: Path | None = None, watch: Watch | None = None) -> Again:
    """Return what a view needs that a stored run does not keep: it is run again, every operation written down.

    UserError, before it is run, for what its kernel has not.
    """
    check_kernel(view, inputs_of(result)[2].kernel.allocator)
    of_lines = view in OF_LINES
    log = EventLog(everything=not of_lines, lines=LineLog() if of_lines else None)
    zones, sysfs, slabs = list[ZoneState](), list[str](), list[SlabPages]()

    def at_end(system: System) -> None:
        zones.extend(zone_states(system))
        sysfs.append(system.allocator.sysfs())
        slabs.append(slab_pages(system))

    run_again(result, trace, watch, log, at_end)
    return Again(log, zones, sysfs[0], slabs[0])


def arrays_again(
    result: Stored, cache: str, samples: int, trace: Path | None = None, watch: Watch | None = None
) -> ArrayTimeline:
    """Return what a cache's arrays hold at about `samples` times of a stored run: it is run again. UserError."""
    measured = from_json(result.text("result.json") or "", str(result.directory / "result.json"))
    served = measured.merged.get(cache, cache) or most_used(measured)
    if not served:
        raise UserError(f"{result.directory}: no cache served an operation", expected="--cache NAME")
    timeline = ArrayTimeline(served, max(1, measured.cycles // samples))
    run_again(result, trace, watch, EventLog(timeline=timeline))
    return timeline


def latencies_by_node(
    result: Stored, trace: Path | None = None, watch: Watch | None = None
) -> dict[int, list[LatencyRow]]:
    """Return by the number of the CPUs' node the latencies of a stored run's operations: it is run again."""
    tallies, numbers = Tallies(), dict[int, int]()

    def at_end(system: System) -> None:
        nodes = system.machine.topology.nodes
        numbers.update({cpu.id: nodes[cpu.node].number for cpu in system.machine.cpus})

    run_again(result, trace, watch, EventLog(tallies=tallies), at_end)
    return tallies.by_node(numbers)


def causes_by_cache(
    result: Stored, trace: Path | None = None, watch: Watch | None = None
) -> dict[str, list[AttributionRow]]:
    """Return by cache where the cycles of a stored run's operations went: it is run again."""
    tallies = Tallies()
    run_again(result, trace, watch, EventLog(tallies=tallies))
    return tallies.by_cache()


NO_CACHE: Final = "none"  # of operations that no cache served


def most_used(measured: Measurement) -> str:
    """Return the cache with most operations, nothing of a run without any."""
    counts: Counter[str] = Counter()
    for row in measured.latency:
        if row.cache != NO_CACHE:
            counts[row.cache] += sum(row.counts)
    return max(counts, key=lambda name: (counts[name], name), default="")


def slowest_again(result: Stored, count: int, trace: Path | None = None, watch: Watch | None = None) -> EventLog:
    """Return a stored run's `count` slowest operations and all locks held: it is run again."""
    log = EventLog(slowest=count)
    run_again(result, trace, watch, log)
    return log


def _document(result: Stored, part: str) -> Document:
    told = result.manifest.get(part)
    resolved = told.get("resolved") if isinstance(told, dict) else None
    if not isinstance(resolved, dict):
        raise UserError(f"does not hold the {part}", file=str(result.directory / "manifest.json"))
    return Document(str(result.directory / "manifest.json"), cast(Plain, without_idle(resolved)))


def without_idle(resolved: dict[str, Any]) -> dict[str, Any]:
    """Return a workload without what its faults have by default: some kinds refuse keys that mean nothing to them."""
    if not isinstance(resolved.get("faults"), list) or not all(isinstance(fault, dict) for fault in resolved["faults"]):
        return resolved
    defaults = {name: field.default for name, field in Fault.model_fields.items()}
    faults = [
        {key: value for key, value in fault.items() if value != defaults.get(key)} for fault in resolved["faults"]
    ]
    return {**resolved, "faults": faults}


def traces_of(result: Stored, given: Path | None = None) -> list[Path]:
    """Return the traces that a stored run replayed, in order, their bytes checked; `given` is the only one, or the
    folder where they lie. UserError."""
    resolved = result.manifest.get("workload", {}).get("resolved", {}).get("trace")
    if resolved is None:
        return []
    names = [Path(name).name for name in (resolved["file"], *resolved.get("then", ()))]
    inputs = result.manifest.get("inputs")
    return [trace_of(name, inputs.get(name) if isinstance(inputs, dict) else None, given) for name in names]


def trace_of(name: str, digest: str | None, given: Path | None) -> Path:
    """Return the file of a trace of which name and SHA-256 are stored, its bytes checked; UserError.

    It is `given`, or in that folder; else it is looked for beside the shipped workloads and in the current directory.
    """
    places = [shipped_folder("workloads") / name, Path(name)]
    if given is not None:
        places = [given / name] if given.is_dir() else [given]
    found = [place for place in places if place.is_file()]
    if not found:
        raise UserError(f"the trace {name} is not at hand", expected="--trace FILE, or the folder that holds it")
    for place in found:
        if sha256(place) == digest:
            return place
    raise UserError(
        f"is another trace than {name} was: SHA-256 {sha256(found[0])}", file=str(found[0]), expected=str(digest)
    )


def _fact(value: Any, key: str) -> Any:
    if not key:
        return value
    return value.get(key) if isinstance(value, dict) else None


def changed_since(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what of simslab, Python and packages differs from when the result was made."""
    import simslab

    made_by = {"simslab_version": simslab.__version__, "simslab_code": code_digest()}
    now: dict[str, Any] = {**made_by, **host_facts(running_build().kind)}
    then: dict[str, Any] = {
        **{name: manifest.get(name, "not stored") for name in made_by},
        **(host if isinstance(host := manifest.get("host"), dict) else {}),
    }
    told = []
    for name, value in then.items():
        pairs = value.items() if isinstance(value, dict) else [("", value)]
        for key, was in pairs:
            is_now = _fact(now.get(name), key)
            if was != is_now and name != "command":
                told.append(f"{' '.join(part for part in (name, key) if part)}: was {was}, is {is_now}")
    return tuple(told)
