"""The command line as users meet it: within this process, or in a process of its own."""

import os
import shlex
import signal
import subprocess
import sys
import time
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest

from simslab.cli.main import main

SMALL_RUN = ("run", "one-node", "local-churn", "--set", "scale=0.002")
LONG_RUN = ("run", "two-socket", "mixed-remote", "--set", "scale=100")
LONG_COMPARE = ("compare", *LONG_RUN[1:], "--jobs", "2", "--variant", "more:scale=200")
_COMMAND = (sys.executable, "-c", "from simslab.cli.main import main; main()")


@pytest.fixture
def simslab(monkeypatch, capsys):
    """Return a function that runs the command line: (exit status, what it printed, what it complained)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["simslab", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def refused(simslab, monkeypatch):
    """Return a function that runs what must be refused: the one line in which that is told, on a slow host as well."""
    monkeypatch.setattr("simslab.cli.terminal.progress.SIGN_OF_LIFE", 3600.0)

    def run(*arguments):
        status, out, err = simslab(*arguments)
        assert (status, out) == (2, "")
        assert err.count("\n") == 1
        return err

    return run


def ran_in(folder, command):
    """Run a command of the documentation in a folder, within this process; what it printed."""
    out, err = StringIO(), StringIO()
    arguments = patch.object(sys, "argv", shlex.split(command, comments=True))
    with chdir(folder), arguments, redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code, f"{command}\n{err.getvalue()}"
    return out.getvalue()


def start(*arguments, environment=None, **more):
    """Start the command in a process of its own, with its outputs as text; it imports what this process would."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [*_COMMAND, *map(str, arguments)], env=os.environ | path | (environment or {}), **(pipes | more)
    )


def finished(*arguments, **more):
    """Run the command in a process of its own to its end: (exit status, what it printed, what it complained)."""
    with start(*arguments, **more) as process:
        out, err = process.communicate()
    return process.returncode, out, err


def at_work(process, processes=1):
    """Wait until the process, or each of the so many that it started, has computed for a second, start-up included."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        working = [process.pid] if processes == 1 else children
        if len(working) == processes and min(map(_seconds, working)) > 1:
            return
        time.sleep(0.05)


def _seconds(pid):
    """Processor time of a process, user's and system's (/proc/PID/stat, fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def heed_interrupts():
    """In a child: take SIGINT as a terminal's command does; a shell's background commands inherit it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
