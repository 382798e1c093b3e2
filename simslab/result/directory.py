"""Result directories: written under a temporary name and renamed when whole, so a broken run leaves no half result."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simslab.base.errors import UserError, reason
from simslab.result.manifest import FORMAT, MANIFEST


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
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise UserError(f"cannot be created: {reason(error)}", file=str(path)) from None
    try:
        work.chmod(0o777 & ~_umask())
        yield work
        check_replaceable(target)
        _rename_over(work, target)
    except OSError as error:
        raise UserError(f"cannot be written: {reason(error)}", file=str(path)) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_replaceable(path: str | Path) -> None:
    """Raise UserError unless a result may be written at `path` without losing anything that simslab did not write."""
    target = Path(path)
    if not os.path.lexists(target):
        return
    free = "a new name, an empty directory or an earlier simslab result"
    if target.is_symlink() or not target.is_dir():
        raise UserError("exists and is not a directory", file=str(target), expected=free)
    try:
        present = {entry.name for entry in target.iterdir()}
    except OSError as error:
        raise UserError(f"cannot be read: {reason(error)}", file=str(target), expected=free) from None
    if not present:
        return
    written = _files_of_result(target)
    if written is None:
        raise UserError("exists and is not a simslab result directory", file=str(target), expected=free)
    foreign = sorted(present - written)
    if foreign:
        raise UserError(f"holds '{foreign[0]}', which simslab did not write there", file=str(target), expected=free)


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
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        return None
    files = manifest.get("files", [])
    return {MANIFEST, *(str(name) for name in files)} if isinstance(files, list) else None


def _rename_over(work: Path, target: Path) -> None:
    if not target.exists():
        work.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    target.rename(old / "old")
    try:
        work.rename(target)
    except BaseException:  # an interruption too: the earlier result goes back to its place
        (old / "old").rename(target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
