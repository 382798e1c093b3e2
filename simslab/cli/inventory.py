"""What ships with simslab, what `check` tells of files, and schemas, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from simslab.api.checking import check_file, check_together, models
from simslab.base.documents.yamlfile import read_yaml
from simslab.base.errors import UserError, near_miss
from simslab.base.shipped import KINDS, find_shipped, shipped_names
from simslab.experiment.trace_input import copies


def inventory_lines() -> Iterator[str]:
    """Yield the shipped machines, workloads and experiments with their descriptions, a line each."""
    for kind in KINDS:
        shipped = list(_shipped(kind))
        yield f"{kind}:"
        width = max((len(entry["name"]) for entry in shipped), default=0)
        for entry in shipped:
            yield f"  {entry['name']:<{width}}  {entry['description']}".rstrip()


def inventory_json() -> str:
    """Return all that ships as JSON: of each kind a list of name, description and file."""
    return json.dumps({kind: list(_shipped(kind)) for kind in KINDS}, indent=2, ensure_ascii=False)


def _shipped(kind: str) -> Iterator[dict[str, str]]:
    for name in shipped_names(kind):
        file = find_shipped(kind, name)
        value = read_yaml(file).value
        described = value.get("description") if isinstance(value, dict) else None
        yield {"name": name, "description": " ".join(str(described or "").split()), "file": str(file)}


def checked_json(files: Sequence[str]) -> tuple[str, bool]:
    """Return as JSON what `check` tells of the files, and whether there is no mistake in them."""
    told: list[dict[str, Any]] = []
    kept = copies()
    for file in files:
        entry: dict[str, Any] = {"file": file, "kind": "", "notes": [], "problems": []}
        try:
            entry["kind"], *notes = check_file(file, kept).splitlines()
            entry["notes"] = [note.strip() for note in notes]
        except UserError as error:
            entry["problems"] = [asdict(problem) for problem in error.problems]
        told.append(entry)
    together: dict[str, Any] | None = None
    if len(files) == 2 and not any(entry["problems"] for entry in told):
        try:
            fits = check_together({entry["kind"]: entry["file"] for entry in told}, kept)
            together = {"told": fits, "problems": []} if fits else None
        except UserError as error:
            together = {"told": "", "problems": [asdict(problem) for problem in error.problems]}
    good = not any(entry["problems"] for entry in [*told, *([together] if together else [])])
    return json.dumps({"files": told, "together": together}, indent=2, ensure_ascii=False), good


def schema_json(kind: str) -> str:
    """Return the JSON Schema of a kind of file, or of what `--json` prints, indented."""
    from simslab.report.json_files import FILES
    from simslab.result.result_file import schema_text

    known: dict[str, Callable[[], str]] = {
        name: lambda model=model: json.dumps(model.model_json_schema(), indent=2)  # type: ignore[misc]
        for name, model in {**models(), **FILES}.items()
    }
    known["result"] = lambda: schema_text().rstrip("\n")
    if kind not in known:
        raise UserError(f"there is no schema '{kind}'", expected=" or ".join(known), near=near_miss(kind, known))
    return known[kind]()
