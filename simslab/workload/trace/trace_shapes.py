"""What follows the pointer in a kmem event: sizes, GFP flags, node and cache name, one row per distinct text.

Layouts of include/trace/events/kmem.h (`perf script` and `trace-cmd report` print the same fields):

| kernels | allocations | frees |
|---|---|---|
| 2.6.30 to 5.11 | `bytes_req= bytes_alloc= gfp_flags=`, and `node=` on the `_node` events | nothing |
| 5.12 to 5.19 | the same | `name=` of kmem_cache_free |
| 6.0 | `... accounted=true/false` | `name=` |
| 6.1 and later | `name=` of kmem_cache_alloc, `bytes_req= bytes_alloc= gfp_flags= node= accounted=` | `name=` |

`accounted=` is true where the flags have __GFP_ACCOUNT and, of kmem_cache_alloc, where the cache has SLAB_ACCOUNT.

Any order is taken, and fields of other names are passed over: a later kernel may print more. Numbers may be decimal or
hexadecimal, and the option `fields` (6.4) repeats them in parentheses: `bytes_req=0x40 (64)`.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simslab.kernel.mm.gfp import ACCOUNT
from simslab.workload.trace.recorded_gfp import recorded_gfp
from simslab.workload.trace.trace_events import CACHE_ALLOC, KMALLOC

Column = npt.NDArray[Any]

# The rows of `ShapeTable.columns`.
KIND, BYTES_REQ, BYTES_ALLOC, GFP, NODE, NAME = range(6)

NO_NAME: Final = -1
NO_NODE: Final = -1
NOT_UNDERSTOOD: Final = -1
MAX_NAME: Final = 255  # bytes
MAX_OBJECT: Final = 4 << 20  # bytes: KMALLOC_MAX_SIZE of 5.10's SLAB with pages of 4 KiB

_FIELD: Final = re.compile(rb" ([a-z_]+)=")
_BEHIND: Final = re.compile(  # perf's fields ip, sym and dso; the place in the buffer of `trace-cmd report --debug`
    rb"\s+(?:[0-9a-f]{8,16} \S+(?: \(\S+\))?|\[-?\d+:0x[0-9a-f]+:\d+\])\Z"
)
_NUMBER: Final = re.compile(rb"(-?[0-9]{1,18}|0x[0-9a-f]{1,16})(?: \([^()]*\))?")
_TRUE: Final = (b"true", b"(true)")
_SIZES: Final = (b"bytes_req", b"bytes_alloc")


class _Codes(dict[str, int]):
    """Numbers texts in order of appearance."""

    def __missing__(self, text: str) -> int:
        self[text] = number = len(self)
        return number


class ShapeTable:
    """The shapes of a trace by number; GFP texts and cache names are numbered in order of appearance."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int, int, int, int]] = []  # kind, bytes_req, bytes_alloc, gfp, node, name
        self.gfp_texts = _Codes({"": 0})  # of frees
        self.gfp_bits = [0]
        self.gfp_unknown: list[tuple[str, ...]] = [()]
        self.names = _Codes()
        self.accounted: set[int] = set()  # of these, by the cache: the flags do not ask for it
        self.fields: dict[int, set[frozenset[bytes]]] = {}  # kind: the sets of fields seen

    def new(self, kind: int, text: bytes) -> int:
        """Return the number of a shape not seen before, NOT_UNDERSTOOD if it is none."""
        fields = _fields(text)
        row = None if fields is None else self._row(kind, fields)
        if fields is None or row is None:
            return NOT_UNDERSTOOD
        self.fields.setdefault(kind, set()).add(frozenset(fields))
        self.rows.append(row)
        number = len(self.rows) - 1
        if fields.get(b"accounted") in _TRUE and kind == CACHE_ALLOC and not self.gfp_bits[row[GFP]] & ACCOUNT:
            self.accounted.add(number)
        return number

    def columns(self) -> Column:
        """Return the shapes as six columns: kind, bytes_req, bytes_alloc, gfp, node, name."""
        return np.array(self.rows or [(0,) * 6], dtype=np.int64).T.copy()

    def _row(self, kind: int, fields: dict[bytes, bytes]) -> tuple[int, int, int, int, int, int] | None:
        name = self._name(fields)
        if name is None:
            return None
        if kind not in (CACHE_ALLOC, KMALLOC):
            return kind, 0, 0, 0, NO_NODE, name
        node = _node(fields.get(b"node", b"-1"))
        sizes = [_size(fields.get(field, b"")) for field in _SIZES]
        flags = self._gfp(fields.get(b"gfp_flags", b"").decode("utf-8", "replace"))
        if node is None or flags is None or None in sizes:
            return None
        req, alloc = int(sizes[0] or 0), int(sizes[1] or 0)
        if kind == CACHE_ALLOC and not 0 < req <= alloc <= MAX_OBJECT:
            return None
        return kind, req, alloc, flags, node, name

    def _name(self, fields: dict[bytes, bytes]) -> int | None:
        """Return the number of the cache's name, NO_NAME without one, None if it cannot be one."""
        name = fields.get(b"name")
        if name is None:
            return NO_NAME
        if not name or len(name) > MAX_NAME:
            return None
        return self.names[name.decode("utf-8", "replace")]

    def _gfp(self, text: str) -> int | None:
        """Return the number of GFP flags, None if they are none."""
        if text in self.gfp_texts and text:
            return self.gfp_texts[text]
        found = recorded_gfp(text)
        if found is None:
            return None
        self.gfp_bits.append(found[0])
        self.gfp_unknown.append(found[1])
        return self.gfp_texts[text]

    def cut_short(self, shape: int, text: bytes, names: int, flags: int) -> bool:
        """Whether the fields `text` of `shape`, the last in a file, have lost their end.

        They have if other events of the kind have more of them, or if a name or flags that were new (there were
        `names` and `flags` before) only begin like older ones.
        """
        kind, *_, gfp, _node, name = self.rows[shape]
        fields = _fields(text) or {}
        here = frozenset(fields)
        accounted = fields.get(b"accounted", b"true")
        return (
            any(here < seen for seen in self.fields[kind])
            or any(
                word.startswith(accounted) and word != accounted for word in (b"true", b"false", b"(true)", b"(false)")
            )
            or (name >= names and _begins_another(list(self.names), name))
            or (gfp >= flags and b"node" not in here and _begins_another(list(self.gfp_texts), gfp))
        )


def _fields(text: bytes) -> dict[bytes, bytes] | None:
    """Return the values by field, None if there is text before the first or a field comes twice."""
    behind = _BEHIND.search(text, text.rfind(b"=") + 1)
    parts = _FIELD.split(text[: behind.start()] if behind else text)
    if parts[0].strip() or len(parts) != 2 * len(set(parts[1::2])) + 1:
        return None
    return {field: value.strip() for field, value in zip(parts[1::2], parts[2::2], strict=True)}


def _size(text: bytes) -> int | None:
    """Return a number of bytes (below 10**18), None if it is none."""
    found = _NUMBER.fullmatch(text)
    value = int(found[1], 16 if found[1].startswith(b"0x") else 10) if found else -1
    return value if 0 <= value < 10**18 else None


def _node(text: bytes) -> int | None:
    """Return a node, -1 for any (printed as a number of 32 bits with a sign, or as its bits), None if it is none."""
    found = _NUMBER.fullmatch(text)
    if not found:
        return None
    if not found[1].startswith(b"0x"):
        value = int(found[1])
    elif (value := int(found[1], 16)) < 1 << 32:
        value -= (value >> 31) << 32
    return value if -(10**9) < value < 10**9 else None


def _begins_another(texts: list[str], number: int) -> bool:
    return any(text.startswith(texts[number]) for text in texts[:number])
