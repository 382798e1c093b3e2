"""Which latencies stand in which panel, and which of them are told apart by lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from simslab.base.errors import UserError, near_miss
from simslab.report.plot.options import Options
from simslab.report.plot.sources import ALL, Arm, Part
from simslab.report.tables import share
from simslab.result.latency import Distribution, distribution

GROUPINGS = ("arm", "operation", "path", "cache", "node")


@dataclass(frozen=True)
class Series:
    """One line: latencies in cycles, and how many cycles a second has."""

    label: str
    cycles: Distribution
    frequency_hz: int


@dataclass(frozen=True)
class Panel:
    """One plot of the figure."""

    title: str
    series: tuple[Series, ...]
    of_arms: bool = False  # whether the lines are arms


def select_arms(arms: Sequence[Arm], options: Options) -> tuple[Arm, ...]:
    """Return the arms asked for, in the order asked; UserError for names that none has."""
    if not options.arms:
        return tuple(arms)
    by_label = {arm.label: arm for arm in arms}
    for name in options.arms:
        _check(name, by_label, "--arm")
    return tuple(by_label[name] for name in options.arms)


def kernel_names(arms: Sequence[Arm], options: Options) -> tuple[Options, tuple[str, ...]]:
    """Return the options with caches that were merged by the kernel's names, and in words which those are."""
    merged = {name: cache for arm in arms if arm.measurement for name, cache in arm.measurement.merged.items()}
    asked = [name for name in options.caches if name in merged]
    caches = tuple(dict.fromkeys(merged.get(name, name) for name in options.caches))
    told = tuple(f"{name} is an alias of {merged[name]}: the kernel merged them" for name in asked)
    return replace(options, caches=caches), told


def select_parts(arms: Sequence[Arm], options: Options) -> dict[str, list[Part]]:
    """Return the parts of each arm that are asked for; UserError where there are none."""
    everything = [part for arm in arms for part in arm.parts]
    wanted = (("--operation", "operation"), ("--path", "path"), ("--cache", "cache"))
    for option, name in wanted:
        for value in getattr(options, f"{name}s"):
            _check(value, {getattr(part, name) for part in everything}, option)
    kept = {arm.label: [part for part in arm.parts if _wanted(part, options)] for arm in arms}
    if not any(kept.values()):
        raise UserError("there are no latencies to draw", expected="operations, paths and caches that occur together")
    return kept


def _wanted(part: Part, options: Options) -> bool:
    return (
        (not options.operations or part.operation in options.operations)
        and (not options.paths or part.path in options.paths)
        and (not options.caches or part.cache in options.caches)
    )


def _check(value: str, known: Iterable[str], option: str) -> None:
    names = sorted(known)
    if value not in names:
        raise UserError(f"{option} {value}: does not occur", expected=", ".join(names), near=near_miss(value, names))


def panels(arms: Sequence[Arm], options: Options) -> tuple[Panel, ...]:
    """Return the panels: one for each operation, or with several arms one for each group, lines being the arms."""
    by = options.by or ("arm" if len(arms) > 1 else "path")
    if by == "node":
        told = "a result keeps latencies by operation, path and cache; by node it is run again, of one run"
        raise UserError(f"--by node: {told}", expected="`simslab plot RESULT --by node`")
    if by in ("path", "cache") and any(part.path == ALL for arm in arms for part in arm.parts):
        raise UserError(f"--by {by}: a comparison keeps latencies by operation only", expected="results of `run --out`")
    kept = select_parts(arms, options)
    if len(arms) > 1:
        return tuple(_of_arms(arms, kept, by))
    return tuple(_of_groups(arms[0], kept[arms[0].label], by))


def _of_groups(arm: Arm, parts: Sequence[Part], by: str) -> Iterable[Panel]:
    """Yield the panels of a single arm: of each operation its paths or caches, or of all its operations."""
    if by in ("arm", "operation"):
        operations = _groups(parts, "operation")
        yield Panel("", tuple(_series(name, each, arm) for name, each in operations.items()))
        return
    for operation, own in sorted(_groups(parts, "operation").items()):
        groups = _groups(own, by)
        total = sum(part.cycles.count for part in own)
        lines = [
            _series(f"{name} ({share(sum(part.cycles.count for part in each), total)})", each, arm)
            for name, each in groups.items()
        ]
        yield Panel(operation, tuple(lines))


def _of_arms(arms: Sequence[Arm], kept: dict[str, list[Part]], by: str) -> Iterable[Panel]:
    """Yield a panel for each operation (and path or cache), with a line for each arm that has it."""
    for title in _titles([part for parts in kept.values() for part in parts], by):
        lines = []
        for arm in arms:
            parts = [part for part in kept[arm.label] if _title(part, by) == title]
            if parts:
                lines.append(_series(arm.label, parts, arm))
        yield Panel(title, tuple(lines), of_arms=True)


def _titles(parts: Sequence[Part], by: str) -> list[str]:
    counts: dict[tuple[str, str], int] = {}
    for part in parts:
        key = (part.operation, _title(part, by))
        counts[key] = counts.get(key, 0) + part.cycles.count
    return [title for _, title in sorted(counts, key=lambda key: (key[0], -counts[key], key[1]))]


def _title(part: Part, by: str) -> str:
    return f"{part.operation} {getattr(part, by)}" if by in ("path", "cache") else part.operation


def _groups(parts: Sequence[Part], by: str) -> dict[str, list[Part]]:
    """Return the parts by one of their names, the most frequent first."""
    groups: dict[str, list[Part]] = {}
    for part in parts:
        groups.setdefault(getattr(part, by), []).append(part)
    counts = {name: sum(part.cycles.count for part in each) for name, each in groups.items()}
    return {name: groups[name] for name in sorted(groups, key=lambda name: (-counts[name], name))}


def _series(label: str, parts: Sequence[Part], arm: Arm) -> Series:
    pairs = (pair for part in parts for pair in zip(part.cycles.values, part.cycles.counts, strict=True))
    return Series(label, distribution(pairs), arm.frequency_hz)
