"""What `--json` prints of commands whose product is a text or a file, as models: `json_files.py` lists them by name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from simslab.report.json_checks import Told


class OutputFile(Told):
    """A file that was written."""

    what: str = Field(description="figure, data, page, machine, or the format of a table")
    file: str
    bytes: int | None = Field(description="null of what is no ordinary file")


class WrittenFile(Told):
    """`--json` of `plot`, `report`, `import`, `export` and `store export`."""

    files: list[OutputFile]
    text: str | None = Field(description="what would stand on standard output where no file is asked for")
    notes: list[str] = Field(description="what the reader must be told of the product")


class ViewFile(Told):
    """`simslab show --view NAME --json`."""

    result: str
    view: str
    run_again: bool = Field(description="whether the result does not keep what is shown")
    lines: list[str] = Field(description="of the text; those of perfetto are a JSON document together")


class PieceFile(Told):
    """One result of an artifact."""

    name: str
    made_by: str = Field(description="the command that made it first")
    commands: list[str] = Field(description="that make it again, from the artifact's directory")
    seconds: float = Field(description="that this took here")
    expected: str = Field(description="what must come out")


class ArtifactFile(Told):
    """`simslab artifact --json`."""

    directory: str
    pieces: list[PieceFile]


class MergedFile(Told):
    """`simslab store merge --json`: what the store now holds."""

    store: str
    cells: int
    runs: int


class HeldFile(Told):
    """A lock that another CPU held while an operation waited for it."""

    cpu: int
    site: str = Field(description="of the acquisition")
    cycles: int
    during: int = Field(description="cycles of them within the operation")


class WaitedFile(Told):
    """A lock that an operation waited for."""

    lock: str
    site: str
    after: int = Field(description="cycles from the operation's beginning to the acquisition")
    held: list[HeldFile]


class SlowFile(Told):
    """One of the slowest operations."""

    operation: str
    path: str
    cache: str
    cycles: int
    ns: float
    start_us: float = Field(description="from the beginning of the region of interest")
    cpu: int
    task: str
    in_handler: bool
    causes: dict[str, int] = Field(description="cycles by cause")
    waited: list[WaitedFile]


class WorstFile(Told):
    """`simslab explain RESULT --worst K --json`."""

    frequency_hz: int
    operations: list[SlowFile] = Field(description="the slowest first")


class ParameterFile(Told):
    """A parameter of a machine."""

    parameter: str = Field(description="its path, as in --set")
    value: str
    counted_as: str = Field(description="the integer that the simulation reads; empty where that is no number")


class ParametersFile(Told):
    """`simslab describe --parameters --json`."""

    machine: str
    parameters: list[ParameterFile]


def written_json(files: Mapping[str, Path], text: str | None = None, notes: Sequence[str] = ()) -> str:
    """Return as JSON which files a command has written (what each is -> the file), or the text instead of one."""
    told: dict[str, Any] = {"files": [_output(what, file) for what, file in files.items()]}
    return json.dumps({**told, "text": text, "notes": list(notes)}, indent=2, ensure_ascii=False) + "\n"


def _output(what: str, file: Path) -> dict[str, Any]:
    return {"what": what, "file": str(file), "bytes": file.stat().st_size if file.is_file() else None}
