"""Machines by name: the files in `machines/`, or a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simslab.base.documents.inherit import extend
from simslab.base.documents.yamlfile import load_document, read_yaml
from simslab.base.shipped import find_shipped, shipped_names

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

    document, spec = load_document(find_shipped("machines", name), MachineSpec, overrides, extend_machine)
    return document, spec if spec.name else spec.model_copy(update={"name": name})


def extend_machine(document: Document) -> None:
    """Fill in what a machine file takes from another: a shipped machine's name, or a file beside this one."""

    def find(name: str, file: str) -> Document:
        path = find_shipped("machines", name)
        beside = Path(file).parent / path
        return read_yaml(beside if beside.is_file() else path)

    extend(document, find, OWN)
