"""Recorded traces as inputs: hashed when they are taken, and refused when they have changed before their replay."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from simslab.base.errors import UserError, reason
from simslab.base.shipped import shipped_names

SUFFIXES: Final = (".txt", ".gz", ".trace", ".dat", ".log")


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


def is_trace(name: str) -> bool:
    """Whether a workload's name means a recorded trace: a file (or a name with a trace's suffix) that is no YAML."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or name in shipped_names("workloads"):
        return False
    return path.suffix in SUFFIXES or path.is_file()


def take_trace(path: Path) -> TraceInput:
    """Hash a trace; what can be read only once (a pipe) is copied first. UserError if it cannot be read."""
    try:
        with path.open("rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                before = _stamp(path)
                return TraceInput(str(path), path, hashlib.file_digest(file, "sha256").hexdigest(), before)
            copy = Path(tempfile.mkdtemp(dir=_folder())) / path.name
            with copy.open("wb") as kept:
                shutil.copyfileobj(file, kept)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UserError(f"cannot be read: {reason(error)}", file=str(path)) from None
    digest = hashlib.sha256(copy.read_bytes()).hexdigest()
    return TraceInput(str(path), copy, digest, _stamp(copy))


def then_settings(first: str, more: Sequence[str]) -> list[str]:
    """Return the settings that have further traces replayed after `first`; UserError if one of them is no trace."""
    for name in (first, *more) if more else ():
        if not is_trace(name):
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


@cache
def _folder() -> str:
    """Return a folder for this process's copies, which goes when the process ends."""
    folder = tempfile.mkdtemp(prefix="simslab-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
