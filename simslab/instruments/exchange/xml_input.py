"""An XML file read without trusting it: no entities, nothing from outside, one message for what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import ParseError

from simslab.base.errors import UserError, reason

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_BYTES: Final = 256 << 20


def read_text(path: Path, what: str) -> str:
    """Return the text of an input file; UserError if it cannot be read."""
    return decoded(read_bytes(path, what), path, what)


def decoded(data: bytes, path: Path, what: str) -> str:
    """Return `data` as text; UserError if it is none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError("is not text", file=str(path), expected=what) from error


def read_bytes(path: Path, what: str) -> bytes:
    """Return what is in an input file; UserError if it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UserError(f"cannot be read: {reason(error)}", file=str(path), expected=what) from error
    if len(data) > MAX_BYTES:
        raise UserError(f"is larger than {MAX_BYTES >> 20} MiB", file=str(path), expected=what)
    return data


def read_xml(path: Path, what: str) -> Element:
    """Return the root element of an XML file; UserError if it is malformed or holds entities."""
    # Imported here because only imports need it.
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(read_bytes(path, what))
    except ParseError as error:
        line, column = error.position
        reason = str(error).partition(": line")[0]
        raise UserError(
            f"is not well-formed XML: {reason}", file=str(path), line=line, column=column + 1, expected=what
        ) from error
    except DefusedXmlException as error:
        raise UserError("holds XML entities, which are refused", file=str(path), expected=what) from error
    except (ValueError, LookupError) as error:
        raise UserError(f"is not XML: {error}", file=str(path), expected=what) from error
    return root
