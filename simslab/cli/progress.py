"""What a run writes to standard error: that the build is slow, progress on a terminal, no messages of the kernel."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from simslab.base.build import running_build

Report: TypeAlias = Callable[[int, int], None]  # (done, of how many)
Watch: TypeAlias = Callable[[Callable[[], tuple[int, int]]], None]


def _silent(_done: int, _total: int) -> None:
    pass


def tell_slow_build() -> None:
    """Say in one line when the modules that should be compiled are not; nothing otherwise."""
    build = running_build()
    if build.kind != "compiled":
        print(f"simslab: {build} build, 20 to 100 times slower than the compiled one", file=sys.stderr)


@contextmanager
def kernel_console_off() -> Iterator[None]:
    """Keep the simulated kernel's messages off standard error meanwhile: the summary and dmesg.txt have them."""
    console = logging.getLogger("simslab.kernel")
    before = console.level
    console.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        console.setLevel(before)


def _unseen(_share: Callable[[], tuple[int, int]]) -> None:
    pass


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """Yield a function to report progress with; it draws a bar that vanishes at the end, or nothing off a terminal."""
    tell_slow_build()
    if not sys.stderr.isatty():
        yield _silent
        return
    with _bar(what) as bar:
        task = bar.add_task(what, total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield report


@contextmanager
def watching(what: str) -> Iterator[Watch]:
    """Like `progress`, for work that does not report: yield a function that takes one to ask how far the work is.

    The bar's own thread asks ten times a second.
    """
    tell_slow_build()
    if not sys.stderr.isatty():
        yield _unseen
        return
    with _bar(what) as bar:
        task = bar.add_task(what, total=None)

        def watch(share: Callable[[], tuple[int, int]]) -> None:
            bar.share = lambda: bar.update(task, completed=share()[0], total=share()[1])

        yield watch


def _bar(what: str) -> Any:
    from rich.console import Console, RenderableType
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    class Asking(Progress):
        """A bar that asks how far the work is each time it is drawn."""

        share: Callable[[], None] | None = None

        def get_renderables(self) -> Iterable[RenderableType]:
            if self.share is not None:
                self.share()
            return super().get_renderables()

    columns = (TextColumn(what), BarColumn(), TextColumn("{task.percentage:.0f} %"), TimeElapsedColumn())
    return Asking(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
