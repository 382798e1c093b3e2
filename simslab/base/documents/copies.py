"""Copies of what can be read only once (a pipe, a terminal), so that it can be looked at before it is read."""

from __future__ import annotations

import atexit
import shutil
import stat
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import IO, Final

from simslab.base.errors import UserError, reason
from simslab.base.output import own_stream

HEAD: Final = 256 << 10  # bytes by which it is told how much is wanted
MOST: Final = 16 << 30  # bytes that are kept of anything: 2**26 events of 256 bytes, more than are replayed


class Copies:
    """Files to be read in place of others, each copied once.

    `wanted` is given the path and a file with the first bytes, and returns the most bytes that are of use; -1 is all,
    of which there may be `most`.
    """

    def __init__(self, wanted: Callable[[Path, Path], int], most: int = MOST) -> None:
        self.wanted = wanted
        self.most = most
        self.made: dict[Path, Path] = {}

    def readable(self, path: Path) -> Path:
        """Return what to read, as often as one likes: `path`, or its copy if it can be read only once or only here.

        A copy has the file's name, in a folder that goes when the process ends. What cannot be read is `path` itself:
        whoever reads it tells why. UserError for what has no end, or no room.
        """
        if path not in self.made:
            try:
                self.made[path] = self._copied(path)
            except (OSError, ValueError):  # ValueError: a NUL in the name
                return path
        return self.made[path]

    def names(self) -> dict[str, str]:
        """Return what the user called each copy: file -> name."""
        return {str(copy): str(path) for path, copy in self.made.items() if copy != path}

    def _copied(self, path: Path) -> Path:
        mode = path.stat().st_mode
        # A stream of this process's own is another's elsewhere: workers have a standard input of their own.
        if stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and own_stream(path) is None):
            return path
        copy = Path(tempfile.mkdtemp(dir=_folder())) / path.name
        with path.open("rb") as file, copy.open("wb") as kept:
            head = file.read(HEAD)
            try:
                self._keep(path, copy, head, file, kept)
            except OSError as error:
                copy.unlink()
                told = f"cannot be copied to {tempfile.gettempdir()}: {reason(error)}"
                raise UserError(told, file=str(path), expected="room for it (TMPDIR), or a file") from None
        return copy

    def _keep(self, path: Path, copy: Path, head: bytes, file: IO[bytes], kept: IO[bytes]) -> None:
        """Write `head` and what follows in `file`, as much as is wanted."""
        kept.write(head)
        kept.flush()
        most = self.wanted(path, copy)
        _copy_some(file, kept, (self.most if most < 0 else most) - kept.tell())
        kept.flush()
        if most < 0 and kept.tell() == self.most and file.read(1):
            kept.truncate(0)
            told = f"more than {self.most >> 20:,} MiB through a pipe"
            raise UserError(told, file=str(path), expected="a part of the recording, or a file")


def _copy_some(file: IO[bytes], kept: IO[bytes], most: int) -> None:
    while most > 0 and (data := file.read(min(most, HEAD))):
        kept.write(data)
        most -= len(data)


@cache
def _folder() -> str:
    """Return a folder for this process's copies, which goes when the process ends."""
    folder = tempfile.mkdtemp(prefix="simslab-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
