"""An XML file read without trusting it: no entities, nothing from outside, one message for what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from simslab.base.documents.input import IN_UTF_16, in_utf_8, is_utf_16, read_bytes
from simslab.base.errors import UserError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_xml(path: Path, what: str) -> Element:
    """Return the root element of an XML file; UserError if it is malformed or holds entities."""
    # Imported here because only imports need it.
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    data = read_bytes(path, what)
    try:
        root: Element = fromstring(data)
    except ParseError as error:
        if is_utf_16(data):  # which XML may be, if it says so
            raise UserError(IN_UTF_16, file=str(path), expected=in_utf_8(what)) from error
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
