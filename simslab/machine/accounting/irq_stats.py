"""Interrupt statistics of a machine: stretches with interrupts off and delays by call site, deliveries by vector."""

from __future__ import annotations

from typing import Any, Final

from simslab.base import buffers
from simslab.base.histogram import Histogram
from simslab.machine.accounting import callsites, vectors

# Words of a vector's row.
DELIVERED: Final = 0
DELAYED: Final = 1  # arrived while masked
DELAY_TOTAL: Final = 2
DELAY_MAX: Final = 3
HANDLER_TOTAL: Final = 4
ROW: Final = 5


class IrqStats:
    """Counted from cycle `since` on; times in cycles. One object serves all CPUs of a machine."""

    def __init__(self) -> None:
        self.witness: Any = None  # told of each stretch, where single ones are asked for
        self.clear()

    def clear(self, since: int = 0) -> None:
        """Forget everything counted; what ends before `since`, by its own CPU's clock, will not be counted."""
        self.since = since
        self.off: list[Histogram | None] = [None] * callsites.NR_SITES
        self.delays: dict[int, Histogram] = {}  # by vector * NR_SITES + site
        self.vector_owner = buffers.int64_zeros(vectors.NR_VECTORS * ROW)
        self.vectors = buffers.int64_pointer(self.vector_owner)

    def masked(self, site: int, cycles: int, now: int, cpu: int) -> int:
        """A stretch with interrupts off, begun at `site`, has ended at `now` on a CPU."""
        if now >= self.since:
            if self.witness is not None:
                self.witness.masked(site, cycles, now, cpu)
            if self.off[site] is None:
                self.off[site] = Histogram()
            histogram: Histogram = self.off[site]  # type: ignore[assignment]
            histogram.add(cycles)
        return 0

    def delivered(self, vector: int, delay: int, handler: int, now: int, site: int) -> int:
        """An interrupt was delivered `delay` cycles after it arrived and handled in `handler` cycles, by `now`.

        `site` is who had interrupts off when it arrived.
        """
        if now >= self.since:
            row = vector * ROW
            self.vectors[row + DELIVERED] += 1
            self.vectors[row + DELAYED] += 1 if delay > 0 else 0
            self.vectors[row + DELAY_TOTAL] += delay
            self.vectors[row + DELAY_MAX] = max(self.vectors[row + DELAY_MAX], delay)
            self.vectors[row + HANDLER_TOTAL] += handler
            key = vector * callsites.NR_SITES + site
            if key not in self.delays:
                self.delays[key] = Histogram()
            histogram: Histogram = self.delays[key]
            histogram.add(delay)
        return 0

    def vector_row(self, vector: int) -> tuple[int, ...]:
        """(delivered, delayed, delay total, delay maximum, handler total) of a vector."""
        return tuple(self.vector_owner[vector * ROW : (vector + 1) * ROW])

    def delay_rows(self) -> list[tuple[int, int, Histogram]]:
        """Return (vector, call site, delays) of every pair that an interrupt was counted for."""
        return [(*divmod(key, callsites.NR_SITES), self.delays[key]) for key in sorted(self.delays)]
