"""Documents that extend another: what a file does not say stands in the file it names under `extends`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final

from simslab.base.errors import UserError

if TYPE_CHECKING:
    from simslab.base.documents.document import Document, Path, Plain

KEY: Final = "extends"
MAX_GENERATIONS: Final = 8

Finder = Callable[[str, str], "Document"]  # (what `extends` says, file that says it) -> the document meant


def extend(document: Document, find: Finder, own: Collection[str]) -> None:
    """Fill `document` in with what it extends. Mappings are merged key by key; lists and scalars replace.

    Keys in `own` are each file's own and never inherited; a null extends nothing. UserError if a file extends itself.
    """
    files = [document.file]
    while isinstance(document.value, dict) and document.value.get(KEY) is not None:
        name, place = document.value.pop(KEY), document.position((KEY,))
        if not isinstance(name, str):
            raise UserError("is not a name", file=place.file, line=place.line, column=place.column, path=KEY)
        base = find(name, place.file)
        if base.file in files or len(files) >= MAX_GENERATIONS:
            message = f"'{name}' extends this file in turn" if base.file in files else "is extended too often"
            raise UserError(message, file=place.file, line=place.line, column=place.column, path=KEY)
        files.append(base.file)
        document.bases.append(base.file)
        _merge(document, base, own)


def _merge(document: Document, base: Document, own: Collection[str]) -> None:
    """Add to `document` what only `base` says."""
    document.problems += base.problems
    document.hashes |= base.hashes
    for key in own:
        if isinstance(base.value, dict):
            base.value.pop(key, None)
    document.value = _merged(document, base, (), document.value, base.value)


def _merged(document: Document, base: Document, path: Path, ours: Plain, theirs: Plain) -> Plain:
    if not (isinstance(ours, dict) and isinstance(theirs, dict)):
        document.replaced.setdefault(path, theirs)
        return ours
    for key, value in theirs.items():
        here = (*path, key)
        if key in ours:
            ours[key] = _merged(document, base, here, ours[key], value)
        else:
            ours[key] = value
            _take_positions(document, base, here)
    return ours


def _take_positions(document: Document, base: Document, path: Path) -> None:
    size = len(path)
    document.positions.update({at: place for at, place in base.positions.items() if at[:size] == path})
    document.key_positions.update({at: place for at, place in base.key_positions.items() if at[:size] == path})
