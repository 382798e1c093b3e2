"""Machines by name: the files in `machines/`, or a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simslab.base.shipped import find_shipped, shipped_names
from simslab.base.yamlfile import load_document

if TYPE_CHECKING:
    from simslab.base.document import Document
    from simslab.machine.spec import MachineSpec


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

    document, spec = load_document(find_shipped("machines", name), MachineSpec, overrides)
    return document, spec if spec.name else spec.model_copy(update={"name": name})
