"""Progress of work made of many parts: a bar with the time left on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from simslab.cli.terminal.progress import on_a_terminal, progress, signs_of_life, tell_slow_build

Tell = Callable[[int, int, int], None]  # (done, failed, of how many)


@contextmanager
def telling(what: str) -> Iterator[Tell]:
    """Yield a function to be called with how far the work is, whenever that changes."""
    if on_a_terminal():
        with progress(what) as report:
            yield lambda done, _failed, total: report(done, total)
        return
    tell_slow_build()
    counts = Counts()
    with signs_of_life(what, counts.told):
        yield counts


class Counts:
    """How many runs are done and have failed, of how many; those done before we began tell nothing of our pace."""

    def __init__(self) -> None:
        self.now: tuple[int, int, int] | None = None  # one value: another thread reads it
        self.found = 0

    def __call__(self, done: int, failed: int, total: int) -> None:
        """Note how far the work is."""
        if self.now is None:
            self.found = done
        self.now = done, failed, total

    def told(self, seconds: float) -> str:
        """Return how far the work is after so many seconds."""
        if self.now is None:
            return f"{seconds:.0f} s so far"
        done, failed, total = self.now
        made = done - self.found
        left = f", about {seconds / made * (total - done):.0f} s left" if made else ""
        bad = f", {failed} failed" if failed else ""
        return f"{done} of {total} runs{bad}, {seconds:.0f} s{left}"
