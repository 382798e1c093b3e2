"""Flat integer storage shared by compiled and plain leaves.

A leaf keeps two attributes: the owner (a memoryview, which keeps the memory alive) and the pointer taken from it once.
Compiled, the pointer is a C pointer (`buffers.pxd`); plain, it is the memoryview itself, which indexes the same way.
Memory comes zeroed from the operating system page by page as it is touched, so a table for a large machine costs only
what a run uses.
"""

import mmap
from array import array
from typing import Any, Final

import numpy as np

WORD_BYTES: Final = 8
LINE_WORDS: Final = 8  # of a line of the host's caches


def int64_zeros(count: int) -> memoryview:
    """Return a zeroed, lazily committed memoryview of `count` signed 64-bit integers, from a host's line on.

    Speed: a row that is as long as a line, such as a set of a cache, is one line of the host's and not two
    (benchmarks/allocator.py: 8 CPUs).
    """
    words = np.zeros(max(count, 1) + LINE_WORDS - 1, dtype=np.int64)
    first = -words.ctypes.data // WORD_BYTES % LINE_WORDS
    return words[first : first + max(count, 1)].data


def int64_sparse(count: int) -> memoryview:
    """Return what int64_zeros does, for tables of which a run touches few and scattered words.

    NumPy asks for pages of 2 MiB, each of which a single touched word commits; here they are of the ordinary size.
    MemoryError as there if the host has too little, not the OSError of an unwritable file.
    """
    private = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
    try:
        memory = mmap.mmap(-1, 8 * max(count, 1), **private)
    except (OSError, OverflowError):
        raise MemoryError(f"{8 * count:,} bytes") from None
    if hasattr(mmap, "MADV_NOHUGEPAGE"):  # Linux
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    return memoryview(memory).cast("q")


def forget(table: memoryview, first: int, count: int) -> None:
    """Give the memory of `count` words of an int64_sparse table back to the host; they read 0 again.

    Both are multiples of 512 words, a page of the host. Nothing happens where the host cannot do that.
    """
    if hasattr(mmap, "MADV_DONTNEED"):
        memory = table.obj
        assert isinstance(memory, mmap.mmap)
        memory.madvise(mmap.MADV_DONTNEED, 8 * first, 8 * count)


def int64_words(count: int) -> "array[int]":
    """Return `count` zeroed signed 64-bit integers, committed at once: for small tables of which there are many.

    Speed: a fifth of the time and 500 bytes less than int64_zeros for the arrays of a boot (benchmarks/boot.py).
    """
    return array("q", bytes(8 * max(count, 1)))


def uint8_zeros(count: int) -> memoryview:
    """Return a zeroed, lazily committed memoryview of `count` bytes."""
    return np.zeros(max(count, 1), dtype=np.uint8).data


def int64_of(values: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> memoryview:
    """Return a memoryview over `values`, which must be contiguous int64; no copy is made."""
    return values.data


def int64_pointer(view: Any) -> memoryview:
    """Return what a leaf indexes: the view or the array itself (a C pointer in compiled leaves)."""
    return view  # type: ignore[no-any-return]  # an array indexes as a memoryview does


def int64_pointer_at(view: Any, first: int) -> memoryview:
    """Return what a leaf indexes of a view from word `first` on; an array is taken from its first word on."""
    return view[first:] if first else view  # type: ignore[no-any-return]  # a slice of a view is a view


def prefetch(table: memoryview, index: int) -> int:  # noqa: ARG001  # the compiled one uses them
    """Tell the host that the word at `index` will be wanted soon (compiled code; nothing here)."""
    return 0


def uint8_pointer(view: memoryview) -> memoryview:
    """Return what a leaf indexes: the view itself (a C pointer in compiled leaves)."""
    return view
