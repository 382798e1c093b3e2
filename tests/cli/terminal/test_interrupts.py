"""An interrupt that Python would drop is heard."""

import signal
import sys
import time
import weakref

import pytest

from simslab.cli.terminal.interrupts import interrupts_heard, told_where_to_go_on


class Something:
    pass


def dropped(error):
    """Raise an exception in a callback of a weak reference, as an interrupt may be, and go on until it is heard."""

    def callback(_reference):
        raise error

    something = Something()
    reference = weakref.ref(something, callback)
    del something
    assert reference() is None
    until = time.monotonic() + 10
    while time.monotonic() < until:
        time.sleep(0.001)


def test_an_interrupt_in_a_callback_is_raised_again():
    with interrupts_heard(), pytest.raises(KeyboardInterrupt):
        dropped(KeyboardInterrupt())


def test_so_is_the_end_that_another_signal_asks_for():
    def end(number, _frame):
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        with interrupts_heard(), pytest.raises(SystemExit) as ended:
            dropped(SystemExit(128 + signal.SIGTERM))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 128 + signal.SIGTERM


def test_other_exceptions_go_where_they_went(monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(unraisable.exc_type))
    with interrupts_heard():
        for error in (ValueError(), SystemExit(2), SystemExit("bye")):
            something = Something()
            reference = weakref.ref(something, lambda _reference, error=error: (_ for _ in ()).throw(error))
            del something
            assert reference() is None
    assert told == [ValueError, SystemExit, SystemExit]


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(128 + signal.SIGTERM)])
def test_an_interruption_tells_what_is_kept(end, capsys):
    with pytest.raises(type(end)), told_where_to_go_on("a.db"):
        raise end
    told = "simslab: a.db: interrupted; what is done is kept, and the same command goes on from there\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(("end", "kept"), [(SystemExit(2), "a.db"), (ValueError(), "a.db"), (KeyboardInterrupt(), "")])
def test_where_nothing_is_kept_or_interrupted_nothing_is_said(end, kept, capsys):
    with pytest.raises(type(end)), told_where_to_go_on(kept):
        raise end
    assert capsys.readouterr().err == ""
