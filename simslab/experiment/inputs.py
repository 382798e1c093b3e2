"""What a run is made from: a machine and a workload, by name or path, with the overrides of the command line.

Every file is read once and hashed as it is read: a reader keeps the documents, so that all runs of an experiment are
made from the same bytes, whatever happens to the files meanwhile.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from simslab.base.documents.copies import Copies
from simslab.base.documents.document import Document, Plain
from simslab.base.documents.input import check_name
from simslab.base.documents.overrides import share_out
from simslab.base.documents.yamlfile import overridden, read_yaml
from simslab.base.errors import Problem, UserError, UserErrors
from simslab.base.shipped import find_shipped
from simslab.experiment.trace_input import (
    TraceInput,
    copies,
    is_trace,
    refuse_namesakes,
    take_trace,
)
from simslab.machine.library import extend_machine, refuse_idle
from simslab.machine.scale_out import scale_out
from simslab.machine.spec import MachineSpec
from simslab.result.manifest import MANIFEST
from simslab.workload.description.library import located
from simslab.workload.description.spec import Workload

Loaded = TypeVar("Loaded")
OF_EXPERIMENTS: Final = frozenset(("machine", "workload", "axes", "points"))  # keys of experiment files alone


@dataclass(frozen=True)
class Inputs:
    """A checked machine and workload; the documents tell where each value came from and what was overridden."""

    machine: MachineSpec
    machine_document: Document
    workload: Workload
    workload_document: Document
    traces: tuple[TraceInput, ...] = ()

    @property
    def hashes(self) -> dict[str, str]:
        """File -> SHA-256 of the bytes that were read, of every file that went in."""
        return self.machine_document.hashes | self.workload_document.hashes | self.trace_hashes

    @property
    def trace_hashes(self) -> dict[str, str]:
        """File -> SHA-256 of each recorded trace that is replayed."""
        return {trace.name: trace.sha256 for trace in self.traces}

    @property
    def trace_names(self) -> dict[str, str]:
        """File that is read -> what the user called it, of each recorded trace."""
        return {str(trace.path): trace.name for trace in self.traces}

    def check_traces(self) -> None:
        """UserError if a trace is not what was hashed."""
        for trace in self.traces:
            trace.check_unchanged()


@dataclass
class InputReader:
    """Reads each file once; what it loads later under the same name comes from the same bytes.

    Of what can be read only once, `copies` may have been made by who looked at it before.
    """

    machines: dict[str, Document] = field(default_factory=dict)
    workloads: dict[str, Document] = field(default_factory=dict)
    traces: dict[Path, TraceInput] = field(default_factory=dict)
    copies: Copies = field(default_factory=copies)

    def load(self, machine: str, workload: str, settings: Sequence[str] = ()) -> Inputs:
        """Load both; an override goes to the one that knows its first key. UserErrors with the mistakes of both."""
        shares = divided(settings)
        problems: list[Problem] = []
        made = _or_problems(lambda: self.load_machine(machine, shares["machine"]), problems)
        loaded = _or_problems(lambda: self.load_workload(workload, shares["workload"]), problems)
        if made is None or loaded is None:
            raise UserErrors(problems)
        return Inputs(made[1], made[0], loaded[1], loaded[0], loaded[2])

    def load_machine(self, name: str, settings: Sequence[str] = ()) -> tuple[Document, MachineSpec]:
        """Return a machine with overrides; UserErrors naming those that could change nothing."""
        check_name(name)
        if name not in self.machines:
            document = self._document(find_shipped("machines", name), "machine")
            extend_machine(document)
            self.machines[name] = document
        document, spec = overridden(copy.deepcopy(self.machines[name]), MachineSpec, settings, scale_out)
        refuse_idle(settings, spec)
        return document, spec if spec.name else spec.model_copy(update={"name": name})

    def load_workload(
        self, name: str, settings: Sequence[str] = ()
    ) -> tuple[Document, Workload, tuple[TraceInput, ...]]:
        """Return a workload with overrides, and the traces that it replays; `name` may be a recorded trace itself."""
        refuse_result(name)
        check_name(name)
        if name not in self.workloads:
            traced = is_trace(name, self.copies.readable(Path(name)))
            document = trace_document(name) if traced else self._document(find_shipped("workloads", name), "workload")
            self.workloads[name] = document
        document, workload = overridden(copy.deepcopy(self.workloads[name]), Workload, settings)
        workload = located(document, workload)
        if workload.trace is None:
            return document, workload, ()
        traces = tuple(map(self._trace, workload.trace.files))
        refuse_namesakes(traces)
        file, *then = (trace.path for trace in traces)
        kept = workload.trace.model_copy(update={"file": file, "then": then})
        return document, workload.model_copy(update={"trace": kept}), traces

    def _trace(self, path: Path) -> TraceInput:
        check_name(str(path))
        if path not in self.traces:
            self.traces[path] = take_trace(path, self.copies.readable(path))
        return self.traces[path]

    def _document(self, path: Path, wanted: str) -> Document:
        document = read_yaml(self.copies.readable(path), str(path))
        refuse_other_kind(document, wanted)
        return document


def divided(settings: Sequence[str]) -> dict[str, list[str]]:
    """Return which settings are the machine's and which the workload's; UserErrors for those that are neither's."""
    return share_out(settings, {"machine": MachineSpec.model_fields, "workload": Workload.model_fields})


def load_inputs(machine: str, workload: str, settings: Sequence[str] = (), kept: Copies | None = None) -> Inputs:
    """Load a machine and a workload (or a recorded trace), with overrides; UserErrors with the mistakes of both.

    `kept` has the copies made before of what can be read only once.
    """
    return InputReader(copies=kept or copies()).load(machine, workload, settings)


def refuse_result(name: str) -> None:
    """UserError if a workload's name is that of a result, which is run again in another way."""
    path = Path(name)
    folder = path if os.path.isdir(name) else path.parent if path.name == MANIFEST else None
    if folder is not None and os.path.isfile(folder / MANIFEST):
        raise UserError("is a result, not a workload", file=name, expected=f"`simslab reproduce {folder}`")


def refuse_other_kind(document: Document, wanted: str) -> None:
    """UserError if a document has keys of another kind alone, and none of the `wanted` kind (machine or workload)."""
    keys = set(document.value) if isinstance(document.value, dict) else set()
    machines, workloads = set(MachineSpec.model_fields), set(Workload.model_fields)
    wants_machine = wanted == "machine"
    if keys & (machines - workloads if wants_machine else workloads - machines):
        return
    if keys & OF_EXPERIMENTS:
        told, expected = "an experiment", f"`simslab sweep {document.file}`"
    elif keys & (workloads - machines if wants_machine else machines - workloads):
        told = "a workload" if wants_machine else "a machine"
        expected = "MACHINE WORKLOAD; did you mean the other way round?"
    else:
        return
    raise UserError(f"is {told}, not a {wanted}", file=document.file, expected=expected)


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


def _or_problems(load: Callable[[], Loaded], problems: list[Problem]) -> Loaded | None:
    try:
        return load()
    except UserError as error:
        problems += error.problems
        return None
