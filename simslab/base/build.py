"""Which build is running: compiled or plain Python, why, and whether it was made from the sources that are here.

Needs only the standard library, since `setup.py` runs this file too, to record what it built in `simslab/built.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
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
