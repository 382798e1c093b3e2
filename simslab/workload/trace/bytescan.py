"""Steps over the bytes of a text, shared by compiled and plain leaves (inline C in `bytescan.pxd`).

`start` and `end` are offsets, the end excluded. A number must have been measured before it is read: `decimal` takes at
most 18 digits, `hexadecimal` at most 16.
"""

import re
from typing import Final

_DIGITS: Final = re.compile(rb"[0-9]*")
_HEXDIGITS: Final = re.compile(rb"[0-9a-f]*")
_BLANKS: Final = re.compile(rb"[ \t\r]*")
_FINGERPRINT_MASK: Final = (1 << 62) - 1


def text_pointer(text: bytes) -> bytes:
    """Return what a leaf indexes: the bytes themselves (a C pointer in compiled leaves, which keep the owner)."""
    return text


def find(text: bytes, byte: int, start: int, end: int) -> int:
    """Return the offset of the first `byte`, -1 if there is none."""
    return text.find(byte, start, end)


def starts(text: bytes, word: bytes, length: int, start: int, end: int) -> bool:
    """Whether the `length` bytes of `word` stand at `start`."""
    return text.startswith(word, start, end)


def digits(text: bytes, start: int, end: int) -> int:
    """Return where the decimal digits that begin at `start` end."""
    return _DIGITS.match(text, start, end).end()  # type: ignore[union-attr]  # matches nothing too


def digits_before(text: bytes, start: int, end: int) -> int:
    """Return where the decimal digits that end at `end` begin."""
    return end - len(text[start:end]) + len(text[start:end].rstrip(b"0123456789"))


def hexdigits(text: bytes, start: int, end: int) -> int:
    """Return where the hexadecimal digits (small letters) that begin at `start` end."""
    return _HEXDIGITS.match(text, start, end).end()  # type: ignore[union-attr]  # matches nothing too


def blanks(text: bytes, start: int, end: int) -> int:
    """Return where the blanks that begin at `start` end."""
    return _BLANKS.match(text, start, end).end()  # type: ignore[union-attr]  # matches nothing too


def blanks_before(text: bytes, start: int, end: int) -> int:
    """Return where the blanks that end at `end` begin."""
    return start + len(text[start:end].rstrip(b" \t\r"))


def decimal(text: bytes, start: int, end: int) -> int:
    """Return the value of decimal digits; 0 of none."""
    return int(text[start:end] or b"0")


def hexadecimal(text: bytes, start: int, end: int) -> int:
    """Return the value of hexadecimal digits as a signed 64-bit number; 0 of none."""
    value = int(text[start:end] or b"0", 16)
    return value - (1 << 64) if value >> 63 else value


def fingerprint(text: bytes, start: int, end: int) -> int:
    """Return a number below 2**62 that is the same for the same bytes; another one in another build."""
    return hash(text[start:end]) & _FINGERPRINT_MASK
