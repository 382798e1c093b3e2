import io
import sys

from simslab.cli.terminal.heartbeat import telling


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_line_comes_every_ten_seconds_off_a_terminal(capsys):
    clock = Clock()
    with telling("6 points", clock) as tell:
        for second in range(31):
            clock.now = float(second)
            tell(2 + second, 1, 64)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0] == "simslab: 6 points: 12 of 64 runs, 1 failed, 10 s, about 52 s left"


def test_nothing_is_told_of_work_that_is_short(capsys):
    with telling("6 points") as tell:
        tell(1, 0, 2)
    assert capsys.readouterr() == ("", "")


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


def test_a_closed_standard_error_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    clock = Clock()
    with telling("6 points", clock) as tell:
        clock.now = 20.0
        tell(1, 0, 2)
