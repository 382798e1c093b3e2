"""What was counted in each phase of a replayed trace: two states of the counters, subtracted.

All threads meet before a phase, so the first of them to begin it finds the counters of all earlier phases complete.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from simslab.workload.run.recorder import Recorder


@dataclass(frozen=True)
class State:
    """The recorder's counters at one time: by row of its tables."""

    time: int
    latencies: dict[int, Counter[int]]  # row of `histograms` -> count by cycles
    attribution: Any  # an array, flat

    def since(self, earlier: State) -> State:
        """Return what was counted since an earlier state, and the cycles that went by."""
        latencies = {row: counts - earlier.latencies.get(row, Counter()) for row, counts in self.latencies.items()}
        found = {row: counts for row, counts in latencies.items() if counts}
        return State(self.time - earlier.time, found, self.attribution - earlier.attribution)


class PhaseLog:
    """The states at which the phases began, by their number."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.begins: dict[int, State] = {}

    def begin(self, phase: int, time: int) -> None:
        """Note that a phase begins, unless another thread has begun it."""
        if phase not in self.begins:
            self.begins[phase] = self.state(time)

    def clear(self, time: int) -> None:
        """Note that all counters begin anew: warm-up is over, phases that have begun count from here."""
        nothing = self.state(time)
        self.begins = dict.fromkeys(self.begins, nothing)

    def state(self, time: int) -> State:
        """Return the counters as they are."""
        recorder = self.recorder
        rows = {row: Counter(dict(kept.items())) for row, kept in enumerate(recorder.histograms) if kept is not None}
        return State(time, rows, np.array(recorder.attribution_owner))

    def phases(self, end: int) -> list[tuple[int, State]]:
        """Return (phase, what was counted in it), those without any time left out; the last one ends at `end`."""
        states = [*self.begins.items(), (-1, self.state(end))]
        counted = [(phase, states[i + 1][1].since(begun)) for i, (phase, begun) in enumerate(states[:-1])]
        return [(phase, state) for phase, state in counted if state.time > 0]
