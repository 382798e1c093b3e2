import io
import sys
import threading
from pathlib import Path

import pytest

from simslab.base.build import Build
from simslab.cli.terminal.progress import progress, tell_slow_build, watching


@pytest.fixture(autouse=True)
def built(monkeypatch):
    """Return a function that sets which build seems to run; the compiled one until it is called."""

    def pretend(kind, why=""):
        monkeypatch.setattr("simslab.cli.terminal.progress.running_build", lambda: Build(kind, why, (), Path("here")))

    pretend("compiled")
    return pretend


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_short_run_says_nothing_off_a_terminal(capsys):
    with progress("working") as report:
        report(1, 2)
    with watching("working") as watch:
        watch(lambda: (1, 2))
    assert capsys.readouterr() == ("", "")


def test_a_long_run_says_off_a_terminal_that_it_lives(capsys, monkeypatch):
    monkeypatch.setattr("simslab.cli.terminal.progress.SIGN_OF_LIFE", 0.01)
    asked = threading.Event()

    def share():
        asked.set()
        return 30, 40

    with watching("mixed on two-socket") as watch:
        watch(share)
        assert asked.wait(30)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("simslab: mixed on two-socket: ")
    assert all(line.endswith(" s so far") for line in lines)
    assert any("75 % done, " in line for line in lines)


def test_a_terminal_sees_a_bar_on_standard_error(monkeypatch, capsys):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress("working") as report:
        report(1, 2)
    assert "working" in terminal.getvalue()
    assert capsys.readouterr().out == ""


def test_a_bar_asks_how_far_the_work_is(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    asked = []

    def share():
        asked.append(1)
        return 30, 40

    with watching("working") as watch:
        watch(share)
    assert asked
    assert "75 %" in terminal.getvalue()


def test_a_compiled_build_says_nothing_of_itself(capsys):
    tell_slow_build()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("shown", [progress, watching])
def test_a_plain_build_says_so_in_one_line_at_the_head_of_a_run(shown, built, capsys, monkeypatch):
    monkeypatch.delenv("SIMSLAB_PURE", raising=False)
    built("plain", "not compiled at installation: no compiler")
    with shown("working"):
        told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "plain (not compiled at installation: no compiler) build" in told


def test_a_plain_build_that_was_asked_for_says_nothing(built, capsys, monkeypatch):
    monkeypatch.setenv("SIMSLAB_PURE", "1")
    built("plain", "SIMSLAB_PURE=1")
    tell_slow_build()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["w{x}", "{task.fields}", "[/]", "[bold red]x", "\x1b]0;pwn\x07", "a\nb"])
def test_names_are_neither_formats_nor_markup_nor_commands(monkeypatch, name):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with watching(name) as watch:
        watch(lambda: (1, 2))
    shown = name.replace("\x1b", "\\x1b").replace("\x07", "\\x07").replace("\n", " ")
    assert shown in terminal.getvalue()
    assert "\x1b]" not in terminal.getvalue()


def test_a_closed_standard_error_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with progress("working") as report, watching("working"):
        report(1, 2)
