"""Result directories: written under a temporary name and renamed when whole, so a broken run leaves no half result."""

from __future__ import annotations

import fcntl
import glob
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from simslab.base.documents.input import read_json
from simslab.base.errors import UserError, UserErrors, reason
from simslab.result.manifest import FORMAT, MANIFEST

OLD: Final = "old"  # what the result that is being replaced is called meanwhile


@contextmanager
def result_directory(path: str | Path) -> Iterator[Path]:
    """Yield an empty directory that becomes `path` on success and vanishes on failure.

    What stands at `path` is replaced only if it is an empty directory or holds a simslab result and nothing else;
    otherwise UserError, before any work is done.
    """
    target = Path(os.path.abspath(path))
    check_replaceable(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leavings(target)
        work, lock = _locked_directory(target)
    except OSError as error:
        raise UserError(f"cannot be created: {reason(error)}", file=str(path)) from None
    try:
        work.chmod(0o777 & ~_umask())
        yield work
        check_replaceable(target)
        _rename_over(work, target)
    except UserError as error:  # told of the directory that was asked for, not of the one that vanishes
        raise UserErrors([replace(p, file=p.file.replace(str(work), str(path), 1)) for p in error.problems]) from None
    except OSError as error:
        raise UserError(f"cannot be written: {reason(error)}", file=str(path)) from None
    finally:
        os.close(lock)
        _remove(work)


def _prefix(target: Path) -> str:
    return f".{target.name[:64]}.simslab-"


def _locked_directory(target: Path) -> tuple[Path, int]:
    """Return a new directory beside `target` and a file descriptor whose lock on it says that its process lives."""
    work = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
    lock = os.open(work, os.O_RDONLY)
    with suppress(OSError):  # a file system without locks
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return work, lock


def _remove(folder: Path) -> None:
    """Remove a directory of files; rmtree alone would keep it where no more than one file can be opened."""
    with suppress(OSError):
        for name in os.listdir(folder):
            os.unlink(folder / name)
        os.rmdir(folder)
    if os.path.lexists(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _remove_leavings(target: Path) -> None:
    """Remove what processes that were killed while they wrote this result left beside it; their locks are free."""
    for left in target.parent.glob(glob.escape(_prefix(target)) + "*"):
        with suppress(OSError):
            lock = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if (left / OLD).is_dir() and not os.path.lexists(target):  # killed between two renames
                    (left / OLD).rename(target)
                _remove(left)
            finally:
                os.close(lock)


def check_replaceable(path: str | Path) -> None:
    """Raise UserError unless a result may be written at `path` without losing anything that simslab did not write."""
    target = Path(path)
    if not _is_there(target):
        return
    free = "a new name, an empty directory or an earlier simslab result"
    if target.is_symlink() or not target.is_dir():
        raise UserError("exists and is not a directory", file=str(target), expected=free)
    try:
        present = {entry.name for entry in target.iterdir()}
    except OSError as error:
        raise UserError(f"cannot be read: {reason(error)}", file=str(target), expected=free) from None
    if not os.access(target, os.W_OK | os.X_OK):  # what stands there is moved, which changes its '..'
        raise UserError("cannot be replaced: Permission denied", file=str(target), expected=free)
    if not present:
        return
    written = _files_of_result(target)
    if written is None:
        raise UserError("exists and is not a simslab result directory", file=str(target), expected=free)
    foreign = sorted(present - written)
    if foreign:
        raise UserError(f"holds '{foreign[0]}', which simslab did not write there", file=str(target), expected=free)


def _is_there(target: Path) -> bool:
    """Whether something stands at `target`; UserError if nothing can be made there."""
    found = True
    try:
        os.lstat(target)
    except FileNotFoundError:
        found = False
    except (OSError, ValueError) as error:  # too long a name, a NUL in it, a file where a folder must be
        raise UserError(f"cannot be created: {reason(error)}", file=str(target)) from None
    whole = Path(os.path.abspath(target))
    parent = next((folder for folder in whole.parents if os.path.lexists(folder)), whole)  # the root has no parent
    if not parent.is_dir():
        raise UserError("cannot be created: Not a directory", file=str(target))
    if not os.access(parent, os.W_OK | os.X_OK):
        told = "Read-only file system" if _is_read_only(parent) else "Permission denied"
        raise UserError(f"cannot be created: {told}", file=str(target))
    return found


def _is_read_only(folder: Path) -> bool:
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def replaced_result(path: str | Path, machine: str, workload: str) -> str:
    """Return what to tell where a result of another machine or workload will be replaced at `path`; "" elsewhere."""
    try:
        manifest = json.loads((Path(path) / MANIFEST).read_text(encoding="utf-8"))
        there = tuple(str(manifest[part]["name"]) for part in ("workload", "machine"))
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return "" if there == (workload, machine) else f"{path}: replaces the result of {there[0]} on {there[1]}"


def _files_of_result(directory: Path) -> set[str] | None:
    """Return the names that the manifest in `directory` lists, or None if there is no simslab manifest."""
    try:
        manifest = read_json(directory / MANIFEST)
    except UserError:
        return None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        return None
    files = manifest.get("files", [])
    return {MANIFEST, *(str(name) for name in files)} if isinstance(files, list) else None


def _rename_over(work: Path, target: Path) -> None:
    if not target.exists():
        work.rename(target)
        return
    old, lock = _locked_directory(target)
    try:
        target.rename(old / OLD)
        try:
            work.rename(target)
        except BaseException:  # an interruption too: the earlier result goes back to its place
            (old / OLD).rename(target)
            raise
    finally:
        os.close(lock)
        _remove(old)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
