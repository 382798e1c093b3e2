"""The one way in which a file that a user names is read as a whole: never more of it than it may have (/dev/zero has no
end), and what cannot be read is one message.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from simslab.base.errors import UserError, reason

MAX_BYTES: Final = 256 << 20
IN_UTF_16: Final = "text in UTF-16, as PowerShell writes it"
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")  # half of a pair, escaped
_HALF: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # half of a pair that stands for no byte


def writable(name: str) -> str:
    """Return a file's name as text that can be written: of bytes that are no character here UTF-8's, or `\\xfc`."""
    errors = "surrogateescape" if not _HALF.search(name) else "backslashreplace"
    return name.encode("utf-8", errors).decode("utf-8", "backslashreplace")


def check_name(name: str) -> None:
    """UserError if an input's name could not stand in a result."""
    if writable(name) != name:
        expected = "a name in UTF-8, and a locale that has it, since results name it"
        raise UserError("has a name with bytes that are no text here", file=writable(name), expected=expected)


def read_bytes(path: str | Path, expected: str = "", most: int = MAX_BYTES, name: str = "") -> bytes:
    """Return what is in a file; UserError, of `name`, if it cannot be read or is larger than `most` bytes."""
    name = name or str(path)
    try:
        with Path(path).open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UserError(f"cannot be read: {reason(error)}", file=name, expected=expected) from None
    if len(data) > most:
        raise UserError(f"is larger than {most >> 20} MiB", file=name, expected=expected)
    return data


def read_text(path: str | Path, expected: str = "", most: int = MAX_BYTES) -> str:
    """Return the UTF-8 text in a file, without a byte-order mark; UserError if there is none."""
    data = read_bytes(path, expected, most)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        told = IN_UTF_16 if is_utf_16(data) else "is not UTF-8 text"
        raise UserError(told, file=str(path), expected=in_utf_8(expected)) from None


def is_utf_16(data: bytes) -> bool:
    """Whether what begins so is UTF-16 text, by its byte-order mark."""
    return data.startswith((b"\xff\xfe", b"\xfe\xff"))


def in_utf_8(expected: str) -> str:
    """Return what is expected of a text in another encoding."""
    return f"UTF-8: {expected}" if expected else "UTF-8"


def read_json(path: str | Path, expected: str = "", most: int = MAX_BYTES) -> Any:
    """Return what the JSON in a file says; UserError if it is none."""
    text = read_text(path, expected, most)
    try:
        return parse_json(text)
    except UnicodeEncodeError:
        raise UserError("contains half a character (a surrogate)", file=str(path), expected=expected) from None
    except (ValueError, RecursionError):  # ValueError: also a whole number of thousands of digits
        raise UserError("is no JSON", file=str(path), expected=expected) from None


def parse_json(text: str) -> Any:
    """Return what JSON says; UnicodeEncodeError for a text in it that none could write, else as `json.loads`."""
    value = json.loads(text)
    if _SURROGATE.search(text):
        json.dumps(value, ensure_ascii=False).encode()
    return value
