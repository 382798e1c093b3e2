"""What a run writes to standard error: that the build is slow, how far it is, no messages of the kernel.

On a terminal that is a bar which vanishes at the end; elsewhere a line every ten seconds.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from simslab.base.build import running_build
from simslab.base.printable import one_line
from simslab.cli.terminal.streams import terminal

Report: TypeAlias = Callable[[int, int], None]  # (done, of how many)
Watch: TypeAlias = Callable[[Callable[[], tuple[int, int]]], None]
SIGN_OF_LIFE: Final = 10.0  # seconds between two lines where there is no terminal


def on_a_terminal() -> bool:
    """Whether somebody may watch standard error."""
    return sys.stderr is not None and sys.stderr.isatty()


def tell_slow_build() -> None:
    """Say in one line when the modules that should be compiled are not, unless that was asked for."""
    build = running_build()
    if build.kind != "compiled" and os.environ.get("SIMSLAB_PURE") != "1":
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


@contextmanager
def signs_of_life(what: str, told: Callable[[float], str]) -> Iterator[None]:
    """Write a line every ten seconds, from a thread of its own, while the work goes on: what `told` makes of them."""
    over, begun = threading.Event(), time.monotonic()

    def tell() -> None:
        while not over.wait(SIGN_OF_LIFE):
            if sys.stderr is not None:
                print(f"simslab: {what}: {told(time.monotonic() - begun)}", file=sys.stderr, flush=True)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class _Share:
    """How far the work is, as far as it says so."""

    ask: Callable[[], tuple[int, int]] = staticmethod(lambda: (0, 0))

    def told(self, seconds: float) -> str:
        done, total = self.ask()
        share = f"{100 * done // total} % done, " if total else ""
        return f"{share}{seconds:.0f} s so far"


@contextmanager
def progress(what: str) -> Iterator[Report]:
    """Yield a function to report progress with: (done, of how many)."""
    tell_slow_build()
    if not on_a_terminal():
        share = _Share()

        def note(done: int, total: int) -> None:
            share.ask = lambda: (done, total)

        with signs_of_life(what, share.told):
            yield note
        return
    with _bar(what) as bar:
        task = bar.add_task("", total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield report


@contextmanager
def watching(what: str) -> Iterator[Watch]:
    """Like `progress`, for work that does not report: yield a function that takes one to ask how far the work is.

    The bar's own thread asks ten times a second; off a terminal another asks every ten seconds.
    """
    tell_slow_build()
    if not on_a_terminal():
        share = _Share()

        def ask(how_far: Callable[[], tuple[int, int]]) -> None:
            share.ask = how_far

        with signs_of_life(what, share.told):
            yield ask
        return
    with _bar(what) as bar:
        task = bar.add_task("", total=None)

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

    # `what` holds names of the user's: neither a format nor markup, so braces are doubled.
    told = TextColumn(one_line(what).replace("{", "{{").replace("}", "}}"), markup=False)
    columns = (told, BarColumn(), TextColumn("{task.percentage:.0f} %"), TimeElapsedColumn())
    console = Console(file=terminal(sys.stderr))
    return Asking(*columns, TimeRemainingColumn(), console=console, transient=True)
