"""Tries inputs in a child process and keeps what went wrong: exceptions, hangs, memory, crashes of the interpreter."""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import pkgutil
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

import simslab
from simslab.base.errors import SimslabError

SECONDS = 10  # of processor time that one input may take
MEMORY = 1 << 30  # bytes beyond what the process has when it begins
WARM = 10  # inputs until everything is loaded
GRACE = 60  # seconds until a child that does not answer its alarm is ended


class Hang(BaseException):
    """An input took too long."""


@dataclass
class Outcome:
    """What became of the inputs of one target: findings by what they have in common, with the first such input."""

    tried: int = 0
    accepted: int = 0
    refused: int = 0
    findings: dict[str, Any] = field(default_factory=dict)
    skip: set[bytes] = field(default_factory=set)  # inputs that end the process

    def add(self, other: Outcome) -> None:
        """Count what became of other inputs of the same target."""
        self.tried += other.tried
        self.accepted += other.accepted
        self.refused += other.refused
        self.findings = other.findings | self.findings

    def take(self, work: Callable[[Any], object], value: Any) -> None:
        """Try one input."""
        self.tried += 1
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            work(value)
            self.accepted += 1
        except SimslabError:
            self.refused += 1
        except Hang:
            self.findings.setdefault(f"more than {SECONDS} s", value)
        except (Exception, SystemExit) as error:
            self.findings.setdefault(_place(error), value)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)


def _place(error: BaseException) -> str:
    """Return the exception and the last line of simslab that it went through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "simslab" in frame.filename]
    where = f"{frames[-1].filename.rpartition('simslab/')[2]}:{frames[-1].lineno}" if frames else "nowhere"
    return f"{type(error).__name__} at {where}: {str(error)[:150]}"


def _alarm(_number: int, _frame: object) -> None:
    raise Hang


def load_everything() -> None:
    """Import the package before children are forked, each of which would else load what it needs."""
    for module in pkgutil.walk_packages(simslab.__path__, "simslab."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def settle_down() -> None:
    """Leave what is there to the end of the process out of collections: each run makes one where memory is limited."""
    gc.collect()
    gc.freeze()


def _child(strategy: Any, work: Callable[[Any], object], count: int, number: int, outcome: Outcome, note: Path) -> None:
    signal.signal(signal.SIGPROF, _alarm)
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    before = outcome.tried

    @seed(number)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategy)
    def try_all(value: Any) -> None:
        packed = pickle.dumps(value)
        if packed in outcome.skip or outcome.tried - before >= count:
            return
        current.seek(0)
        current.truncate()
        current.write(packed)
        current.flush()
        outcome.take(work, value)
        if outcome.tried - before == WARM:
            settle_down()

    with note.with_suffix(".now").open("wb") as current:
        try_all()
    note.write_bytes(pickle.dumps(outcome))


def watched(strategy: Any, work: Callable[[Any], object], count: int, number: int, note: Path) -> Outcome:
    """Try `count` inputs drawn with that seed in children, going on after one that is ended by its input."""
    outcome = Outcome()
    while True:
        pid = os.fork()
        if not pid:
            status = 1
            try:
                _child(strategy, work, count, number, outcome, note)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        ended = _wait(pid, note.with_suffix(".now"))
        if not ended:
            found: Outcome = pickle.loads(note.read_bytes())
            return found
        if ended == "status 1":
            raise RuntimeError("the fuzzer itself failed")
        packed = note.with_suffix(".now").read_bytes()
        if packed in outcome.skip:
            raise RuntimeError(f"ends again without progress: {ended}")
        outcome.skip.add(packed)
        outcome.findings[f"{ended} ({len(outcome.skip)})"] = pickle.loads(packed)


def _wait(pid: int, now: Path) -> str:
    """Return how a child ended, an empty text if well; one that is stuck on an input is killed."""
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            code = os.waitstatus_to_exitcode(status)
            return "" if not code else f"status {code}" if code > 0 else signal.Signals(-code).name
        with suppress(OSError):
            if time.time() - now.stat().st_mtime > GRACE:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return "hangs in compiled code"
        time.sleep(0.02)
