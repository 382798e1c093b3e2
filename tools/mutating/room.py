"""A copy of the checkout in which plain Python sources are changed and the tests of their own room are run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

LEFT_OUT: Final = (
    ".git",
    "build",
    "dist",
    ".venv",
    "*.so",
    "*.c",
    "built.json",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
)
PYTEST: Final = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=line")
# Plain Python, so that an edit needs no compiler; SIMSLAB_EXPECT makes the random programs the same every time.
SETTINGS: Final = {"SIMSLAB_PURE": "1", "SIMSLAB_DEV": "1", "SIMSLAB_EXPECT": "plain"}
PASSED, FAILED, NOTHING_RAN = 0, 1, 5  # pytest's exit status


def own_and_others(root: Path, module: Path) -> tuple[list[Path], list[Path]]:
    """Return the test file of a module's own name, and the others of the mirrored folder; paths within `root`."""
    folder = Path("tests", *module.parts[1:-1])
    files = sorted(path.relative_to(root) for path in (root / folder).glob("test_*.py"))
    own = [path for path in files if path.name == f"test_{module.name}"]
    return own, [path for path in files if path not in own]


class Room:
    """The copy, in `folder`: its files are changed one at a time and put back."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder / "copy"
        shutil.copytree(root, self.folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        self.environment = os.environ | SETTINGS | {"PYTHONPATH": str(self.folder)}
        self.written = 0

    def write(self, path: Path, source: bytes) -> None:
        """Change a file."""
        file = self.folder / path
        file.write_bytes(source)
        self.written += 1  # each change gets a second of its own: Python tells a cached module by size and second
        second = 1_000_000_000 + self.written
        os.utime(file, (second, second))

    def run(self, files: Sequence[Path], limit: float) -> tuple[str, float]:
        """Run tests; return "passed", "failed" or "timed out" (after `limit` seconds) and the seconds it took."""
        begin = time.monotonic()
        with subprocess.Popen(
            [*PYTEST, *map(str, files)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                status = process.wait(limit)
            except subprocess.TimeoutExpired:
                return "timed out", limit
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # what a test started, too
        return ("passed" if status in {PASSED, NOTHING_RAN} else "failed"), time.monotonic() - begin
