"""Paired comparisons: every arm runs with the same seeds, hence the same random streams, and differences are paired."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from simslab.base.errors import SimslabError, UserError, UserErrors, near_miss
from simslab.experiment.figures.metrics import DEFAULT, NO_FIGURE, Metric, figures, metrics
from simslab.experiment.figures.observation import Observation, observe
from simslab.experiment.inputs import InputReader, Inputs
from simslab.experiment.limits import MOST_SEEDS, check_first_seed
from simslab.experiment.paired import CONFIDENCE, CORRECTION, best_of, paired_difference
from simslab.experiment.provenance import manifest_of
from simslab.experiment.running.pool import outcomes
from simslab.experiment.running.precision import GROWTH, precision_note, seeds_needed
from simslab.experiment.running.worker import Failure
from simslab.experiment.variants import BASE, Variant, load_arm, naming_variant, refuse_seed, set_otherwise, sets
from simslab.report.comparison.comparison import (
    Arm,
    Comparison,
    Difference,
    comparison_csv,
    comparison_document,
    comparison_text,
)
from simslab.result.directory import check_replaceable, result_directory
from simslab.result.latency import Distribution, by_operation, distribution, merge_rows
from simslab.result.manifest import MANIFEST, ChangedValue, changed_values, manifest_document
from simslab.result.result_file import json_text

RunOnce: TypeAlias = Callable[[Inputs, int], Observation]
Progress: TypeAlias = Callable[[int, int], None]  # (runs done, of how many)


@dataclass(frozen=True)
class Plan:
    """A comparison to make: what is common to all arms, the arms, base first, loaded once, and the seeds."""

    machine: str
    workload: str
    settings: tuple[str, ...]
    arms: tuple[Variant, ...]
    seeds: tuple[int, ...]
    inputs: tuple[Inputs, ...]  # of each arm
    metrics: tuple[str, ...] = DEFAULT
    notes: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()  # arms that are the base by construction
    drawn: bool = True  # whether another seed can give another run


@dataclass(frozen=True)
class RunFigures:
    """What a comparison keeps of one run."""

    metrics: dict[str, float | None]
    latency: Distribution  # all operations, cycles
    by_operation: dict[str, Distribution]
    frequency_hz: int


@dataclass(frozen=True)
class ArmRun:
    """One run to be made: an arm with a seed."""

    arm: Variant
    inputs: Inputs
    seed: int
    metrics: tuple[str, ...]
    run: RunOnce


def make_plan(
    machine: str,
    workload: str,
    settings: Sequence[str],
    variants: Sequence[Variant],
    *,
    seeds: int,
    first_seed: int | None = None,
    base: str | None = None,
    chosen: Sequence[str] = DEFAULT,
    vary: str = "start",
    reader: InputReader | None = None,
) -> Plan:
    """Return the plan of a comparison with `seeds` (>= 1) seeds from `first_seed` (None: the workload's) upwards.

    The base arm is the unmodified one, or the variant named `base`. Every arm is loaded once, so that mistakes are
    told before anything runs, and all runs are made from the same bytes. A recorded trace draws nothing from the seed:
    `vary` says what is drawn for it (`start` or `placement`); with `none` every seed would be the same run, so there
    is one, and no interval is claimed.
    """
    metrics(chosen)
    _check_arms(variants, seeds)
    arms = _base_first(variants, base)
    refuse_seed(settings, "--set")
    for arm in arms:
        refuse_seed(arm.settings, f"--variant {arm.name}")
    reader = reader or InputReader()
    inputs = [load_arm(machine, workload, settings, arm, reader) for arm in arms]
    equal = _equal_arms(arms, inputs)
    notes = [f"Arm {name} is the same as {arms[0].name}: what it sets is what stands there." for name in equal]
    notes += [told for arm, one in zip(arms, inputs, strict=True) for told in set_otherwise(arm, one, settings)]
    drawn = any(one.workload.draws_from_seed for one in inputs)
    said = sets(settings, "trace.vary")
    if not drawn and seeds > 1 and vary != "none" and not said:
        settings = [*settings, f"trace.vary={vary}"]
        inputs = [load_arm(machine, workload, settings, arm, reader) for arm in arms]
        notes.append(f"A recorded trace draws no random numbers: each seed draws {VARIED[vary]}.")
        drawn = True
    if not drawn and (vary == "none" or said):
        notes.append("A recorded trace draws no random numbers: every seed would be the same run.")
    first = inputs[0].workload.seed if first_seed is None else first_seed
    check_first_seed(first)
    numbers = tuple(range(first, first + (seeds if drawn else 1)))
    return Plan(machine, workload, tuple(settings), arms, numbers, tuple(inputs), tuple(chosen), tuple(notes), equal,
                drawn)  # fmt: skip


def _check_arms(variants: Sequence[Variant], seeds: int) -> None:
    """UserError for arms that share a name, or one called as the unmodified arm is, and for no seeds or too many."""
    names = [BASE, *(variant.name for variant in variants)]
    if twice := next((name for name in names if names.count(name) > 1), None):
        expected = f"other names than '{BASE}', each once"
        raise UserError(f"two arms are called '{twice}'", file="variants", expected=expected)
    if not 1 <= seeds <= MOST_SEEDS:
        raise UserError(f"{seeds} seeds", file="seeds", expected=f"1 to {MOST_SEEDS:,}")


UNMOVED: Final = 0.0001  # share of an arm's time by which it may differ from a base that it is told to be equal to
METRICS_UNMOVED: Final = 10 * UNMOVED  # of metrics, some of which are of few operations
VARIED: Final = {
    "start": "a delay of each CPU's start (start jitter, up to trace.start_within); intervals tell what that is worth",
    "placement": "which CPU takes which recorded CPU's events (placement); intervals tell what that is worth",
}


def _equal_arms(arms: Sequence[Variant], inputs: Sequence[Inputs]) -> tuple[str, ...]:
    """Return the arms that are the base by construction."""
    pairs, base = zip(arms[1:], inputs[1:], strict=True), inputs[0]
    return tuple(arm.name for arm, one in pairs if (one.machine, one.workload) == (base.machine, base.workload))


def _base_first(variants: Sequence[Variant], base: str | None) -> tuple[Variant, ...]:
    if base is None or base == BASE:
        return Variant(BASE, ()), *variants
    names = [variant.name for variant in variants]
    if base not in names:
        raise UserError(
            f"there is no variant '{base}'",
            file="--base",
            expected=" or ".join([BASE, *names]),
            near=near_miss(base, names),
        )
    return tuple(sorted(variants, key=lambda variant: variant.name != base))


def run_figures(job: ArmRun) -> RunFigures:
    """Run one arm with one seed."""
    with naming_variant(job.arm):
        observation = job.run(job.inputs, job.seed)
    measurement = observation.measurement
    values = figures(observation, metrics(job.metrics))
    return RunFigures(values, merge_rows(measurement.latency), by_operation(measurement), measurement.frequency_hz)


def compare(
    plan: Plan,
    *,
    processes: int = 1,
    progress: Progress | None = None,
    run: RunOnce = observe,
    correct: bool = False,
    precision: float = 0.0,
    max_seeds: int = 100,
) -> Comparison:
    """Make the comparison; the result does not depend on `processes`.

    With `correct` all intervals of a metric hold together (Bonferroni-t over the arms beside the base). With
    `precision`, a share of the base's mean, seeds are added until half of every interval of the first metric is at
    most that, or there are `max_seeds`.
    """
    done: dict[tuple[str, int], RunFigures] = {}
    count, looks = max(2, len(plan.seeds)) if precision and plan.drawn else len(plan.seeds), 1
    plan = replace(plan, seeds=tuple(range(plan.seeds[0], plan.seeds[0] + count)))
    _run_missing(plan, done, processes, progress, run)
    comparisons = max(1, len(plan.arms) - 1) if correct else 1
    while (needed := _needed(plan, done, precision, comparisons)) and count < max_seeds and plan.drawn:
        count, looks = min(max_seeds, max(count + 1, min(GROWTH * count, needed))), looks + 1
        plan = replace(plan, seeds=tuple(range(plan.seeds[0], plan.seeds[0] + count)))
        _run_missing(plan, done, processes, progress, run)
    if precision:
        seen, without = _compared(plan, done)
        few = ["an arm"] if needed else []
        note = precision_note(plan.metrics[0], precision, count, looks, few, without, bool(seen) and plan.drawn)
        plan = replace(plan, notes=(*plan.notes, note))
    by_arm = {arm.name: [done[arm.name, seed] for seed in plan.seeds] for arm in plan.arms}
    return _comparison(plan, by_arm, correct)


def _run_missing(
    plan: Plan, done: dict[tuple[str, int], RunFigures], processes: int, progress: Progress | None, run: RunOnce
) -> None:
    """Make the runs of a plan that are not `done`."""
    jobs = [
        ArmRun(arm, inputs, seed, plan.metrics, run)
        for seed in plan.seeds
        for arm, inputs in zip(plan.arms, plan.inputs, strict=True)
        if (arm.name, seed) not in done
    ]
    total = len(done) + len(jobs)
    for job, outcome in outcomes(run_figures, jobs, processes):
        if isinstance(outcome, Failure):
            raise _failed(job, outcome)
        done[job.arm.name, job.seed] = outcome
        if progress is not None:
            progress(len(done), total)


def _compared(plan: Plan, done: Mapping[tuple[str, int], RunFigures]) -> tuple[list[str], list[str]]:
    """Return the arms that the first metric can be compared with the base by, and those that it cannot."""
    (base, *arms), name = plan.arms, metrics(plan.metrics)[0].name
    theirs = [done[base.name, seed] for seed in plan.seeds]
    seen = [arm.name for arm in arms if _pairs(name, theirs, [done[arm.name, seed] for seed in plan.seeds])]
    return seen, [arm.name for arm in arms if arm.name not in seen]


def _needed(plan: Plan, done: Mapping[tuple[str, int], RunFigures], share: float, comparisons: int) -> int:
    """Return how many seeds the widest interval of the first metric is likely to need; 0 where all are narrow."""
    if not share:
        return 0
    name, most = metrics(plan.metrics)[0].name, 0
    for arm in plan.arms[1:]:
        pairs = [
            (done[plan.arms[0].name, seed].metrics[name], done[arm.name, seed].metrics[name]) for seed in plan.seeds
        ]
        known = [(old, new) for old, new in pairs if old is not None and new is not None]
        if known:
            mean = abs(math.fsum(old for old, _ in known) / len(known))
            differences = [new - old for old, new in known]
            most = max(most, seeds_needed(differences, share * mean, comparisons, len(plan.seeds)))
    return most


def _failed(job: ArmRun, failure: Failure) -> SimslabError:
    if failure.problems:
        return UserErrors(failure.problems)
    return SimslabError(f"arm {job.arm.name}, seed {job.seed}: {failure.message.strip()}")


def _comparison(plan: Plan, by_arm: dict[str, list[RunFigures]], correct: bool) -> Comparison:
    base, others = by_arm[plan.arms[0].name], plan.arms[1:]
    chosen, count = metrics(plan.metrics), len(others) if correct else 1
    same = [arm.name for arm in others if _hardly_moved(by_arm[arm.name], base) and arm.name not in plan.equal]
    pairs = [(arm.name, by_arm[arm.name]) for arm in others]
    return Comparison(
        machine=plan.inputs[0].machine.name,
        workload=plan.inputs[0].workload.name,
        settings=plan.settings,
        seeds=plan.seeds,
        confidence=CONFIDENCE,
        arms=tuple(_arm(arm, by_arm[arm.name]) for arm in plan.arms),
        differences=tuple(
            row for name, runs in pairs for row in _differences(name, plan.seeds, base, runs, chosen, count)
        ),
        correction=f"{CORRECTION} over {count} comparisons" if correct and count > 1 else "",
        notes=(*_without_figure(chosen, by_arm), *plan.notes, *map(_unmoved, same), *_best(chosen, by_arm)),
    )


def _hardly_moved(ours: Sequence[RunFigures], theirs: Sequence[RunFigures]) -> bool:
    """Whether all runs have the base's times and metrics, but for what boot leaves in queues."""
    return all(
        _near(run.latency.total, other.latency.total)
        and all(_near(value, other.metrics[name], METRICS_UNMOVED) for name, value in run.metrics.items())
        for run, other in zip(ours, theirs, strict=True)
    )


def _near(ours: float | None, theirs: float | None, share: float = UNMOVED) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return abs(ours - theirs) <= share * abs(theirs)


def _unmoved(arm: str) -> str:
    """Return what to tell of an arm whose every run came out as the base's, or nearly."""
    return (
        f"Arm {arm}: every run's operations took the base's time within {UNMOVED:.2%}, every metric is the base's "
        f"within {METRICS_UNMOVED:.1%}: hardly anything that ran meets what it sets. "
        "(Memory-only nodes serve threads with a mempolicy, or when their own node is full.)"
    )


def _without_figure(chosen: Sequence[Metric], by_arm: Mapping[str, Sequence[RunFigures]]) -> Iterator[str]:
    """Yield in words which metrics are left out as no run has a figure for them, or compared over some seeds alone."""
    runs = [run for arm in by_arm.values() for run in arm]
    if names := [each.name for each in chosen if all(run.metrics[each.name] is None for run in runs)]:
        yield f"{', '.join(names)}: {NO_FIGURE}."
    (_, base), *others = by_arm.items()
    for name in (each.name for each in chosen if each.name not in names):
        for arm, ours in others:
            yield from _partly(name, arm, base, ours)


def _partly(name: str, arm: str, base: Sequence[RunFigures], runs: Sequence[RunFigures]) -> Iterator[str]:
    """Yield in words over how many seeds an arm is compared by a metric, where these are not all."""
    pairs = _pairs(name, base, runs)
    if not pairs:
        ours, theirs = (sum(run.metrics[name] is not None for run in each) for each in (runs, base))
        have = f"{ours} of its {len(runs)} runs and {theirs} of the base's have a figure for it"
        yield f"{name}: arm {arm} is left out: {have}, with no seed in common (nothing took that path elsewhere)."
    elif len(pairs) < len(runs):
        over = f"{len(pairs)} of the {len(runs)} seeds, with which both it and the base have a figure"
        yield f"{name}: arm {arm} is compared over {over} (nothing took that path elsewhere)."


def _pairs(name: str, base: Sequence[RunFigures], variant: Sequence[RunFigures]) -> dict[int, tuple[float, float]]:
    """Return a metric's values of base and variant by the place of the seed, where both have one."""
    found = enumerate((old.metrics[name], new.metrics[name]) for old, new in zip(base, variant, strict=True))
    return {i: (old, new) for i, (old, new) in found if old is not None and new is not None}


def _best(chosen: Sequence[Metric], by_arm: dict[str, list[RunFigures]]) -> Iterator[str]:
    """Yield which arm is best by each metric, where there are several to choose from and a choice to make."""
    for each in chosen if len(by_arm) > 2 else ():
        arms = {name: [run.metrics[each.name] for run in runs] for name, runs in by_arm.items()}
        known = {name: {i: v for i, v in enumerate(row) if v is not None} for name, row in arms.items()}
        if each.better and all(known.values()):
            yield best_of(each.name, each.better, known).told


def _arm(variant: Variant, runs: Sequence[RunFigures]) -> Arm:
    names = sorted({name for run in runs for name in run.by_operation})
    operations = {name: _merged(run.by_operation[name] for run in runs if name in run.by_operation) for name in names}
    return Arm(variant.name, variant.settings, runs[0].frequency_hz, _merged(run.latency for run in runs), operations)


def _merged(latencies: Iterable[Distribution]) -> Distribution:
    return distribution(pair for each in latencies for pair in zip(each.values, each.counts, strict=True))


def _differences(
    arm: str,
    seeds: Sequence[int],
    base: Sequence[RunFigures],
    variant: Sequence[RunFigures],
    chosen: Sequence[Metric],
    comparisons: int,
) -> Iterator[Difference]:
    """Yield the difference of each metric over the seeds with which both arms have a figure for it."""
    for each in chosen:
        pairs = _pairs(each.name, base, variant)
        if not pairs:
            continue
        before, after = zip(*pairs.values(), strict=True)
        paired = paired_difference(before, after, comparisons)
        yield Difference(
            arm=arm,
            metric=each.label,
            base=before,
            variant=after,
            base_mean=paired.base_mean,
            variant_mean=paired.variant_mean,
            mean=paired.mean,
            low=paired.low,
            high=paired.high,
            distinguishable=paired.distinguishable,
            seeds=tuple(seeds[i] for i in pairs),
        )


def write_comparison(plan: Plan, comparison: Comparison, out: Path) -> None:
    """Write the comparison to the directory `out`, which appears whole or not at all."""
    from simslab.report.comparison.comparison_figure import save_comparison_figure  # brings matplotlib

    check_replaceable(out)
    base = plan.inputs[0]
    arms = {arm.name: _changes(base, arm, inputs) for arm, inputs in zip(plan.arms, plan.inputs, strict=True)}
    with result_directory(out) as directory:
        (directory / "comparison.json").write_text(json_text(comparison_document(comparison)), encoding="utf-8")
        (directory / "comparison.txt").write_text(comparison_text(comparison), encoding="utf-8")
        (directory / "comparison.csv").write_text(comparison_csv(comparison), encoding="utf-8")
        save_comparison_figure(comparison, directory)
        files = sorted(path.name for path in directory.iterdir())
        manifest = manifest_document(manifest_of(base, comparison.seeds, arms), files)
        (directory / MANIFEST).write_text(json_text(manifest), encoding="utf-8")


def _changes(base: Inputs, arm: Variant, inputs: Inputs) -> tuple[ChangedValue, ...]:
    """Return what an arm changes beyond the common settings."""
    option = f"--variant {arm.name}:"
    machine = inputs.machine_document.overrides[len(base.machine_document.overrides) :]
    workload = inputs.workload_document.overrides[len(base.workload_document.overrides) :]
    return changed_values(machine, option) + changed_values(workload, option)
