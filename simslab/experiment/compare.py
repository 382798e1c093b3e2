"""Paired comparisons: every arm runs with the same seeds, hence the same random streams, and differences are paired."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import TypeAlias

from simslab.base.errors import Problem, SimslabError, UserError, UserErrors, near_miss
from simslab.experiment.inputs import Inputs
from simslab.experiment.metrics import metrics
from simslab.experiment.paired import CONFIDENCE, paired_difference
from simslab.experiment.provenance import manifest_of
from simslab.experiment.run import run_once
from simslab.experiment.variants import BASE, Variant, load_arm, naming_variant, refuse_seed
from simslab.report.comparison.comparison import Arm, Comparison, Difference, comparison_document, comparison_text
from simslab.result.directory import check_replaceable, result_directory
from simslab.result.latency import Distribution, by_operation, distribution, merge_rows
from simslab.result.manifest import MANIFEST, ChangedValue, changed_values, manifest_document
from simslab.result.measurement import Measurement
from simslab.result.result_file import json_text

RunOnce: TypeAlias = Callable[[Inputs, int], Measurement]
Progress: TypeAlias = Callable[[int, int], None]  # (runs done, of how many)


@dataclass(frozen=True)
class Plan:
    """A comparison to make: what is common to all arms, the arms, base first, and the seeds."""

    machine: str
    workload: str
    settings: tuple[str, ...]
    arms: tuple[Variant, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class RunFigures:
    """What a comparison keeps of one run."""

    metrics: dict[str, float]
    latency: Distribution  # all operations, cycles
    by_operation: dict[str, Distribution]
    frequency_hz: int


def make_plan(
    machine: str,
    workload: str,
    settings: Sequence[str],
    variants: Sequence[Variant],
    *,
    seeds: int,
    first_seed: int | None = None,
    base: str | None = None,
) -> Plan:
    """Return the plan of a comparison with `seeds` (>= 1) seeds from `first_seed` (None: the workload's) upwards.

    The base arm is the unmodified one, or the variant named `base`. Every arm is loaded once, so that mistakes are
    told before anything runs. Where no arm draws from the seed, as with a recorded trace on a kernel that draws no
    random numbers, every seed would be the same run: it gets one, and no interval is claimed.
    """
    arms = _base_first(variants, base)
    for arm in arms:
        refuse_seed(arm)
    inputs = [load_arm(machine, workload, settings, arm) for arm in arms]
    first = inputs[0].workload.seed if first_seed is None else first_seed
    if not any(one.workload.draws_from_seed for one in inputs):
        seeds = 1
    return Plan(machine, workload, tuple(settings), arms, tuple(range(first, first + seeds)))


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


def run_figures(plan: Plan, arm: Variant, seed: int, run: RunOnce = run_once) -> RunFigures:
    """Run one arm with one seed."""
    inputs = load_arm(plan.machine, plan.workload, plan.settings, arm)
    with naming_variant(arm):
        measurement = run(inputs, seed)
    return RunFigures(
        metrics(measurement), merge_rows(measurement.latency), by_operation(measurement), measurement.frequency_hz
    )


def compare(plan: Plan, *, processes: int = 1, progress: Progress | None = None, run: RunOnce = run_once) -> Comparison:
    """Make the comparison; the result does not depend on `processes`."""
    jobs = [(arm, seed) for seed in plan.seeds for arm in plan.arms]
    figures: dict[tuple[str, int], RunFigures] = {}
    for (arm, seed), done in zip(jobs, _all_runs(plan, jobs, processes, run), strict=True):
        figures[arm.name, seed] = done
        if progress is not None:
            progress(len(figures), len(jobs))
    inputs = load_arm(plan.machine, plan.workload, plan.settings, plan.arms[0])
    by_arm = {arm.name: [figures[arm.name, seed] for seed in plan.seeds] for arm in plan.arms}
    base = by_arm[plan.arms[0].name]
    return Comparison(
        machine=inputs.machine.name,
        workload=inputs.workload.name,
        settings=plan.settings,
        seeds=plan.seeds,
        confidence=CONFIDENCE,
        arms=tuple(_arm(arm, by_arm[arm.name]) for arm in plan.arms),
        differences=tuple(
            difference for arm in plan.arms[1:] for difference in _differences(arm.name, base, by_arm[arm.name])
        ),
    )


def _all_runs(plan: Plan, jobs: Iterable[tuple[Variant, int]], processes: int, run: RunOnce) -> Iterator[RunFigures]:
    """Yield the figures of the jobs in their order, whoever finishes first."""
    if processes == 1:
        yield from (run_figures(plan, arm, seed, run) for arm, seed in jobs)
        return
    # Fresh interpreters: greenlets and compiled modules' state must not be copied into a child half-way.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(_in_child, plan, arm, seed, run) for arm, seed in jobs]
        try:
            for future in waiting:
                outcome = future.result()
                if isinstance(outcome, str):
                    raise SimslabError(outcome)
                if isinstance(outcome, tuple):
                    raise UserErrors(outcome)
                yield outcome
        except BaseException:
            for child in active_children():  # a run may take minutes: nobody waits for it any more
                child.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _in_child(plan: Plan, arm: Variant, seed: int, run: RunOnce) -> RunFigures | tuple[Problem, ...] | str:
    """Run in another process; what goes wrong on purpose comes back as data, as not every exception can be pickled."""
    try:
        return run_figures(plan, arm, seed, run)
    except UserError as error:
        return tuple(error.problems)
    except SimslabError as error:
        return f"arm {arm.name}, seed {seed}: {error}"


def _arm(variant: Variant, runs: Sequence[RunFigures]) -> Arm:
    names = sorted({name for run in runs for name in run.by_operation})
    operations = {name: _merged(run.by_operation[name] for run in runs if name in run.by_operation) for name in names}
    return Arm(variant.name, variant.settings, runs[0].frequency_hz, _merged(run.latency for run in runs), operations)


def _merged(latencies: Iterable[Distribution]) -> Distribution:
    return distribution(pair for each in latencies for pair in zip(each.values, each.counts, strict=True))


def _differences(arm: str, base: Sequence[RunFigures], variant: Sequence[RunFigures]) -> Iterator[Difference]:
    for name in base[0].metrics:
        before = tuple(run.metrics[name] for run in base)
        after = tuple(run.metrics[name] for run in variant)
        paired = paired_difference(before, after)
        yield Difference(
            arm=arm,
            metric=name,
            base=before,
            variant=after,
            base_mean=paired.base_mean,
            variant_mean=paired.variant_mean,
            mean=paired.mean,
            low=paired.low,
            high=paired.high,
            distinguishable=paired.distinguishable,
        )


def write_comparison(plan: Plan, comparison: Comparison, out: Path) -> None:
    """Write the comparison to the directory `out`, which appears whole or not at all."""
    from simslab.report.comparison.comparison_figure import save_comparison_figure  # brings matplotlib

    check_replaceable(out)
    base = load_arm(plan.machine, plan.workload, plan.settings, plan.arms[0])
    arms = {arm.name: _changes(plan, base, arm) for arm in plan.arms}
    with result_directory(out) as directory:
        (directory / "comparison.json").write_text(json_text(comparison_document(comparison)), encoding="utf-8")
        (directory / "comparison.txt").write_text(comparison_text(comparison), encoding="utf-8")
        save_comparison_figure(comparison, directory)
        files = sorted(path.name for path in directory.iterdir())
        manifest = manifest_document(manifest_of(base, plan.seeds, arms), files)
        (directory / MANIFEST).write_text(json_text(manifest), encoding="utf-8")


def _changes(plan: Plan, base: Inputs, arm: Variant) -> tuple[ChangedValue, ...]:
    """Return what an arm changes beyond the common settings."""
    inputs = load_arm(plan.machine, plan.workload, plan.settings, arm)
    option = f"--variant {arm.name}:"
    machine = inputs.machine_document.overrides[len(base.machine_document.overrides) :]
    workload = inputs.workload_document.overrides[len(base.workload_document.overrides) :]
    return changed_values(machine, option) + changed_values(workload, option)
