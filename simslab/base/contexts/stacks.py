"""Stacks of the host's own, one for each context, so that a switch copies nothing (C in `stacks.pxd`).

A greenlet's stack is a part of its thread's: who goes on is copied in, who waits is copied out, 2.3 KB each way. Here
every context has a mapping of its own (4 MiB of addresses, of which the host gives what is touched) above a guard
page; a switch saves six registers and what the interpreter keeps of the code that runs (what greenlet saves as well:
frames, depth of recursion, exceptions handled).

Speed: 0.04 us a switch instead of 0.33 (benchmarks/settle.py); what switches most gets 1.3 to 1.7 times as fast
(benchmarks/README.md, Waiting).

There are none (`made_for` returns 0, and contexts are greenlets) in plain Python, and where the compiled code was not
built for CPython 3.11 to 3.13 on Linux with x86-64: fields of the interpreter's thread state differ from version to
version, and 3.14 refuses to run where it does not know the bounds of the stack. Builds without its lock have none.
The address sanitizer would have to be told of each switch: its builds have none either.

Not modelled: context variables and tracing functions of a context's own; they are the thread's.
"""

from __future__ import annotations

from collections.abc import Callable


def made_for(_function: Callable[[], object]) -> int:
    """Return a new stack on which a function, which somebody must keep, will run; 0 where there are none.

    MemoryError if the host has no room for it.
    """
    return 0


def here() -> int:
    """Return a name for the stack that runs, to be switched back to."""
    return 0


def switch(_left: int, _target: int) -> int:
    """Leave the stack that runs for another; returns, or raises what a function ended with, when that is left."""
    return 0


def ends_at(_stack: int, _parent: int) -> None:
    """Let another stack go on when the function of a stack has ended."""


def ended(_stack: int) -> int:
    """Whether the function of a stack has returned."""
    return 0


def unwind(_stack: int) -> int:
    """Go on with a stack that was left, until its function ends, and return; it must have been told to end."""
    return 0


def free(_stack: int) -> None:
    """Give a stack back; one that was begun and has not ended is lost, with what lives on it."""
