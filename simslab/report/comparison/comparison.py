"""A paired comparison as plain data, its table for people and its file for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.text import Text

from simslab.base.printable import csv_cell
from simslab.report.comparison.numbers import in_percent, interval, number, signed
from simslab.report.tables import WIDTH, plain_text, print_parts, table
from simslab.result.latency import Distribution, summarize

FORMAT: Final = "simslab-comparison"
VERSION: Final = 1
NO_INTERVAL: Final = "one run: no interval"
NOISE: Final = "noise"


@dataclass(frozen=True)
class Arm:
    """One arm: what it changes, and the latencies (cycles) of all its operations over all seeds."""

    name: str
    settings: tuple[str, ...]
    frequency_hz: int
    latency: Distribution
    by_operation: Mapping[str, Distribution] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """One metric of one arm against the base: values by seed, and the mean difference with its interval."""

    arm: str
    metric: str
    base: tuple[float, ...]
    variant: tuple[float, ...]
    base_mean: float
    variant_mean: float
    mean: float
    low: float | None  # None with a single seed
    high: float | None
    distinguishable: bool
    seeds: tuple[int, ...] = ()  # of the values; empty: the comparison's

    def verdict(self) -> str:
        """Return what the interval says."""
        if self.low is None:
            return NO_INTERVAL
        if self.base == self.variant:
            return "equal"
        if not self.distinguishable:
            return NOISE
        return "higher" if self.mean > 0 else "lower"


@dataclass(frozen=True)
class Comparison:
    """Arms, base first, run with the same seeds, and their differences from the base."""

    machine: str
    workload: str
    settings: tuple[str, ...]
    seeds: tuple[int, ...]
    confidence: float
    arms: tuple[Arm, ...]
    differences: tuple[Difference, ...]
    correction: str = ""  # how intervals hold together; empty: each stands for itself
    notes: tuple[str, ...] = ()  # what a reader must know, and what may be claimed about the best arm


def comparison_text(comparison: Comparison, width: int = WIDTH) -> str:
    """Return the comparison as plain text."""
    return plain_text(comparison_parts(comparison), width)


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print the comparison: in colour on a terminal, as `comparison_text` elsewhere."""
    print_parts(comparison_parts(comparison), console)


def comparison_parts(comparison: Comparison) -> list[RenderableType]:
    """Return the head and a table for each arm beside the base."""
    base, *others = comparison.arms
    seeds = len(comparison.seeds)
    head = (
        f"{comparison.workload} on {comparison.machine}, {seeds} seed{'s' * (seeds > 1)} an arm, base arm: {base.name}"
    )
    common = f"\nin every arm: {', '.join(comparison.settings)}" if comparison.settings else ""
    note = (
        f"Differences are arm minus base, paired by seed, with {comparison.confidence * 100:.0f}% t-intervals.\nEach "
        "interval stands for itself, none is widened for the number of comparisons."
    )
    if comparison.correction:
        note = (
            f"Differences are arm minus base, paired by seed, with {comparison.confidence * 100:.0f}% t-intervals\n"
            f"that hold together for each metric ({comparison.correction})."
        )
    if seeds == 1:
        note = "One run an arm, so no interval."
    return [
        Text(head + common + "\n" + _clocks(comparison)),
        *(_arm_table(arm, comparison) for arm in others),
        Text("\n".join([note, *comparison.notes])),
    ]


def _clocks(comparison: Comparison) -> str:
    """Return how many cycles a ns has: of all arms, or of each where they differ."""
    clocks = {arm.name: f"{arm.frequency_hz / 10**9:g} cycles" for arm in comparison.arms}
    if len(set(clocks.values())) == 1:
        return f"1 ns is {clocks[comparison.arms[0].name]}; % is of the base's mean"
    return "1 ns is " + ", ".join(f"{cycles} ({name})" for name, cycles in clocks.items()) + "; % is of the base's mean"


def _arm_table(arm: Arm, comparison: Comparison) -> RenderableType:
    rows = [_row(each) for each in comparison.differences if each.arm == arm.name]
    heads = ("metric", "verdict", "base", arm.name, "difference", "interval", "%", "% interval")
    return table(f"{arm.name}: {', '.join(arm.settings)}", heads, rows, texts=2)


def _row(each: Difference) -> list[str]:
    return [
        each.metric,
        each.verdict(),
        number(each.base_mean),
        number(each.variant_mean),
        signed(each.mean),
        interval(each.low, each.high),
        signed(in_percent(each.mean, each.base_mean)),
        interval(in_percent(each.low, each.base_mean), in_percent(each.high, each.base_mean)),
    ]


def comparison_document(comparison: Comparison) -> dict[str, Any]:
    """Return the content of `comparison.json`: metrics in their units, differences and percent with six decimals."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "machine": comparison.machine,
        "workload": comparison.workload,
        "settings": list(comparison.settings),
        "seeds": list(comparison.seeds),
        "confidence": comparison.confidence,
        "correction": comparison.correction,
        "notes": list(comparison.notes),
        "base": comparison.arms[0].name,
        "arms": [_arm_document(arm) for arm in comparison.arms],
        "differences": [_difference_document(each, comparison.seeds) for each in comparison.differences],
    }


def comparison_csv(comparison: Comparison) -> str:
    """Return every figure of every run: one line an arm, seed and metric."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("arm", "seed", "metric", "value"))
    told: set[tuple[str, int]] = set()  # figures of the base
    for each in comparison.differences:
        for arm, values in ((comparison.arms[0].name, each.base), (each.arm, each.variant)):
            for seed, value in zip(each.seeds or comparison.seeds, values, strict=True):
                if arm != comparison.arms[0].name or (each.metric, seed) not in told:
                    table.writerow((csv_cell(arm), seed, csv_cell(each.metric), repr(value)))
        told |= {(each.metric, seed) for seed in each.seeds or comparison.seeds}
    return text.getvalue()


def _arm_document(arm: Arm) -> dict[str, Any]:
    figures = summarize(arm.latency, arm.frequency_hz)
    return {
        "name": arm.name,
        "settings": list(arm.settings),
        "frequency_hz": arm.frequency_hz,
        "operations": figures.count,
        "latency_ns": figures.ns,
        "latency_cycles": figures.cycles | {"mean": figures.mean_cycles},
        "cycles": list(arm.latency.values),
        "counts": list(arm.latency.counts),
        "by_operation": {
            name: {"cycles": list(latencies.values), "counts": list(latencies.counts)}
            for name, latencies in arm.by_operation.items()
        },
    }


def _difference_document(each: Difference, seeds: Sequence[int]) -> dict[str, Any]:
    parts = {"mean": each.mean, "low": each.low, "high": each.high}
    percent = {name: in_percent(value, each.base_mean) for name, value in parts.items()}
    return {
        "arm": each.arm,
        "metric": each.metric,
        "verdict": each.verdict(),
        "seeds": list(each.seeds or seeds),
        "base": list(each.base),
        "variant": list(each.variant),
        "difference": {name: _rounded(value) for name, value in parts.items()},
        "percent": {name: _rounded(value) for name, value in percent.items()},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6) + 0.0  # + 0.0: no negative zero
