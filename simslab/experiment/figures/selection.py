"""What a metric's name selects behind its colon: `alloc/hit@mixed`, `list_lock@mixed`, `remote_dram@node0`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from simslab.base.errors import UserError, near_miss
from simslab.slab.paths import PATH_NAMES
from simslab.slub import paths as slub
from simslab.workload.streams.operations import OPERATION_NAMES

PATHS: Final = tuple(
    dict.fromkeys(name.removeprefix("alloc_").removeprefix("free_") for name in (*PATH_NAMES, *slub.PATH_NAMES))
)


@dataclass(frozen=True)
class Selection:
    """Empty parts select everything."""

    first: str = ""  # operation, lock class, cause, source: whatever the family divides by
    path: str = ""
    place: str = ""  # cache or node, behind the @


def plain(text: str) -> Selection:
    """Return a selection of one part, whose names only a run knows: a cache, a call site."""
    return Selection(first=text)


def operations(text: str) -> Selection:
    """Return the selection `OPERATION/PATH@CACHE`, each part of which may be left out."""
    what, _, cache = text.partition("@")
    operation, slash, path = what.partition("/")
    if operation:
        _known(operation, OPERATION_NAMES, "operation", text)
    if slash:
        _known(path, PATHS, "path", text)
    return Selection(operation, path, cache)


def at(known: Collection[str], what: str) -> _Known:
    """Return the reader of selections `NAME@PLACE` whose names are `known`."""
    return _Known(known, what)


@dataclass(frozen=True)
class _Known:
    names: Collection[str]
    what: str

    def __call__(self, text: str) -> Selection:
        name, _, place = text.partition("@")
        if name:
            _known(name, self.names, self.what, text)
        return Selection(first=name, place=place)


def _known(name: str, names: Collection[str], what: str, text: str) -> None:
    if name not in names:
        expected = ", ".join(names)
        raise UserError(f"'{text}': there is no {what} '{name}'", expected=expected, near=near_miss(name, names))
