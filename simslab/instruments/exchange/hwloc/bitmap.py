"""Sets of CPUs and nodes as hwloc writes them: 32-bit words, highest first, '0x000000ff,,0xffff0000'."""

from __future__ import annotations

import re
from typing import Final

BITS: Final = 1 << 14  # what 'all from here up' is cut to
_WORD: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{0,8})")
_ALL_ABOVE: Final = "0xf...f"


def parse_bitmap(text: str) -> frozenset[int]:
    """Return the members; ValueError for anything that is not a bitmap."""
    endless = text.startswith(_ALL_ABOVE)
    words = (text[len(_ALL_ABOVE) :].lstrip(",") if endless else text).split(",")
    bits = 0
    for word in words:
        match = _WORD.fullmatch(word.strip())
        if match is None or len(words) > BITS // 32:
            raise ValueError(f"'{text[:60]}' is not a bitmap")
        bits = bits << 32 | int(match[1] or "0", 16)
    if endless:
        known = 32 * len(words) if words != [""] else 0
        bits |= (1 << BITS) - (1 << known)
    return frozenset(index for index, digit in enumerate(reversed(bin(bits)[2:])) if digit == "1")


def format_bitmap(members: frozenset[int] | set[int]) -> str:
    """Return the set as hwloc writes it."""
    bits = sum(1 << member for member in members)
    words = []
    while bits:
        words.append(f"0x{bits & 0xFFFFFFFF:08x}")
        bits >>= 32
    return ",".join(reversed(words)) or "0x0"
