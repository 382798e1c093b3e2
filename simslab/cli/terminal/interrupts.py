"""Interrupts that Python would drop arrive once more, and those of long work tell what is kept of it.

A callback of a weak reference, a finalizer or a callback of the garbage collector cannot pass an exception on: Python
prints it and goes on. Each import runs such a callback (`cb` of importlib's `_get_module_lock`), and one Ctrl-C in some
250 that arrive while modules are loaded ends in it.
"""

from __future__ import annotations

import _thread
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any, Final

AGAIN: Final = 0.01  # seconds: by then the callback has ended


@contextmanager
def interrupts_heard() -> Iterator[None]:
    """Within this block a KeyboardInterrupt, or the SystemExit of a signal, that is dropped is raised again.

    Other exceptions that are dropped go where they went before.
    """
    before = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        number = _signal_of(unraisable.exc_type, unraisable.exc_value)
        if number:
            again = Timer(AGAIN, _thread.interrupt_main, (number,))
            again.daemon = True
            again.start()
        else:
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def told_where_to_go_on(kept: str) -> Iterator[None]:
    """Within this block an interruption says that `kept` holds what is done; nothing is said where it is empty."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as end:
        if kept and _signal_of(type(end), end):
            told = "interrupted; what is done is kept, and the same command goes on from there"
            print(f"simslab: {kept}: {told}", file=sys.stderr)
        raise


def _signal_of(kind: type[BaseException], error: BaseException | None) -> int:
    """Return the number of the signal that asked for an exception, 0 for another's."""
    if issubclass(kind, KeyboardInterrupt):
        return int(signal.SIGINT)
    code = error.code if isinstance(error, SystemExit) else 0
    return code - 128 if isinstance(code, int) and 128 < code < 128 + signal.NSIG else 0
