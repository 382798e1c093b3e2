"""One cheap hash of whole numbers for all tables, shared by compiled and plain leaves (inline C in `hashing.pxd`)."""

from typing import Final

MULTIPLIER: Final = 0x9E3779B1  # 2**32 divided by the golden ratio
FOLDED: Final = 0x7FFFFFFF  # keeps the product below 2**63, so that C and Python agree
WORD: Final = 0xFFFFFFFF


def spread(number: int) -> int:
    """Return 32 bits of a multiplicative hash of a number that is not negative; the high bits are the best."""
    return (((number ^ (number >> 17)) & FOLDED) * MULTIPLIER) & WORD
