"""The one way in which a file that a user names is written: whole or not at all, and nothing else with it.

The text goes to a temporary file that nobody can have put there (created exclusively, under a name that cannot be
foreseen) and takes the file's name when it is complete. Links are not followed. What is no ordinary file (/dev/stdout,
a FIFO) is written through: it is never replaced.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import tempfile
from pathlib import Path
from typing import Final

from simslab.base.errors import UserError, reason

_OWN_STREAM: Final = re.compile(r"/(?:dev|proc/self)/(?:fd/(\d{1,6})|(stdin|stdout|stderr))")
_NUMBERS: Final = {"stdin": 0, "stdout": 1, "stderr": 2}
EXPECTED: Final = "a file in a directory that exists"


def check_writable(path: Path) -> None:
    """Refuse a name under which no file can be written, before the work whose result it is for; UserError."""
    if own_stream(path) is not None:
        return
    fault = "" if path.name else "is no name of a file"
    try:
        fault = fault or _fault(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _refused(error, path) from None
    if fault:
        raise UserError(fault, file=str(path), expected=EXPECTED)


def check_new(path: Path, force: bool = False) -> None:
    """Like `check_writable`; UserError also where a file stands that would be lost, unless with `force`."""
    check_writable(path)
    if path.is_file() and not force and own_stream(path) is None:
        raise UserError("is there already", file=str(path), expected="a new name, or --force")


def _fault(path: Path) -> str:
    """Return why nothing can be written under `path`, "" where it can."""
    if not stat.S_ISDIR(path.parent.stat().st_mode):
        return "cannot be written: Not a directory"
    try:
        found = path.lstat().st_mode
    except FileNotFoundError:
        found = 0
    if stat.S_ISDIR(found):
        return "is a directory"
    if _passes_through(path):
        return ""
    if stat.S_ISLNK(found):
        return "is a symbolic link, which is not followed"
    return "" if os.access(path.parent, os.W_OK | os.X_OK) else "cannot be written: Permission denied"


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file whole; UserError if it cannot be written, or under `path` stands what must not be replaced."""
    check_writable(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        number = own_stream(path)
        if number is not None:
            _write_to_stream(number, data)
        elif _passes_through(path):
            with path.open("wb", buffering=0) as device:
                device.write(data)
        else:
            _replace(path, data)
    except (OSError, ValueError) as error:
        raise _refused(error, path) from None


def own_stream(path: Path) -> int | None:
    """Return the number of the process's own stream that `path` names: opened anew it would lose its place."""
    match = _OWN_STREAM.fullmatch(str(path))
    return None if match is None else int(match[1]) if match[1] else _NUMBERS[match[2]]


def _write_to_stream(number: int, data: bytes) -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed from the start
            stream.flush()
    with os.fdopen(os.dup(number), "wb") as file:
        file.write(data)


def _passes_through(path: Path) -> bool:
    """Tell whether `path` is, or leads to, a device, a FIFO or a socket."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _replace(path: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name[:64]}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, _mode(path))
            file.write(data)
        os.replace(temporary, path)
    except BaseException:  # an interruption too
        os.unlink(temporary)
        raise


def _mode(path: Path) -> int:
    """Return the rights of the file that is replaced, or those of a new one."""
    try:
        return stat.S_IMODE(os.lstat(path).st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _refused(error: Exception, path: Path) -> UserError:
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
    return UserError(f"cannot be written: {reason(error)}", file=str(path), expected="" if full else EXPECTED)
