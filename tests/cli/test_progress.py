import io
import sys

from simslab.cli.progress import progress, watching


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_nothing_is_drawn_off_a_terminal(capsys):
    with progress("working") as report:
        report(1, 2)
    assert capsys.readouterr() == ("", "")


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


def test_nobody_is_asked_off_a_terminal(capsys):
    with watching("working") as watch:
        watch(lambda: 1 / 0)
    assert capsys.readouterr() == ("", "")
