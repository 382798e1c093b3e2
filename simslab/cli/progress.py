"""What a run writes to standard error: progress, when that is a terminal, and no messages of the kernel."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

Report: TypeAlias = Callable[[int, int], None]  # (done, of how many)


def _silent(_done: int, _total: int) -> None:
    pass


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
def progress(what: str) -> Iterator[Report]:
    """Yield a function to report progress with; it draws a bar that vanishes at the end, or nothing off a terminal."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), TextColumn("{task.percentage:.0f} %"), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield report
