"""A stored run as it lies on the disk: its manifest and its files, checked before they are used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simslab.base.documents.input import read_json, read_text
from simslab.base.errors import UserError
from simslab.result.manifest import FORMAT, MANIFEST, VERSION

EXPECTED: Final = "a directory that `run --out` or `compare --out` wrote, or its manifest.json"


@dataclass(frozen=True)
class Stored:
    """A result directory; `manifest` is the content of its manifest.json."""

    directory: Path
    manifest: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """Return the text of a file in the directory, None if it is not there; UserError if it cannot be read."""
        file = self.directory / name
        if not file.is_file():
            return None
        return read_text(file)


def stored(place: str | Path, expected: str = EXPECTED) -> Stored:
    """Return the result directory at `place`, which may also be its manifest; UserError if there is none."""
    path = Path(place)
    file = path / MANIFEST if path.is_dir() else path
    manifest = read_json(file, expected)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise UserError("is no manifest of simslab", file=str(file), expected=expected)
    if manifest.get("version") != VERSION:
        told = f"is a manifest of version {manifest.get('version')}"
        raise UserError(told, file=str(file), expected=f"version {VERSION}")
    return Stored(file.parent, manifest)


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of everything in nested mappings and lists, as `--set` writes paths."""
    if isinstance(value, Mapping) and value:
        for key, member in value.items():
            yield from flat(member, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for index, member in enumerate(value):
            yield from flat(member, f"{path}[{index}]")
    else:
        yield path, value
