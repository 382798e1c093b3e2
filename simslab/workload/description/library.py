"""Workloads by name: the files in `workloads/`, or a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from simslab.base.documents.yamlfile import load_document
from simslab.base.shipped import find_shipped, shipped_names

if TYPE_CHECKING:
    from simslab.base.documents.document import Document
    from simslab.workload.description.spec import Workload


def workload_names() -> list[str]:
    """Return the names of the shipped workloads."""
    return shipped_names("workloads")


def load_workload(name: str, overrides: Sequence[str] = ()) -> Workload:
    """Return the workload of a shipped name or a path, with `path=value` overrides; UserError with all its mistakes."""
    return load_workload_document(name, overrides)[1]


def load_workload_document(name: str, overrides: Sequence[str] = ()) -> tuple[Document, Workload]:
    """Like `load_workload`, with the document, which tells where each value came from.

    A trace's file is looked for beside the workload's, one named by an override where the command was given.
    """
    # Imported here so that listing workloads does not load pydantic.
    from simslab.workload.description.spec import Workload

    path = find_shipped("workloads", name)
    document, workload = load_document(path, Workload, overrides)
    return document, located(document, workload)


def located(document: Document, workload: Workload) -> Workload:
    """Return the workload under its name, with the paths of its traces.

    A trace's file is looked for beside the workload's, one named by an override where the command was given.
    """
    path = Path(document.file)
    updates: dict[str, object] = {} if workload.name else {"name": path.stem}
    if workload.trace is not None:
        given = {override.path for override in document.overrides}
        trace = workload.trace
        file = trace.file if given & {"trace", "trace.file"} else path.parent / trace.file
        then = trace.then if given & {"trace", "trace.then"} else [path.parent / each for each in trace.then]
        updates["trace"] = trace.model_copy(update={"file": file, "then": then})
    return workload.model_copy(update=updates)
