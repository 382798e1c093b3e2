"""What a run is made from: a machine and a workload, by name or path, with the overrides of the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from simslab.base.documents.document import Document
from simslab.base.documents.overrides import share_out
from simslab.base.errors import Problem, UserError, UserErrors
from simslab.machine.library import load_machine_document
from simslab.machine.spec import MachineSpec
from simslab.workload.description.library import load_workload_document
from simslab.workload.description.spec import Workload

Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class Inputs:
    """A checked machine and workload; the documents tell where each value came from and what was overridden."""

    machine: MachineSpec
    machine_document: Document
    workload: Workload
    workload_document: Document


def load_inputs(machine: str, workload: str, settings: Sequence[str] = ()) -> Inputs:
    """Load both; an override goes to the one that knows its first key. UserErrors with the mistakes of both."""
    shares = share_out(settings, {"machine": MachineSpec.model_fields, "workload": Workload.model_fields})
    problems: list[Problem] = []
    loaded_machine = _or_problems(lambda: load_machine_document(machine, shares["machine"]), problems)
    loaded_workload = _or_problems(lambda: load_workload_document(workload, shares["workload"]), problems)
    if loaded_machine is None or loaded_workload is None:
        raise UserErrors(problems)
    return Inputs(loaded_machine[1], loaded_machine[0], loaded_workload[1], loaded_workload[0])


def _or_problems(load: Callable[[], Loaded], problems: list[Problem]) -> Loaded | None:
    try:
        return load()
    except UserError as error:
        problems += error.problems
        return None
