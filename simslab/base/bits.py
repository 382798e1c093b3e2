"""Bit masks up to 63 bits, shared by compiled and plain leaves (inline C in `bits.pxd`)."""


def bit(position: int) -> int:
    """Return a mask with one bit set; 0 <= position < 63."""
    return 1 << position


def lowest(mask: int) -> int:
    """Return the position of the lowest set bit of a non-zero mask."""
    return (mask & -mask).bit_length() - 1


def count(mask: int) -> int:
    """Return the number of set bits of a non-negative mask."""
    return mask.bit_count()
