"""Recorded traces as inputs: told from YAML by their content, hashed when they are taken, and refused when they have
changed before their replay.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from simslab.base.documents.copies import Copies
from simslab.base.documents.yamlfile import MAX_BYTES
from simslab.base.errors import UserError, UserErrors, reason
from simslab.base.shipped import KINDS, shipped_names

SUFFIXES: Final = (".txt", ".gz", ".trace", ".dat", ".log")
YAML_SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True)
class TraceInput:
    """A trace's file as it was when it was hashed; `name` is what the user called it, `path` where it is read from."""

    name: str
    path: Path
    sha256: str
    stamp: tuple[int, ...]  # size, time of change, number of the file

    def check_unchanged(self) -> None:
        """UserError if the file is not the one that was hashed."""
        if _stamp(self.path) != self.stamp:
            raise UserError("has changed since it was read", file=self.name, expected="a file that nobody writes to")


def is_trace(name: str, file: Path | None = None) -> bool:
    """Whether an input is a recorded trace, no YAML: by its suffix, or where that says nothing by what it begins with.

    `file` is read in its place.
    """
    suffix = Path(name).suffix
    if suffix in YAML_SUFFIXES or any(name in shipped_names(kind) for kind in KINDS):
        return False
    if suffix in SUFFIXES:
        return True
    # Imported here: few inputs are looked into, and this loads NumPy.
    from simslab.workload.trace.kmem_trace import begins_a_trace

    return begins_a_trace(file or Path(name))


def copies() -> Copies:
    """Return copies of inputs, none made yet: traces whole, of all else as much as is needed to refuse it."""
    return Copies(lambda path, file: -1 if is_trace(str(path), file) else MAX_BYTES + 1)


@contextmanager
def told_by_name(names: Mapping[str, str]) -> Iterator[None]:
    """Within this block mistakes in a file that is read in place of another are told of the one the user named."""
    try:
        yield
    except UserError as error:
        told = [replace(problem, file=names.get(problem.file, problem.file)) for problem in error.problems]
        if told == list(error.problems):
            raise
        raise UserErrors(told) from None


def take_trace(path: Path, file: Path | None = None) -> TraceInput:
    """Hash a trace, of which `file` is read in its place. UserError if it cannot be read."""
    file = file or path
    try:
        with file.open("rb") as stream:
            before = _stamp(file)
            return TraceInput(str(path), file, hashlib.file_digest(stream, "sha256").hexdigest(), before)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UserError(f"cannot be read: {reason(error)}", file=str(path)) from None


def then_settings(first: str, more: Sequence[str], kept: Copies | None = None) -> list[str]:
    """Return the settings that have further traces replayed after `first`; UserError if one of them is no trace.

    Of what can be read only once `kept` keeps a copy, for those that read it after.
    """
    kept = kept or copies()
    for name in (first, *more) if more else ():
        if not is_trace(name, kept.readable(Path(name))):
            told = f"'{name}' is no recorded trace, and {len(more) + 1} workloads were given"
            raise UserError(told, expected="one WORKLOAD, or recorded traces alone")
    if not more:
        return []
    stems = [Path(name).name.partition(".")[0] or Path(name).name for name in (first, *more)]
    return [
        f"workload.name={json.dumps('+'.join(stems), ensure_ascii=False)}",
        f"trace.then={json.dumps(list(more), ensure_ascii=False)}",
    ]


def refuse_namesakes(traces: Sequence[TraceInput]) -> None:
    """UserError if two files of one name differ: results name a trace without its folder."""
    known: dict[str, TraceInput] = {}
    for trace in traces:
        other = known.setdefault(Path(trace.name).name, trace)
        if other.sha256 != trace.sha256:
            told = f"has the name of another trace, {other.name}"
            raise UserError(told, file=trace.name, expected="names that tell the traces apart")


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError as error:
        raise UserError(f"cannot be read: {reason(error)}", file=str(path)) from None
    return found.st_size, found.st_mtime_ns, found.st_ino
