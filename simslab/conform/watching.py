"""Watching a CPU on one path of an allocator: what it is charged and which addresses it touches.

Needs plain Python, since methods of the CPU are replaced; with the compiled build the comparison is made by a second
interpreter with SIMSLAB_PURE=1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final, Protocol

from simslab.base.errors import UserError
from simslab.conform.records import Row

TOLERANCE: Final = 0.05
LINE: Final = 64
NOTED: Final = ("read", "write", "update", "atomic", "cmpxchg16b", "atomic_in_turn", "write_in_turn")
REPLACED: Final = (*NOTED, "clear", "prefetchw", "alloc_pages", "free_pages")
FOLDED: Final = ("data:", "percpu:", "other")
TICK: Final = "hrtimer_interrupt"  # a timer interrupt fell into the recording
MOST_COUNTED: Final = 1 << 12  # objects or slabs of a state
MOST_INSTRUCTIONS: Final = 10_000_000
ACCESSES: Final = (*NOTED, "clear", "prefetchw")
BAD_INPUT: Final = 2  # status of a plain interpreter that was given what is no golden file


class Watched(Protocol):
    """What is watched: the CPU that runs a path, and the allocator."""

    @property
    def cpu(self) -> Any:
        """The CPU that runs the path."""

    @property
    def allocator(self) -> Any:
        """The allocator, for its page allocator."""


class Recorder:
    """Notes the addresses that a CPU touches or prefetches, and the instructions of the page allocator beneath."""

    def __init__(self, bench: Watched) -> None:
        self.bench = bench
        self.addresses: list[int] = []
        self.prefetched: list[int] = []
        self.paused = 0
        self.page_instructions = 0
        cpu: Any = bench.cpu
        for name in NOTED:
            setattr(cpu, name, self.noting(getattr(cpu, name)))
        clear = cpu.clear

        def noting_clear(addr: int, size: int) -> int:
            self.addresses.append(addr)
            return int(clear(addr, size))

        cpu.clear = noting_clear
        cpu.prefetchw = self.apart_from_accesses(cpu.prefetchw)
        pages: Any = bench.allocator.pages.page_allocator
        pages.alloc_pages, pages.free_pages = self.apart(pages.alloc_pages), self.apart(pages.free_pages)

    def noting(self, method: Callable[[int], int]) -> Callable[[int], int]:
        """Return `method` with its address noted."""

        def noted(addr: int) -> int:
            if not self.paused:
                self.addresses.append(addr)
            return method(addr)

        return noted

    def apart_from_accesses(self, prefetch: Callable[[int], int]) -> Callable[[int], int]:
        """Return `prefetch` noted as such: the recorder of the real kernel does not see prefetches."""

        def noted(addr: int) -> int:
            if addr:
                self.prefetched.append(addr)
            self.paused += 1
            result = prefetch(addr)
            self.paused -= 1
            return result

        return noted

    def apart(self, method: Callable[..., int]) -> Callable[..., int]:
        """Return a method of the page allocator whose accesses and instructions are kept apart."""

        def kept_apart(*arguments: Any) -> int:
            before = self.bench.cpu.instructions
            self.paused += 1
            result = method(*arguments)
            self.paused -= 1
            self.page_instructions += self.bench.cpu.instructions - before
            return result

        return kept_apart

    def cost(self, operation: Callable[[], None]) -> int:
        """Run one operation; instructions it charged without those of the page allocator."""
        self.addresses.clear()
        self.prefetched.clear()
        self.page_instructions = 0
        before = self.bench.cpu.instructions
        operation()
        for watched in (self.bench.cpu, self.bench.allocator.pages.page_allocator):
            for name in REPLACED:
                vars(watched).pop(name, None)
        return int(self.bench.cpu.instructions - before - self.page_instructions)


def same_instructions(charged: int, recorded: int) -> bool:
    """Whether instructions are within the tolerance of those of the real kernel, or within one of a path of a few."""
    return abs(charged - recorded) <= max(1.0, TOLERANCE * recorded)


def counted(row: Row, text: str) -> int:
    """Return the instructions of one function, the number after its name in a row's list."""
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(MOST_INSTRUCTIONS)):
        expected = "function:instructions;..."
        raise UserError(
            f"has '{text:.20}'", file=row.file, line=row.line, column=1, path="functions", expected=expected
        )
    return int(text)


@contextmanager
def accesses_free_of_charge(cpus: Iterable[Any]) -> Iterator[None]:
    """Let the accesses of `cpus` take no time and leave no line behind: what leads to a state is not compared."""
    for cpu in cpus:
        # Speed: the whole table in a third of the time; tests/conform/slab/test_path_costs.py --durations=1
        vars(cpu).update(dict.fromkeys(ACCESSES, lambda *arguments: 0))
    yield
    for cpu in cpus:
        for name in ACCESSES:
            del vars(cpu)[name]


def in_plain_python(module: str, *arguments: str) -> list[dict[str, Any]]:
    """Return what a module's `main` prints as JSON in a plain interpreter; UserErrors there become ours."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, env=os.environ | {"SIMSLAB_PURE": "1"}, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    told = done.stderr.decode(errors="replace").strip().splitlines() or ["no comparison was made"]
    if done.returncode == BAD_INPUT:
        raise UserError(told[-1])
    if done.returncode:
        raise ValueError(told[-1])
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def print_measured(measure: Callable[[], list[Any]]) -> None:
    """Print comparisons as JSON, for `in_plain_python`."""
    try:
        made = measure()
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_INPUT)
    json.dump([asdict(cost) for cost in made], sys.stdout)
