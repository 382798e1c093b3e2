"""Prefetcher of a core's L2: finds strides of lines inside 4 KiB pages and runs ahead of them.

As Intel's optimization reference manual describes the streamer of the L2 (32 pages are followed, one sequence forward
or backward in each; it runs up to 20 lines ahead), but in steps as long as the sequence's own: what is fetched between
them would be of no use. It looks at loads, stores and locked operations that miss the L1.

A sequence that comes to the end of its page goes on in the next, inside 2 MiB. The manual has a
prefetcher for this since Ivy Bridge (next-page prefetcher), but not how far it goes; that it knows the stride is
concluded from frees of the real mm/slub.c, which take objects from memory as fast as from the caches
(benchmarks/README.md, SLUB against real cores).

Not modelled: prefetches that are dropped while many requests are under way; what learns more than one stride; software
prefetches among the accesses.
"""

from __future__ import annotations

from typing import Final

from simslab.base import buffers
from simslab.machine.memory.coherence import CoherentMemory

PAGES: Final = 32  # that are followed
PAGE_SHIFT: Final = 6  # from a line to its 4 KiB page
LAST_OF_PAGE: Final = (1 << PAGE_SHIFT) - 1
LARGE_SHIFT: Final = 15  # to its 2 MiB, which lie side by side in memory whatever maps them
FARTHEST: Final = 20  # lines
ARRIVALS: Final = 64  # prefetched lines of which the time of arrival is known

# Fields of a page that is followed.
PAGE: Final = 0  # page + 1
LAST: Final = 1  # the line that was asked for last
STEP: Final = 2  # from the one before it
AHEAD: Final = 3  # the last line prefetched
FIELDS: Final = 4


class PagePrefetcher:
    """Of core number `core`; lines are cache lines, times cycles."""

    def __init__(self, memory: CoherentMemory, core: int) -> None:
        self.memory = memory
        self.core = core
        self.page_owner = buffers.int64_zeros(PAGES * FIELDS)
        self.pages = buffers.int64_pointer(self.page_owner)
        self.arrival_owner = buffers.int64_zeros(2 * ARRIVALS)
        self.arrivals = buffers.int64_pointer(self.arrival_owner)  # [line & (ARRIVALS - 1)] line + 1, time

    def left(self, line: int, now: int) -> int:
        """Cycles until a line is here that was prefetched; 0 if it is, or was not."""
        slot = 2 * (line & (ARRIVALS - 1))
        if self.arrivals[slot] != line + 1:
            return 0
        self.arrivals[slot] = 0
        return self.arrivals[slot + 1] - now if self.arrivals[slot + 1] > now else 0

    def missed(self, line: int, now: int) -> int:
        """Learn of an access that missed the L1, and fetch what comes next into the L2."""
        page = line >> PAGE_SHIFT
        followed = (page & (PAGES - 1)) * FIELDS
        pages = self.pages
        if pages[followed + PAGE] != page + 1:
            pages[followed + PAGE] = page + 1
            pages[followed + LAST] = line
            pages[followed + STEP] = 0
            return 0
        step = line - pages[followed + LAST]
        if step == 0:
            return 0
        pages[followed + LAST] = line
        if step != pages[followed + STEP]:
            pages[followed + STEP] = step
            pages[followed + AHEAD] = line
        return self.run_ahead(followed, line, step, now)

    def run_ahead(self, followed: int, line: int, step: int, now: int) -> int:
        """Fetch the lines of a sequence that are not under way yet."""
        following = self.pages[followed + AHEAD] + step
        if (following - line) * step <= 0:  # it was overtaken
            following = line + step
        while abs(following - line) <= FARTHEST and following >> LARGE_SHIFT == line >> LARGE_SHIFT:
            if following >> PAGE_SHIFT != line >> PAGE_SHIFT:
                self.enter(following, step)
            self.fetch(following, now)
            self.pages[followed + AHEAD] = following
            following += step
        return 0

    def enter(self, line: int, step: int) -> int:
        """Follow a sequence in the page of `line` as well, which it comes to next, unless that has another one.

        The first access there is to find what the page before has left, as if it had been the same page.
        """
        page = line >> PAGE_SHIFT
        entered = (page & (PAGES - 1)) * FIELDS
        pages = self.pages
        if pages[entered + PAGE] == page + 1:
            if pages[entered + STEP] not in (0, step):
                return 0
            if pages[entered + STEP] == step and pages[entered + AHEAD] == line - step:
                pages[entered + AHEAD] = line  # entered before
                return 0
        inside = line & LAST_OF_PAGE if step > 0 else LAST_OF_PAGE - (line & LAST_OF_PAGE)
        pages[entered + PAGE] = page + 1
        pages[entered + LAST] = line - (inside // abs(step) + 1) * step
        pages[entered + STEP] = step
        pages[entered + AHEAD] = line
        return 0

    def fetch(self, line: int, now: int) -> int:
        """Ask for a line, and keep in mind when it is here."""
        latency = self.memory.prefetch(self.core, line, now)
        if latency > 0:
            slot = 2 * (line & (ARRIVALS - 1))
            self.arrivals[slot] = line + 1
            self.arrivals[slot + 1] = now + latency
        return 0
