"""Worker processes for experiments: jobs out, outcomes back, and nothing left behind however it ends.

A worker that is killed (by the kernel for want of memory, by an operator) costs the job that it had in hand and is
replaced. Workers die with their parent. With one process the jobs are done in this one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final, TypeVar

import simslab
from simslab.base.errors import UserError
from simslab.experiment.running.worker import Failure, attempt

Job = TypeVar("Job")
Tick = Callable[[], object]

PATIENCE: Final = 0.5  # seconds between two calls of `tick`
PROGRAM: Final = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); sys.path.append(sys.argv[3])\n"
    "from simslab.experiment.running.worker import main; main(int(sys.argv[1]), int(sys.argv[2]))"
)


def default_processes() -> int:
    """Return how many processes this host can keep busy."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def outcomes(
    work: Callable[[Job], Any], jobs: Iterable[Job], processes: int = 1, tick: Tick | None = None
) -> Iterator[tuple[Job, Any]]:
    """Yield each job with what `work` made of it, or a `Failure`, as they end; `work` is a function of a module.

    `tick` is called about twice a second meanwhile (between jobs only, where there is one process). When the caller
    stops early, or is interrupted, the workers are ended at once.
    """
    # Not modelled on Windows: file descriptors are not inherited there as they are elsewhere.
    if processes <= 1 or os.name != "posix":
        for job in jobs:
            yield job, attempt(work, job)
            if tick is not None:
                tick()
        return
    waiting = deque(jobs)
    workers: list[_Worker] = []
    try:
        for _ in range(min(processes, len(waiting))):
            workers.append(_started(len(workers)))
        yield from _share_out(work, waiting, workers, tick)
    finally:
        for worker in workers:
            worker.end()


def _started(others: int) -> _Worker:
    try:
        return _Worker.start()
    except OSError as error:
        told = f"cannot start another process beside {others}: {error.strerror}"
        raise UserError(told, file="--jobs", expected="fewer, or higher limits of the system") from None


def _share_out(
    work: Callable[[Any], Any], waiting: deque[Any], workers: list[_Worker], tick: Tick | None
) -> Iterator[tuple[Any, Any]]:
    while waiting or any(worker.busy for worker in workers):
        for place, worker in enumerate(workers):
            if not worker.busy and waiting:
                if not worker.give(work, waiting[0]):  # died while idle
                    worker.end()
                    workers[place] = worker = _started(len(workers) - 1)
                    worker.give(work, waiting[0])
                waiting.popleft()
        ready = wait([worker.connection for worker in workers if worker.busy], PATIENCE)
        if tick is not None:
            tick()
        for place, worker in enumerate(workers):
            if worker.busy and worker.connection in ready:
                job, outcome = worker.take()
                yield job, outcome
                if isinstance(outcome, Failure) and outcome.killed and waiting:
                    workers[place] = _started(len(workers) - 1)


@dataclass
class _Worker:
    """One process and the job that it has in hand."""

    process: subprocess.Popen[bytes]
    connection: Connection
    busy: bool = False
    job: Any = None

    @classmethod
    def start(cls) -> _Worker:
        ours, theirs = Pipe()
        folder = str(Path(simslab.__file__).resolve().parent.parent)
        command = [sys.executable, "-P", "-c", PROGRAM, str(theirs.fileno()), str(os.getpid()), folder]
        with theirs:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )
        return cls(process, ours)

    def give(self, work: Callable[[Any], Any], job: Any) -> bool:
        """Hand over a job; False if the process is gone."""
        try:
            self.connection.send((work, job))
        except (BrokenPipeError, ConnectionResetError):
            return False
        self.busy, self.job = True, job
        return True

    def take(self) -> tuple[Any, Any]:
        """Return the job and its outcome; the end of the process is one."""
        self.busy = False
        try:
            return self.job, self.connection.recv()
        except (EOFError, OSError):  # a bare OSError where it was killed in the middle of a message
            self.connection.close()
            return self.job, Failure(_obituary(self.process.wait()), killed=True)

    def end(self) -> None:
        """End the process and wait until it is gone."""
        self.connection.close()
        if self.busy:
            self.process.kill()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def _obituary(status: int) -> str:
    if status >= 0:
        return f"its process ended with status {status}"
    name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
    hint = ", as the kernel does when memory runs out" if name == "SIGKILL" else ""
    return f"its process was killed by {name}{hint}"
