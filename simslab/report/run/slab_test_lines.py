"""The workloads `slab_test-1` to `-6` in the shape of slab_test's own lines, to lay beside a real kernel's log.

Cycles are means of the calls alone, of all CPUs. slab_test divides the time of its whole loop, so its figures hold the
loop and the write to the object too. Sizes are those of the caches: kmalloc(8) is served by kmalloc-32.

Not modelled: slab_test's figure for each CPU, which it prints before `Average=`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rich.text import Text

from simslab.result.latency import Distribution, merge_rows
from simslab.result.measurement import Measurement
from simslab.result.nanoseconds import ratio

TWO_FIGURES: Final = {  # experiments that time allocations and frees apart, and how their lines look
    "slab_test-1": "{count} times kmalloc({size}) -> {alloc} cycles kfree -> {free} cycles",
    "slab_test-3": "Kmalloc N*alloc N*free({size}): Average={alloc}/{free}",
    "slab_test-5": "N*remote free({size}): Average={alloc}/{free}",
    "slab_test-6": "1 alloc N free({size}): 0={alloc} others={free}",  # CPU 0 allocates, the others free
}
ONE_FIGURE: Final = {  # those that time pairs
    "slab_test-2": "{count} times kmalloc({size})/kfree -> {pair} cycles",
    "slab_test-4": "Kmalloc N*(alloc free)({size}): Average={pair}",
}
SHAPES: Final = TWO_FIGURES | ONE_FIGURE
_KMALLOC: Final = re.compile(r"kmalloc-(\d+)(k?)")


def slab_test_text(measurement: Measurement) -> Text | None:
    """Return the lines of a slab_test workload under a heading; None of any other."""
    lines = list(slab_test_lines(measurement))
    if not lines:
        return None
    return Text(
        "\n".join(
            ["As slab_test writes it (mean cycles of the calls alone, all CPUs; sizes are those of the caches)", *lines]
        )
    )


def slab_test_lines(measurement: Measurement) -> Iterator[str]:
    """Yield a line for each size, in order of size; none unless the workload is one of the six."""
    shape = SHAPES.get(measurement.workload)
    if shape is None:
        return
    for size, allocs, frees in sorted(_sizes(measurement), key=lambda row: row[0]):
        alloc, free = _mean(allocs), _mean(frees)
        yield shape.format(
            count=allocs.count, size=size, alloc=round(alloc), free=round(free), pair=round(alloc + free)
        )


def _sizes(measurement: Measurement) -> Iterator[tuple[int, Distribution, Distribution]]:
    """Yield the bytes of each kmalloc cache used, and the latencies of its allocations and frees."""
    for cache in {row.cache for row in measurement.latency}:
        match = _KMALLOC.fullmatch(cache)
        if match is not None:
            of = {
                operation: merge_rows(r for r in measurement.latency if (r.cache, r.operation) == (cache, operation))
                for operation in ("alloc", "free")
            }
            yield int(match[1]) * (1024 if match[2] else 1), of["alloc"], of["free"]


def _mean(latencies: Distribution) -> float:
    return ratio(latencies.total, latencies.count, 3)
