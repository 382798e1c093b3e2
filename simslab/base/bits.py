"""Bit masks up to 64 bits, shared by compiled and plain leaves (inline C in `bits.pxd`)."""


def bit(position: int) -> int:
    """Return a mask with one bit set; bit 63 is the sign, as in a C integer."""
    return 1 << position if position < 63 else -(1 << 63)


def lowest(mask: int) -> int:
    """Return the position of the lowest set bit of a non-zero mask."""
    return (mask & -mask).bit_length() - 1


def count(mask: int) -> int:
    """Return the number of set bits."""
    return (mask & 0xFFFFFFFFFFFFFFFF).bit_count()
