"""What can go wrong, as one tree:

    SimslabError                everything simslab raises on purpose
      UserError                 a mistake of the user's: one or more `Problem`s, no traceback, exit status 2
        UserErrors              several at once (all the errors of a file)
    ValueError
      BadValue                  raised by a validator, which knows the value but not the file it came from
        BadValues               several at once

`BadValue` becomes a `Problem` in `simslab.base.documents.validation`, which knows where in which file the value stands.
What compiled code cannot pass on `Swallowed` raises.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from simslab.base.printable import one_line

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

SHOWN: Final = 30  # problems told of one file before the rest is only counted


def near_miss(word: object, choices: Iterable[object]) -> str:
    """Return the choice that `word` was probably meant to be, or an empty string."""
    by_lower = {str(choice).lower(): str(choice) for choice in choices}
    found = difflib.get_close_matches(str(word).lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else ""


@dataclass(frozen=True)
class Problem:
    """One mistake and where it is; lines and columns count from 1, 0 is unknown; `path` is the path in the document."""

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    expected: str = ""
    near: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}:{self.column}" if place else f"line {self.line}, column {self.column}"
        text = ": ".join(part for part in (place, self.path, self.message) if part)
        if self.expected:
            text += f"; expected {self.expected}"
        if self.near:
            text += f"; did you mean '{self.near}'?"
        return one_line(text)


def reason(error: Exception) -> str:
    """Return why the operating system refused, without the file's name: the message has that already."""
    return getattr(error, "strerror", None) or str(error)


class SimslabError(Exception):
    """Root of everything simslab raises on purpose."""


class UserError(SimslabError):
    """A mistake of the user's, told in one line per problem."""

    def __init__(
        self,
        message: str,
        *,
        file: str = "",
        line: int = 0,
        column: int = 0,
        path: str = "",
        expected: str = "",
        near: str = "",
    ) -> None:
        self.problems: tuple[Problem, ...] = (Problem(message, file, line, column, path, expected, near),)
        super().__init__(str(self.problems[0]))


class UserErrors(UserError):
    """Several mistakes, in the order of their lines; the first 30 are told."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column)))
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"... and {len(self.problems) - SHOWN} more")
        SimslabError.__init__(self, "\n".join(lines))

    def __reduce__(self) -> tuple[type[UserErrors], tuple[tuple[Problem, ...]]]:
        """Make it anew from the problems: pools of processes hand errors on, and wait for ever for one they cannot."""
        return type(self), (self.problems,)


class BadValue(ValueError):
    """A value that cannot be used; `at` leads from the validated value down to the part that is wrong."""

    def __init__(self, message: str, *, expected: str = "", near: str = "", at: Sequence[str | int] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.near = near
        self.at = tuple(at)

    @property
    def faults(self) -> tuple[BadValue, ...]:
        """The single faults in this error: itself, or the several of a `BadValues`."""
        return (self,)


class BadValues(BadValue):
    """Several faults found by one validator."""

    def __init__(self, faults: Sequence[BadValue]) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self._faults = tuple(faults)

    @property
    def faults(self) -> tuple[BadValue, ...]:
        """The single faults."""
        return self._faults


class Swallowed:
    """Raises, when the block ends, the first exception that compiled code could not pass on; `tell` is called at once.

    The innermost compiled functions have no way to fail (`noexcept`, docs/architecture.md). What is raised in them all
    the same, when memory ends or in somebody's callback, Cython would print; the function returns 0, and the work would
    go on with a wrong result. Exceptions of others than simslab go where they would. May be nested.
    """

    def __init__(self, tell: Callable[[], object] = lambda: None) -> None:
        self.tell = tell
        self.first: BaseException | None = None
        self.hooks: tuple[Any, Any] = (None, None)

    def __enter__(self) -> Swallowed:
        """Take the interpreter's hooks."""
        self.hooks = (sys.unraisablehook, sys.excepthook)
        sys.unraisablehook = self.note
        sys.excepthook = _not_printed  # which Cython calls first
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give the hooks back; what was swallowed comes before what it may have caused."""
        sys.unraisablehook, sys.excepthook = self.hooks
        if self.first is not None:
            raise self.first from None

    def note(self, unraisable: UnraisableHookArgs) -> None:
        """Keep the first (sys.unraisablehook); Cython gives the function's name as the object."""
        if not str(unraisable.object).startswith("simslab."):
            self.hooks[0](unraisable)
        elif self.first is None:
            self.first = unraisable.exc_value or unraisable.exc_type()
            self.tell()


def _not_printed(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    """Write nothing: what ends the block is told where it is caught."""
