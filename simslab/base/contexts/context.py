"""The code of one clocked thread, which can be left in the midst of it and gone back to.

On a stack of its own (`stacks.py`) where there are some, else in a greenlet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from greenlet import getcurrent, greenlet

from simslab.base.contexts import stacks


class Context:
    """`function` to be run; `stack` is 0 and `greenlet` what runs it if `own_stack` is 0 or there are none."""

    def __init__(self, function: Callable[[], object], own_stack: int = 1) -> None:
        self.function = function
        self.stack = stacks.made_for(function) if own_stack else 0
        self.greenlet: Any = None
        if self.stack == 0:
            self.greenlet = greenlet(_begin)
            self.greenlet.switch(function)

    def __dealloc__(self) -> None:
        """Give the stack back."""
        stacks.free(self.stack)

    @property
    def dead(self) -> bool:
        """Whether the function has ended."""
        return bool(stacks.ended(self.stack)) if self.stack else bool(self.greenlet.dead)


def _begin(function: Callable[[], object]) -> None:
    """Body of a greenlet: suspended at once, it runs `function` when it is first switched to.

    A greenlet begins at the interpreter's recursion depth of whoever starts it. Started as they are made all begin at
    the same; started by each other, each deep in a call, a few dozen would reach the limit in plain Python.
    """
    getcurrent().parent.switch()
    function()
