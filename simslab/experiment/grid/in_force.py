"""Settings that others of the same run replace, so that nothing is reported as in force that is not.

One path may lie in another: `tunables.mixed={limit: 60, ...}` replaces what `tunables.mixed.limit=30` set before it,
and is changed by one that comes after it. Paths are compared as the document resolves them, members of lists by number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from simslab.base.documents.document import Document, Override
from simslab.base.documents.overrides import parse_path
from simslab.base.errors import UserError

WRITTEN_OUT: Final = ("nodes", "links")  # a number of nodes, a shape of links: they keep what stands there otherwise


@dataclass(frozen=True)
class Clash:
    """Two overrides of one thing by their place among a document's; `whole` where nothing of the first is left."""

    first: int
    second: int
    whole: bool


def clashes(document: Document) -> Iterator[Clash]:
    """Yield each pair of a document's overrides of which the later replaces the earlier, or a part of it."""
    paths = [parse_path(override.path) for override in document.overrides]
    for second, (path, override) in enumerate(zip(paths, document.overrides, strict=True)):
        for first, (other, earlier) in enumerate(zip(paths[:second], document.overrides, strict=False)):
            if path == other or (path == other[: len(path)] and not _is_written_out(override)):
                yield Clash(first, second, True)
            elif other == path[: len(other)] and not _is_written_out(earlier):
                yield Clash(first, second, False)


def _is_written_out(override: Override) -> bool:
    return override.path in WRITTEN_OUT and not isinstance(override.value, list | dict)


def said_in_force(settings: Sequence[str], varying: Sequence[str]) -> list[str]:
    """Return settings as a reader is told that they hold at every point: `a={b: 1, c: 2} (but for a.b)`.

    What varies within one, or is set as well, is told apart: it stands after it, or `clashes` would refuse it.
    """
    pairs = [(path.strip(), value.strip()) for path, _, value in (text.partition("=") for text in settings)]
    others = [*(path for path, _ in pairs), *varying]
    return [f"{path}={said_value(path, value, others)}" for path, value in pairs]


def said_value(path: str, value: str, others: Iterable[str]) -> str:
    """Return a value as told to a reader: with those of the `others`' paths that change a part of it."""
    inner = list(dict.fromkeys(other for other in others if is_within(other, path))) if is_whole(value) else []
    return f"{value} (but for {', '.join(inner)})" if inner else value


def is_whole(value: str) -> bool:
    """Whether a value, as typed, is a mapping or a list, which says all of what it is set for."""
    return value.lstrip().startswith(("{", "["))


def is_within(path: str, other: str) -> bool:
    """Whether a path is of a part of what another names; either may leave out `machine.` or `workload.`."""
    (here, bare), (there, other_bare) = in_document(path), in_document(other)
    try:
        inner, outer = parse_path(bare), parse_path(other_bare)
    except UserError:
        return False
    fits = here == there or not here or not there
    return fits and len(inner) > len(outer) and inner[: len(outer)] == outer


def replaces(path: str, value: str, other: str) -> bool:
    """Whether nothing is left of what another path within this one says; a shape of links keeps it."""
    kept = in_document(path)[1] in WRITTEN_OUT and not is_whole(value)
    return is_within(other, path) and not kept


def in_document(path: str) -> tuple[str, str]:
    """Return the document that a path names first, `machine` or `workload` (empty if none), and the rest of it."""
    document, dot, rest = path.partition(".")
    return (document, rest) if dot and document in ("machine", "workload") else ("", path)
