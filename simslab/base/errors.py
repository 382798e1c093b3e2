"""What can go wrong, as one tree:

    SimslabError                everything simslab raises on purpose
      UserError                 a mistake of the user's: one or more `Problem`s, no traceback, exit status 2
        UserErrors              several at once (all the errors of a file)
    ValueError
      BadValue                  raised by a validator, which knows the value but not the file it came from
        BadValues               several at once

`BadValue` becomes a `Problem` in `simslab.base.documents.validation`, which knows where in which file the value stands.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from simslab.base.printable import one_line

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
