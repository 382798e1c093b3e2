"""What a run is made from: a machine and a workload, by name or path, with the overrides of the command line.

Every file is read once and hashed as it is read: a reader keeps the documents, so that all runs of an experiment are
made from the same bytes, whatever happens to the files meanwhile.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from simslab.base.documents.document import Document, Plain
from simslab.base.documents.overrides import parse_path, share_out, split_override
from simslab.base.documents.yamlfile import overridden, read_yaml
from simslab.base.errors import Problem, UserError, UserErrors
from simslab.base.shipped import find_shipped
from simslab.experiment.trace_input import TraceInput, is_trace, take_trace
from simslab.machine.library import extend_machine
from simslab.machine.spec import MachineSpec
from simslab.workload.description.library import located
from simslab.workload.description.spec import Workload

Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class Inputs:
    """A checked machine and workload; the documents tell where each value came from and what was overridden."""

    machine: MachineSpec
    machine_document: Document
    workload: Workload
    workload_document: Document
    trace: TraceInput | None = None

    @property
    def hashes(self) -> dict[str, str]:
        """File -> SHA-256 of the bytes that were read, of every file that went in."""
        files = self.machine_document.hashes | self.workload_document.hashes
        return files | ({self.trace.name: self.trace.sha256} if self.trace is not None else {})


@dataclass
class InputReader:
    """Reads each file once; what it loads later under the same name comes from the same bytes."""

    machines: dict[str, Document] = field(default_factory=dict)
    workloads: dict[str, Document] = field(default_factory=dict)
    traces: dict[Path, TraceInput] = field(default_factory=dict)

    def load(self, machine: str, workload: str, settings: Sequence[str] = ()) -> Inputs:
        """Load both; an override goes to the one that knows its first key. UserErrors with the mistakes of both."""
        shares = share_out(settings, {"machine": MachineSpec.model_fields, "workload": Workload.model_fields})
        problems: list[Problem] = []
        made = _or_problems(lambda: self.load_machine(machine, shares["machine"]), problems)
        loaded = _or_problems(lambda: self.load_workload(workload, shares["workload"]), problems)
        if made is None or loaded is None:
            raise UserErrors(problems)
        return Inputs(made[1], made[0], loaded[1], loaded[0], loaded[2])

    def load_machine(self, name: str, settings: Sequence[str] = ()) -> tuple[Document, MachineSpec]:
        """Return a machine with overrides; UserErrors naming those that could change nothing."""
        if name not in self.machines:
            document = read_yaml(find_shipped("machines", name))
            extend_machine(document)
            self.machines[name] = document
        document, spec = overridden(copy.deepcopy(self.machines[name]), MachineSpec, settings)
        refuse_idle(settings, spec)
        return document, spec if spec.name else spec.model_copy(update={"name": name})

    def load_workload(self, name: str, settings: Sequence[str] = ()) -> tuple[Document, Workload, TraceInput | None]:
        """Return a workload with overrides, and the trace that it replays; `name` may be a recorded trace itself."""
        if name not in self.workloads:
            self.workloads[name] = trace_document(name) if is_trace(name) else _read_workload(name)
        document, workload = overridden(copy.deepcopy(self.workloads[name]), Workload, settings)
        workload = located(document, workload)
        if workload.trace is None:
            return document, workload, None
        trace = self._trace(workload.trace.file)
        kept = workload.trace.model_copy(update={"file": trace.path})
        return document, workload.model_copy(update={"trace": kept}), trace

    def _trace(self, path: Path) -> TraceInput:
        if path not in self.traces:
            self.traces[path] = take_trace(path)
        return self.traces[path]


def load_inputs(machine: str, workload: str, settings: Sequence[str] = ()) -> Inputs:
    """Load a machine and a workload (or a recorded trace), with overrides; UserErrors with the mistakes of both."""
    return InputReader().load(machine, workload, settings)


def object_document(spec: MachineSpec | Workload) -> Document:
    """Return the document of a machine or workload that was made in Python; what is default is not in it."""
    value: Any = spec.model_dump(mode="json", exclude_defaults=True)
    return Document(f"the object {spec.name!r}", value)


def trace_document(path: str) -> Document:
    """Return the workload that replays the trace at `path`, as if a file beside it said so."""
    name = Path(path).name
    value: Plain = {"description": f"kmem trace {name}", "trace": {"file": name}}
    return Document(str(Path(path).with_name(_stem(path) + ".yaml")), value)


def _stem(path: str) -> str:
    """Return a trace's name without its suffixes: `mine` of `mine.txt.gz`."""
    return Path(path).name.partition(".")[0] or Path(path).name


def _read_workload(name: str) -> Document:
    return read_yaml(find_shipped("workloads", name))


def refuse_idle(settings: Sequence[str], spec: MachineSpec) -> None:
    """UserErrors if an override of a machine cannot change any outcome, because something else decides."""
    problems = []
    for text in settings:
        path = [str(part) for part in parse_path(split_override(text)[0])]
        if path[0] == "extends":
            told = "'extends' is looked at before values are set: nothing would change"
            expected = "the other machine as MACHINE, or as an axis: --axis machine=A,B"
            problems.append(Problem(told, f"--set {text}", expected=expected))
        elif spec.idle_latency is not None and (path[0] in ("links", "mesh") and "latency" in path[-1]):
            told = "has no effect: this machine's latencies come from the table in 'idle_latency'"
            expected = "'idle_latency.dram[i][j]=...', or 'idle_latency=null' and links of one's own"
            problems.append(Problem(told, f"--set {text}", expected=expected))
    if problems:
        raise UserErrors(problems)


def _or_problems(load: Callable[[], Loaded], problems: list[Problem]) -> Loaded | None:
    try:
        return load()
    except UserError as error:
        problems += error.problems
        return None
