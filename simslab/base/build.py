"""Which build is running: compiled or plain Python, why, whether it was made from the sources that are here, and which.

Needs only the standard library, since `setup.py` runs this file too, to record what it built in `simslab/built.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple


class Build(NamedTuple):
    """`kind` is "compiled", "plain" or "mixed"; `stale` names modules whose source changed since they were compiled."""

    kind: str
    reason: str
    stale: tuple[str, ...]
    folder: Path

    def __str__(self) -> str:
        text = f"{self.kind} ({self.reason})" if self.reason else self.kind
        if self.stale:
            text += f"; STALE, install again: {', '.join(self.stale)} changed since the build"
        return text


def source_hash(source: Path) -> str:
    """Return a hash of a module's `.py` and `.pxd`."""
    digest = hashlib.sha256()
    for path in (source, source.with_suffix(".pxd")):
        digest.update(path.read_bytes() + b"\0" if path.exists() else b"\0")
    return digest.hexdigest()[:16]


@cache
def code_digest() -> str:
    """Return a hash of the package's `.py` and `.pxd`: the same compiled and plain, installed and in a source tree.

    How lines end does not count. Where compiled modules are older than their sources, what they were compiled from
    counts as well, since that is what runs. Takes a tenth of a second, once a process. Not noticed: sources that change
    after the process has loaded them.
    """
    folder = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in _sources(folder)):
        digest.update(name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    if stale := running_build().stale:
        compiled_from = _record(folder / "built.json")["sources"]
        digest.update("".join(f"{name} {compiled_from[name]}\n" for name in stale).encode())
    return digest.hexdigest()[:16]


def _sources(folder: Path) -> Iterator[Path]:
    """Yield the sources below a folder; what editors and tools keep there under a leading dot is none."""
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        names = (name for name in files if name.endswith((".py", ".pxd")) and not name.startswith("."))
        yield from (Path(place, name) for name in names)


def running_build() -> Build:
    """Return what an import of the leaves gives in this process."""
    folder = Path(__file__).resolve().parent.parent
    record = _record(folder / "built.json")
    names = sorted(record.get("leaves", []))
    compiled = [name for name in names if _is_compiled(name)]
    if compiled:
        # Headers count too: their constants are compiled into the leaves.
        sources = {name: kept for name, kept in record["sources"].items() if name in compiled or name not in names}
        paths = {name: folder.parent / (name.replace(".", "/") + ".py") for name in sources}
        stale = tuple(name for name in sorted(sources) if source_hash(paths[name]) != sources[name])
        kind = "compiled" if len(compiled) == len(names) else "mixed"
        return Build(kind, "" if kind == "compiled" else f"{len(compiled)} of {len(names)} leaves", stale, folder)
    return Build("plain", _why_plain(record), (), folder)


def _record(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _is_compiled(name: str) -> bool:
    spec = find_spec(name)
    return spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES))


def _why_plain(record: dict[str, Any]) -> str:
    if os.environ.get("SIMSLAB_PURE") == "1":
        return "SIMSLAB_PURE=1"
    if not record:
        return "sources, not built"
    return f"not compiled at installation: {record['reason']}" if record["reason"] else "compiled modules are missing"
