"""Tries what can happen to a command from outside, at random moments, and tells what was lost.

    python tools/faults.py                      # 3 of each signal on each command, and every environment, 4 minutes
    python tools/faults.py --times 25 --seed 7

A command must end with a finished result or with one line, leave no process and no half-written file behind, and never
show a traceback. Prints a table of what was tried and ends with status 1 if anything was lost.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGKILL")
SIZED = ("two-socket", "mixed-remote", "--set", "scale=0.05")
COMMANDS = {
    "run": ("run", *SIZED, "--out", "r"),
    "compare": ("compare", *SIZED, "--seeds", "2", "--variant", "a:core.ipc=2", "--jobs", "2", "--out", "r"),
    "sweep": ("sweep", *SIZED, "--axis", "core.ipc=1,2,3", "--jobs", "2", "--store", "s.db"),
    "tune": ("tune", *SIZED, "mixed", "--jobs", "2", "--store", "s.db"),
}
SHORT = ("run", "one-node", "local-churn", "--set", "scale=0.002", "--out", "r")
PATIENCE = 120  # seconds, after which a command hangs
Losses = list[str]


def command(*arguments: str) -> list[str]:
    """Return the command line of simslab in this interpreter."""
    return [sys.executable, "-m", "simslab", *arguments]


def heed_interrupts() -> None:
    """In a child: a shell's background commands inherit SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def killed_at_random(arguments: tuple[str, ...], name: str, length: float, draw: random.Random, folder: Path) -> Losses:
    """Send a signal at a random moment of a command that takes about `length` seconds; what was lost."""
    process = subprocess.Popen(
        command(*arguments), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=heed_interrupts,
    )  # fmt: skip
    time.sleep(draw.uniform(0.05, 1.1 * length))
    process.send_signal(getattr(signal, name))
    try:
        _, told = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return ["hangs"]
    losses = found_wrong(told, folder, killed=name == "SIGKILL")
    if process.returncode < 0 and process.returncode != -getattr(signal, name):
        losses.append(f"crashes: {signal.Signals(-process.returncode).name}")
    return losses + [f"leaves process {pid}" for pid in left_of(process.pid)]


def found_wrong(told: str, folder: Path, killed: bool = False) -> Losses:
    """Return what is wrong with the complaints and the files of a command that has ended."""
    losses = ["traceback: " + " / ".join(told.strip().splitlines()[-4:])] if "Traceback" in told else []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".r.") and not killed:  # the next result of that name takes away what a kill left
            losses.append(f"leaves {entry.name}")
        if entry.name == "r":
            losses += half_written(entry)
        if entry.name == "s.db":
            losses += damaged(entry)
    return losses


def half_written(directory: Path) -> Losses:
    """Return what is missing in a result directory."""
    try:
        manifest = json.loads((directory / "manifest.json").read_text())
    except (OSError, ValueError) as error:
        return [f"half a result: {error}"]
    there = {path.name for path in directory.iterdir() if path.stat().st_size}
    return [f"half a result: no {name}" for name in manifest["files"] if name not in there]


def damaged(store: Path) -> Losses:
    """Return what is wrong with a store."""
    if not store.stat().st_size:
        return []  # not begun
    with closing(sqlite3.connect(store)) as connection:
        try:
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            found = error
    return [] if found == "ok" else [f"damaged store: {found}"]


def left_of(session: int) -> list[int]:
    """Return the processes of a session that still live after two seconds."""
    for _ in range(20):
        found = [pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if _session(pid) == session]
        if not found:
            return []
        time.sleep(0.1)
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return found


def _session(pid: int) -> int:
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if state == "Z" else int(fields[2])


def limited(what: int, most: int) -> Callable[[], None]:
    """Return what sets a limit in a child."""
    return lambda: resource.setrlimit(what, (most, most))


def environments() -> Iterator[tuple[str, str, dict[str, str], Callable[[], None] | None]]:
    """Yield what a command is tried in: name, shell around it ({} is the command), variables, limits."""
    for closed in ("2>&-", ">&-", "<&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", "| head -c 10"):
        yield f"streams {closed}", "{} " + closed, {}, None
    yield "no HOME", "env -u HOME {}", {}, None
    yield "HOME that is not there", "{}", {"HOME": "/nonexistent"}, None
    yield "unwritable caches", "{}", {"HOME": "/proc", "XDG_CACHE_HOME": "/proc/x", "MPLCONFIGDIR": "/proc/y"}, None
    yield "no TMPDIR", "{}", {"TMPDIR": "/nonexistent"}, None
    for backend in ("module://matplotlib_inline.backend_inline", "foo", "tkagg", ""):
        yield f"MPLBACKEND={backend}", "{}", {"MPLBACKEND": backend}, None
    for locale in ("C", "POSIX", "tr_TR.UTF-8", "tr_TR.ISO-8859-9"):
        yield f"locale {locale}", "{}", {"LC_ALL": locale, "LANG": locale}, None
    for encoding in ("ascii", "latin-1", "utf-16"):
        yield f"encoding {encoding}", "{}", {"PYTHONIOENCODING": encoding}, None
    for columns in ("0", "1", "x", "100000"):
        yield f"COLUMNS={columns}", "{}", {"COLUMNS": columns}, None
    yield "TERM that is unknown", "{}", {"TERM": "none"}, None
    yield "python -OO", "{}", {"PYTHONOPTIMIZE": "2"}, None
    yield "python -W error", "{}", {"PYTHONWARNINGS": "error"}, None
    for files in (6, 8, 12, 16, 24):  # with fewer Python itself does not start
        yield f"{files} file descriptors", "{}", {}, limited(resource.RLIMIT_NOFILE, files)
    for mib in (100, 200, 300, 400, 600):
        yield f"{mib} MiB of memory", "{}", {"OPENBLAS_NUM_THREADS": "1"}, limited(resource.RLIMIT_AS, mib << 20)
    for size in (0, 1000, 20_000, 50_000):
        yield f"files of {size} bytes", "{}", {}, limited(resource.RLIMIT_FSIZE, size)
    yield "read-only directory", "cd /sys && {}", {}, None
    yield "directory that is gone", "mkdir d && cd d && rmdir ../d && {}", {}, None


def tried_in(shell: str, variables: dict[str, str], limit: Callable[[], None] | None, folder: Path) -> Losses:
    """Run a short command in an environment; what was lost."""
    line = shell.format(" ".join(command(*SHORT)))
    try:
        done = subprocess.run(
            ["bash", "-c", line], cwd=folder, env=os.environ | variables, preexec_fn=limit, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return ["hangs"]
    told = done.stderr.decode(errors="replace")
    losses = found_wrong(told, folder)
    if done.returncode < 0 or done.returncode > 128:
        losses.append(f"status {done.returncode}")
    if done.returncode and not (folder / "r").exists() and not told.strip() and "2>" not in shell:
        losses.append(f"status {done.returncode} without a word")
    return losses


def in_new_folder(try_it: Callable[[Path], Losses]) -> Losses:
    """Try something in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        return try_it(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def lengths() -> dict[str, float]:
    """Return how many seconds each command takes undisturbed."""
    found = {}
    for name, arguments in COMMANDS.items():
        begun = time.monotonic()
        in_new_folder(lambda folder, it=arguments: [str(subprocess.run(command(*it), cwd=folder, capture_output=True))])
        found[name] = time.monotonic() - begun
    return found


def main() -> int:
    """Try everything; 1 if anything was lost."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--times", type=int, default=3, help="signals of each kind on each command")
    reader.add_argument("--seed", type=int, default=1)
    options = reader.parse_args()
    draw, tried, lost = random.Random(options.seed), Counter[str](), Counter[str]()

    def note(what: str, losses: Losses) -> None:
        tried[what] += 1
        lost[what] += bool(losses)
        for loss in losses:
            print(f"{what}: {loss}", flush=True)

    for what, shell, variables, limit in environments():
        note(f"in {what}", in_new_folder(lambda folder, it=(shell, variables, limit): tried_in(*it, folder)))
    taken = lengths()
    for name, arguments in COMMANDS.items():
        for number in SIGNALS * options.times:
            run = (arguments, number, taken[name], draw)
            note(f"{number} to {name}", in_new_folder(lambda folder, it=run: killed_at_random(*it, folder)))
    for what in tried:
        if not what.startswith("in "):
            print(f"{what:<24} {tried[what]:>4} times, {lost[what]} with a loss")
    inside = [what for what in tried if what.startswith("in ")]
    print(f"{'environments':<24} {len(inside):>4} tried, {sum(lost[what] for what in inside)} with a loss")
    return min(1, sum(lost.values()))


if __name__ == "__main__":
    sys.exit(main())
