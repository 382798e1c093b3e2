"""Machines by name: the files in `machines/`, or a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simslab.base.documents.inherit import extend
from simslab.base.documents.overrides import parse_path, split_override
from simslab.base.documents.yamlfile import load_document, read_yaml
from simslab.base.errors import Problem, UserErrors
from simslab.base.shipped import find_shipped, shipped_names
from simslab.machine.scale_out import scale_out

if TYPE_CHECKING:
    from simslab.base.documents.document import Document
    from simslab.machine.spec import MachineSpec

OWN: Final = ("name", "description", "measured_as")  # of each file, not of those that extend it


def machine_names() -> list[str]:
    """Return the names of the shipped machines."""
    return shipped_names("machines")


def load_machine(name: str, overrides: Sequence[str] = ()) -> MachineSpec:
    """Return the machine of a shipped name or a path, with `path=value` overrides; UserError with all its mistakes."""
    return load_machine_document(name, overrides)[1]


def load_machine_document(name: str, overrides: Sequence[str] = ()) -> tuple[Document, MachineSpec]:
    """Like `load_machine`, with the document, which tells where each value came from."""
    # Imported here so that listing machines does not load pydantic.
    from simslab.machine.spec import MachineSpec

    document, spec = load_document(find_shipped("machines", name), MachineSpec, overrides, extend_machine, scale_out)
    refuse_idle(overrides, spec)
    return document, spec if spec.name else spec.model_copy(update={"name": name})


def extend_machine(document: Document) -> None:
    """Fill in what a machine file takes from another: a shipped machine's name, or a file beside this one.

    `nodes: 8` and `links: ring` over the other's are written out.
    """

    def find(name: str, file: str) -> Document:
        path = find_shipped("machines", name)
        beside = Path(file).parent / path
        return read_yaml(beside if beside.is_file() else path)

    extend(document, find, OWN)
    try:
        scale_out(document)
    except UserErrors as error:
        document.problems += error.problems


def refuse_idle(settings: Sequence[str], spec: MachineSpec) -> None:
    """UserErrors if an override of a machine cannot change what it is about, because something else decides."""
    problems = []
    for text in settings:
        path = [str(part) for part in parse_path(split_override(text)[0])]
        if path[0] == "extends":
            told = "'extends' is looked at before values are set: nothing would change"
            expected = "the other machine as MACHINE, or as an axis: --axis machine=A,B"
            problems.append(Problem(told, f"--set {text}", expected=expected))
        elif spec.idle_latency is not None and _is_of_the_table(path):
            told = "changes no latency: this machine's latencies come from the table in 'idle_latency'"
            expected = "links instead: `simslab import mlc --links`, or idle_latency=null and latencies of one's own"
            problems.append(Problem(told, f"--set {text}", expected=expected))
    if problems:
        raise UserErrors(problems)


def _is_of_the_table(path: Sequence[str]) -> bool:
    """Tell whether an override is of a latency that a table of idle latencies has in it."""
    way = path[0] in ("links", "mesh") and path[-1] in ("latency", "back_latency", "hop")
    memory = path[-1] in ("latency", "row_miss") and not {"dram", "root_port"}.isdisjoint(path[:-1])
    return way or memory or path[-2:] == ["coherence", "memory_ahead"]
