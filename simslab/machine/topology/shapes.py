"""Shapes of interconnects: which of n places are neighbours in a ring, a mesh, a torus, a hypercube, or all of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise, product

from simslab.base.errors import BadValue


def neighbours(shape: str, count: int) -> list[tuple[int, int]]:
    """Return the linked pairs of `count` places in a shape such as `ring`, `mesh 4x2`, `torus 2x2x2`.

    A mesh or torus without sizes is as square as `count` allows. BadValue where the shape does not have `count` places.
    """
    kind, _, sizes = shape.partition(" ")
    if kind == "all":
        return list(combinations(range(count), 2))
    if kind == "ring":
        return [*pairwise(range(count)), *([(count - 1, 0)] if count > 2 else [])]
    if kind == "hypercube":
        if count & (count - 1):
            raise BadValue(f"{count} nodes make no hypercube", expected="a power of 2")
        return _grid((2,) * (count.bit_length() - 1), wrapped=False)
    return _grid(_sizes(sizes, count, shape), wrapped=kind == "torus")


def _sizes(text: str, count: int, shape: str) -> tuple[int, ...]:
    if not text:
        low = next(n for n in range(math.isqrt(count), 0, -1) if count % n == 0)
        return (count // low, low)
    sizes = tuple(int(size) for size in text.split("x"))
    if math.prod(sizes) != count:
        raise BadValue(f"'{shape}' has places for {math.prod(sizes)} nodes, and there are {count}")
    return sizes


def _grid(sizes: Sequence[int], *, wrapped: bool) -> list[tuple[int, int]]:
    """Return the neighbours in a grid whose places are numbered with the first coordinate running fastest."""
    strides = [math.prod(sizes[:axis]) for axis in range(len(sizes))]
    return sorted({pair for place in product(*map(range, sizes)) for pair in _steps(place, sizes, strides, wrapped)})


def _steps(
    place: Sequence[int], sizes: Sequence[int], strides: Sequence[int], wrapped: bool
) -> Iterator[tuple[int, int]]:
    here = sum(at * stride for at, stride in zip(place, strides, strict=True))
    for at, size, stride in zip(place, sizes, strides, strict=True):
        if at + 1 < size:
            yield here, here + stride
        elif wrapped and size > 2:
            yield here - at * stride, here
