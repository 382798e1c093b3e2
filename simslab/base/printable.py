"""Text from anywhere, made fit to be shown: what a terminal would obey, or what hides letters, becomes visible."""

from __future__ import annotations

import re
from typing import Any, Final

# C0 without tab and line feed, DEL, C1, and what changes the direction of writing or breaks lines.
_UNFIT: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_FORMULA: Final = ("=", "+", "-", "@", "\t")
_QUANTITY: Final = re.compile(r"[-+]?(?:[0-9]+(?:[.,][0-9]+)*(?:[eE][-+]?[0-9]+)? ?[A-Za-zµ/%]{0,8}|inf|nan|)")


def printable(text: str) -> str:
    r"""Return `text` with control characters as escapes (`\x1b`); line feeds and tabs stay."""
    return _UNFIT.sub(_escape, text)


def one_line(text: str) -> str:
    """Return `text` on one line, without anything that is not printable."""
    return printable(" ".join(text.splitlines()))


def csv_cell(value: Any) -> Any:
    """Return a cell's value so that a spreadsheet takes text for text: what begins as a formula has a quote before it.

    Numbers, with or without a sign and a unit, stay as they are.
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    return "'" + text if text.startswith(_FORMULA) and not _QUANTITY.fullmatch(text) else text


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
