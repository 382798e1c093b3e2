"""What a metric's name selects behind its colon: `alloc/hit@mixed`, `list_lock@mixed`, `remote_dram@node0`."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Final

from simslab.base.errors import UserError, near_miss
from simslab.machine.accounting.callsites import site_names
from simslab.slab.paths import PATH_NAMES
from simslab.slub import paths as slub
from simslab.workload.streams.operations import OPERATION_NAMES

PATHS: Final = tuple(
    dict.fromkeys(name.removeprefix("alloc_").removeprefix("free_") for name in (*PATH_NAMES, *slub.PATH_NAMES))
)
_WITH_CALL_SITES: Final = ("simslab.slab", "simslab.slub", "simslab.kernel")
SITES_TOLD: Final = "one that `simslab explain` tells, or a metric without, as `simslab metrics` lists"
_NODE: Final = re.compile(r"node[0-9]{1,9}")


@dataclass(frozen=True)
class Selection:
    """Empty parts select everything."""

    first: str = ""  # operation, lock class, cause, source: whatever the family divides by
    path: str = ""
    place: str = ""  # cache or node, behind the @


def plain(text: str) -> Selection:
    """Return a selection of one part, whose names only a run knows: a cache, a vector."""
    return Selection(first=text)


def call_site(text: str) -> Selection:
    """Return the selection of a call site; UserError if nothing in the kernel that is simulated is called so."""
    if text:
        _known(text, _call_sites(), "call site", text, SITES_TOLD)
    return Selection(first=text)


@cache
def _call_sites() -> list[str]:
    """Return all call sites: modules name their own as they are imported, and a run imports one allocator's."""
    for package in _WITH_CALL_SITES:
        for module in walk_packages(import_module(package).__path__, f"{package}."):
            import_module(module.name)
    return sorted(site_names())


def operations(text: str) -> Selection:
    """Return the selection `OPERATION/PATH@CACHE`, each part of which may be left out."""
    what, _, cache = text.partition("@")
    operation, slash, path = what.partition("/")
    if operation:
        _known(operation, OPERATION_NAMES, "operation", text)
    if slash:
        _known(path, PATHS, "path", text)
    return Selection(operation, path, cache)


def at(known: Collection[str], what: str, nodes: bool = False) -> _Known:
    """Return the reader of selections `NAME@PLACE` whose names are `known`; the places are caches, or `nodes`."""
    return _Known(known, what, nodes)


@dataclass(frozen=True)
class _Known:
    names: Collection[str]
    what: str
    nodes: bool

    def __call__(self, text: str) -> Selection:
        name, _, place = text.partition("@")
        if name:
            _known(name, self.names, self.what, text)
        if self.nodes and place and not _NODE.fullmatch(place):
            raise UserError(f"'{text}': '{place}' is no node", expected="@node0, @node1, ...")
        return Selection(first=name, place=place)


def _known(name: str, names: Collection[str], what: str, text: str, told: str = "") -> None:
    """UserError for a name that is none of the known ones, with all of these unless where they are `told` is given."""
    if name not in names:
        expected = told or ", ".join(names)
        raise UserError(f"'{text}': there is no {what} '{name}'", expected=expected, near=near_miss(name, names))
