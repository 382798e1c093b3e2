import io
import sys

from simslab.cli.progress import progress


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
