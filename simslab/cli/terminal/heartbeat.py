"""Progress of work made of many parts: a bar with the time left on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from simslab.cli.terminal.progress import progress

Tell = Callable[[int, int, int], None]  # (done, failed, of how many)
EVERY: Final = 10.0  # seconds between two lines


@contextmanager
def telling(what: str, clock: Callable[[], float] = time.monotonic) -> Iterator[Tell]:
    """Yield a function to be called often with how far the work is."""
    if sys.stderr is not None and sys.stderr.isatty():
        with progress(what) as report:
            yield lambda done, _failed, total: report(done, total)
        return
    yield _Lines(what, clock)


class _Lines:
    """Writes a line to standard error when the last one is ten seconds old."""

    def __init__(self, what: str, clock: Callable[[], float]) -> None:
        self.what = what
        self.clock = clock
        self.started = self.last = clock()
        self.found = -1  # what was done before we began

    def __call__(self, done: int, failed: int, total: int) -> None:
        now = self.clock()
        if self.found < 0:
            self.found = done
        if now - self.last < EVERY or sys.stderr is None:
            return
        self.last = now
        spent, made = now - self.started, done - self.found
        left = f", about {spent / made * (total - done):.0f} s left" if made else ""
        bad = f", {failed} failed" if failed else ""
        print(f"simslab: {self.what}: {done} of {total} runs{bad}, {spent:.0f} s{left}", file=sys.stderr, flush=True)
