"""The other end of `pool.py`: a process that takes jobs from a pipe and sends back what became of them.

Started as a fresh interpreter with this module as its program: nothing of the parent's main module is run again, so a
script needs no `if __name__ == "__main__"`, and a notebook works.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

from simslab.base.errors import Problem, SimslabError, UserError

PR_SET_PDEATHSIG: Final = 1  # include/uapi/linux/prctl.h


@dataclass(frozen=True)
class Failure:
    """What went wrong: the user's mistakes, or one message; `killed` where the process ended before it could tell."""

    message: str
    problems: tuple[Problem, ...] = ()
    killed: bool = False


def attempt(work: Callable[[Any], Any], job: Any) -> Any:
    """Return what `work` makes of a job, or a `Failure`: not every exception can be sent to another process."""
    try:
        return work(job)
    except UserError as error:
        return Failure(str(error), error.problems)
    except SimslabError as error:
        return Failure(str(error))
    except MemoryError:
        return Failure("out of memory")
    except Exception:  # a bug: its traceback is the message, and the pool goes on
        return Failure(traceback.format_exc())


def serve(connection: Connection) -> None:
    """Do jobs, each a pair of function and argument, until the parent closes its end."""
    while True:
        try:
            work, job = connection.recv()
            connection.send(attempt(work, job))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def end_with(parent: int) -> None:
    """Let the kernel kill this process when its parent dies, however it dies; without Linux, end after the job."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)


def main(descriptor: int, parent: int) -> None:
    """Serve the pipe of that file descriptor; Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)
    logging.getLogger("simslab.kernel").setLevel(logging.CRITICAL + 1)
    with suppress(KeyboardInterrupt), Connection(descriptor) as connection:
        serve(connection)
