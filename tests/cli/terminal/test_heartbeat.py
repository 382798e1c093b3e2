import io
import sys
import threading
from pathlib import Path

import pytest

from simslab.base.build import Build
from simslab.cli.terminal.heartbeat import Counts, telling


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """A line every hundredth of a second."""
    monkeypatch.setattr("simslab.cli.terminal.progress.SIGN_OF_LIFE", 0.01)


def test_the_pace_is_that_of_the_runs_made_since_we_began():
    counts = Counts()
    counts(2, 0, 64)
    assert counts.told(5.0) == "2 of 64 runs, 5 s"
    counts(12, 1, 64)
    assert counts.told(10.0) == "12 of 64 runs, 1 failed, 10 s, about 52 s left"


def test_work_that_has_not_told_anything_yet_lives_all_the_same():
    assert Counts().told(20.0) == "20 s so far"


def test_lines_come_off_a_terminal_even_while_nothing_ends(capsys, monkeypatch):
    """One long run in this very process: nobody calls to tell."""
    asked = threading.Event()
    real = Counts.told

    def told(counts, seconds):
        asked.set()
        return real(counts, seconds)

    monkeypatch.setattr(Counts, "told", told)
    with telling("6 points") as tell:
        tell(1, 0, 2)
        asked.clear()
        assert asked.wait(30)
    assert "simslab: 6 points: 1 of 2 runs, 0 s" in capsys.readouterr().err.splitlines()


def test_nothing_is_told_of_work_that_is_short(capsys, monkeypatch):
    monkeypatch.setattr("simslab.cli.terminal.progress.SIGN_OF_LIFE", 10.0)
    with telling("6 points") as tell:
        tell(1, 0, 2)
    assert capsys.readouterr() == ("", "")


def test_a_slow_build_is_told_off_a_terminal_too(capsys, monkeypatch):
    monkeypatch.setattr("simslab.cli.terminal.progress.SIGN_OF_LIFE", 10.0)
    monkeypatch.delenv("SIMSLAB_PURE", raising=False)
    plain = Build("plain", "no compiler", (), Path("here"))
    monkeypatch.setattr("simslab.cli.terminal.progress.running_build", lambda: plain)
    with telling("6 points"):
        told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "slower than the compiled one" in told


def test_a_terminal_sees_a_bar(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with telling("6 points") as tell:
        tell(1, 0, 2)
    assert "6 points" in terminal.getvalue()


def test_a_closed_standard_error_is_no_terminal_and_gets_no_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    told = threading.Event()
    monkeypatch.setattr(Counts, "told", lambda counts, seconds: told.set() or "")
    with telling("6 points") as tell:
        tell(1, 0, 2)
        assert not told.wait(0.1)
    assert capsys.readouterr().out == ""
