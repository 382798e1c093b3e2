"""The command's own streams and environment: whatever it was started with, it has somewhere to write, in plain text.

Closed streams become /dev/null (a file that is opened later must not get the number of standard error). What is
written comes out as text: control characters as escapes, letters that the encoding lacks as escapes.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, Final, TextIO

from simslab.base.printable import printable

NUMBERS: Final = {"stdin": (0, os.O_RDONLY, "r"), "stdout": (1, os.O_WRONLY, "w"), "stderr": (2, os.O_WRONLY, "w")}
# Figures are drawn into files: no backend for windows, no settings but our own, whatever a notebook or a folder says.
ENVIRONMENT: Final = {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}


@contextmanager
def plain_streams() -> Iterator[None]:
    """Within this block sys.stdin, stdout and stderr exist, and the last two write nothing but plain text."""
    _open_what_is_closed()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _plain(before[0]), _plain(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


@contextmanager
def own_environment() -> Iterator[None]:
    """Within this block matplotlib finds nothing in the environment that could stop it."""
    before = {name: os.environ.get(name) for name in ENVIRONMENT}
    os.environ.update(ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def terminal(stream: TextIO) -> IO[str]:
    """Return the stream behind a plain one, for those who write styles and escape what they are given themselves."""
    return stream.behind if isinstance(stream, PlainText) else stream


class PlainText:
    """A stream that writes to another, control characters as escapes; whatever else is asked, the other answers."""

    def __init__(self, behind: TextIO) -> None:
        self.behind = behind

    def write(self, text: str) -> int:
        """Write `text`; returns its length."""
        self.behind.write(printable(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write all of `lines`."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


def _plain(stream: TextIO) -> TextIO:
    if isinstance(stream, io.TextIOWrapper):
        with suppress(ValueError, OSError):  # in use already, or detached
            stream.reconfigure(errors="backslashreplace")
    return PlainText(stream)  # type: ignore[return-value]


def _open_what_is_closed() -> None:
    for name, (number, flags, mode) in NUMBERS.items():
        if getattr(sys, name) is not None:
            continue
        try:
            os.fstat(number)
        except OSError:
            _open_as(number, flags)
        setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _open_as(number: int, flags: int) -> None:
    opened = os.open(os.devnull, flags)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
