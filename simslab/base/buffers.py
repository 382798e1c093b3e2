"""Flat integer storage shared by compiled and plain leaves.

A leaf keeps two attributes: the owner (a memoryview, which keeps the memory alive) and the pointer taken from it once.
Compiled, the pointer is a C pointer (`buffers.pxd`); plain, it is the memoryview itself, which indexes the same way.
Memory comes zeroed from the operating system page by page as it is touched, so a table for a large machine costs only
what a run uses.
"""

import numpy as np


def int64_zeros(count: int) -> memoryview:
    """Return a zeroed, lazily committed memoryview of `count` signed 64-bit integers."""
    return np.zeros(max(count, 1), dtype=np.int64).data


def uint8_zeros(count: int) -> memoryview:
    """Return a zeroed, lazily committed memoryview of `count` bytes."""
    return np.zeros(max(count, 1), dtype=np.uint8).data


def int64_of(values: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> memoryview:
    """Return a memoryview over `values`, which must be contiguous int64; no copy is made."""
    return values.data


def int64_pointer(view: memoryview) -> memoryview:
    """Return what a leaf indexes: the view itself (a C pointer in compiled leaves)."""
    return view


def uint8_pointer(view: memoryview) -> memoryview:
    """Return what a leaf indexes: the view itself (a C pointer in compiled leaves)."""
    return view
