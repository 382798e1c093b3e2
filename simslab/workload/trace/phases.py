"""The parts of a replay that are told apart: several traces one after the other, or the named parts of one.

All CPUs wait for each other where a phase begins, so that what is counted from there to the next one is its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simslab.workload.streams import operations as ops

if TYPE_CHECKING:
    from simslab.workload.description.spec import TraceReplay
    from simslab.workload.streams.program import Program, Words
    from simslab.workload.trace.trace_shapes import Column


@dataclass(frozen=True)
class Mark:
    """Words that every thread has before its first event from number `event` on."""

    event: int
    words: tuple[int, ...]


def phase_begins(spec: TraceReplay, counts: Sequence[int]) -> list[tuple[str, int]]:
    """Return the phases of a replay of `counts` events of each trace: name and first event; none of a single trace
    that names none."""
    if spec.then:
        firsts = np.concatenate(([0], np.cumsum(counts)[:-1])).tolist()
        return list(zip(_names(spec.files), firsts, strict=True))
    return [(name, int(counts[0] * begin)) for name, begin in spec.phases.items()]


def phase_marks(program: Program, begins: Sequence[tuple[str, int]], threads: int) -> list[Mark]:
    """Number the phases and return what begins each; all `threads` meet before each but the first."""
    marks = []
    for number, (name, event) in enumerate(begins):
        begin = _word(program, ops.PHASE, program.phase(name))
        meet = (_word(program, ops.BARRIER, program.barrier(threads)),) if number else ()
        marks.append(Mark(event, (*meet, begin)))
    return marks


def region_mark(program: Program, event: int, threads: int) -> Mark:
    """Return the word with which the region of interest begins before an event, when all `threads` are there."""
    program.begins_region = True
    return Mark(event, (_word(program, ops.BEGIN_REGION, program.barrier(threads)),))


def with_marks(column: Words, events: Column, marks: Sequence[Mark], value: int | None = None) -> Words:
    """Return a thread's words (or what else it has an element of for each of its `events`) with those of the marks, or
    with `value` for each of these."""
    if not marks:
        return column
    places = np.searchsorted(events, [mark.event for mark in marks])
    where = np.repeat(places, [len(mark.words) for mark in marks])
    words = [word if value is None else value for mark in marks for word in mark.words]
    return np.insert(column, where, words)


def _word(program: Program, opcode: int, argument: int) -> int:
    return int(program.words(program.kinds.number(ops.Kind(opcode)), argument)[0])


def _names(files: Sequence[Path]) -> list[str]:
    """Return the traces' names without their suffixes, numbered where one is replayed again."""
    seen: Counter[str] = Counter()
    names = []
    for file in files:
        name = file.name.partition(".")[0] or file.name
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names
