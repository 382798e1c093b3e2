"""Tuning: which tunables of a cache (SLAB's limit, batchcount, shared; SLUB's attributes) suit a load, and their cost.

The grid is a sweep like any other, in a store like any other. Of its points the ones that are worst in nothing make up
the Pareto front: latency, throughput, longest masked stretch and memory parked pull in different directions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from simslab.base.errors import BadValue, Problem, UserError, UserErrors
from simslab.experiment.figures.metrics import metric
from simslab.experiment.grid.design import ONE, Design, Grid, check_apart, make_grid, short_label
from simslab.experiment.grid.knobs import FACTORS, ORDER, TUNABLES, Knobs, Numbers, option
from simslab.experiment.grid.space import Choice, Space, Span
from simslab.experiment.inputs import InputReader, Inputs
from simslab.experiment.paired import CORRECTION, PairedDifference, level, paired_difference
from simslab.experiment.running.trials import proposed
from simslab.experiment.store.store import Store
from simslab.experiment.sweep import Progress, sweep
from simslab.experiment.table import Samples, samples
from simslab.experiment.variants import same_setting
from simslab.machine.machine import DEFAULT_QUANTUM
from simslab.report.comparison.tuning_text import ObjectiveCell, TuningRow, TuningTable
from simslab.slub.kmem_cache import KmemCache as SlubCache
from simslab.workload.run.system import boot_system, create_caches, named_cache

OBJECTIVES: Final = ("latency.p99", "throughput", "irqs_off.max", "memory.arrays:{cache}")
PROPOSED: Final = "Tunings were proposed after looking at runs with these seeds, which the intervals do not allow for"


@dataclass(frozen=True)
class Candidate:
    """One tuning: its values by cache, means of the objectives, whether it is on the front, and against the default."""

    label: str
    numbers: Numbers
    means: Mapping[str, float]
    front: bool
    against_default: Mapping[str, PairedDifference]


@dataclass(frozen=True)
class Tuning:
    """What a search found: all candidates, the default first, the recommended one, and how sure that is."""

    objectives: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    recommended: Candidate
    correction: str

    @property
    def default(self) -> Candidate:
        """The tuning that the kernel chooses."""
        return self.candidates[0]


def own_tunables(inputs: Inputs, cache: str) -> Knobs:
    """Return the tunables of a cache, by the workload's name of it, with the numbers that the kernel chooses.

    UserErrors if a freshly booted kernel with the workload's caches has none of that name.
    """
    allocator = inputs.workload.kernel.allocator
    system = boot_system(inputs.machine, inputs.workload.kernel, DEFAULT_QUANTUM)
    made = create_caches(system, inputs.workload.caches)
    try:
        found = named_cache(system, cache, made)
    except BadValue as error:
        raise UserError(error.message, file="CACHE", expected=error.expected, near=error.near) from None
    numbers = system.allocator.tunables(found)
    if isinstance(found, SlubCache):
        numbers[ORDER] = found.oo_order
    return Knobs(allocator, found.name, tuple(numbers[name] for name in TUNABLES[allocator]))


def tune_design(base: Design, space: Space, rows: Sequence[Numbers]) -> Design:
    """Return the design whose points are `rows`, in order."""
    return replace(base, axes=(), points=tuple(map(space.point, rows)))


def judge(found: Samples, tunings: Mapping[str, Numbers], objectives: Sequence[str]) -> Tuning:
    """Return the front and the recommendation; `tunings` are the points' numbers by label, the default first.

    Recommended is the point of the front with the best mean of the first objective whose improvement over the default
    is no noise when all comparisons are held together; the default itself where there is none.
    """
    labels = list(tunings)
    default, comparisons = labels[0], max(1, len(labels) - 1)
    means = {label: {name: _mean(found, name, label, default) for name in objectives} for label in labels}
    candidates = tuple(
        Candidate(
            label,
            tunings[label],
            means[label],
            not any(_dominates(means[other], means[label], objectives) for other in labels if other != label),
            {name: _against(found, name, label, default, comparisons) for name in objectives},
        )
        for label in labels
    )
    return Tuning(tuple(objectives), candidates, _recommended(candidates, objectives[0]),
                  f"{CORRECTION} over {comparisons} comparisons")  # fmt: skip


def _mean(found: Samples, name: str, label: str, default: str) -> float:
    """Return a mean as it may stand beside the default's, whose seeds may not all have a figure there."""
    return level(found.of(name, default), found.of(name, label)).mean


def _lacks(found: Samples, objectives: Sequence[str], label: str, default: str) -> str:
    """Return the first objective that a point cannot be compared with the default by; empty where there is none."""
    return next((name for name in objectives if not found.paired(name, label, default)[0]), "")


def _against(found: Samples, name: str, label: str, default: str, comparisons: int) -> PairedDifference:
    before, after = found.paired(name, label, default)
    return paired_difference(before, after, comparisons)


def _sign(name: str) -> int:
    return -1 if metric(name).better == "higher" else 1


def _refuse_neutral(objectives: Sequence[str]) -> None:
    """UserError for an objective that has no better end: neither more nor fewer of `operations` is what one wants."""
    for name in objectives:
        if not metric(name).better:
            told = f"'{name}' has no better end, neither lower nor higher"
            expected = "one that has, such as " + ", ".join(name.partition(":")[0] for name in OBJECTIVES)
            raise UserError(told, file="--objective", expected=f"{expected} (`simslab metrics`)")


def _dominates(one: Mapping[str, float], other: Mapping[str, float], objectives: Sequence[str]) -> bool:
    """Whether `one` is nowhere worse and somewhere better."""
    pairs = [(_sign(name) * one[name], _sign(name) * other[name]) for name in objectives]
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def _recommended(candidates: Sequence[Candidate], objective: str) -> Candidate:
    def surely_better(candidate: Candidate) -> bool:
        difference = candidate.against_default[objective]
        return difference.distinguishable and _sign(objective) * difference.mean < 0

    better = [candidate for candidate in candidates[1:] if candidate.front and surely_better(candidate)]
    return min(better, key=lambda candidate: _sign(objective) * candidate.means[objective], default=candidates[0])


@dataclass
class Found:
    """What a search left: the table to print (None where the kernel's own choice failed), and the failures.

    Tunings of which a run failed are not in the table.
    """

    table: TuningTable | None
    failures: list[str]


def search(
    design: Design,
    caches: Sequence[str],
    grid: Mapping[str, Sequence[str]],
    store: Path,
    processes: int,
    progress: Progress | None = None,
    trials: int = 0,
) -> Found:
    """Sweep tunings of one or more caches into `store` and judge them by the design's metrics, the first deciding.

    They are the combinations of `grid`, or with `trials` so many that Optuna proposes within it.
    """
    if design.machine is None or design.workload is None:
        raise UserError("one machine and one workload are tuned for", expected="MACHINE and WORKLOAD")
    reader = InputReader()
    inputs = reader.load(design.machine, design.workload, design.settings)
    space = Space(tuple(caches), tuple(own_tunables(inputs, cache) for cache in caches))
    check_apart(tune_design(design, space, [space.own]))
    _refuse_whole(design, caches)
    allocator = space.knobs[0].allocator
    chosen = tuple(name for each in design.metrics for name in _of_caches(each, space))
    _refuse_neutral(chosen)
    runs = _Runs(replace(design, metrics=chosen), space, reader, processes, progress)
    with Store.create(store) as opened:
        if trials:
            choices = space.choices(grid) if grid else space.usual_choices()
            _check_orders(_values(choices[-1]), design, space, reader)
            runs.check_ends(choices)
            lower = [_sign(name) > 0 for name in chosen]
            seed = inputs.workload.seed  # not that of --seed, which draws other runs of the same tunings
            rows = proposed(space, choices, lower, trials, seed, lambda rows: runs.objectives(opened, rows))
        else:
            rows = space.rows(grid or FACTORS[allocator])
            _check_orders({row[-1] for row in rows}, design, space, reader)
        tried = runs.tried(opened, rows)
    if space.own not in tried.whole:
        return Found(None, tried.failures)
    tuning = judge(tried.found, {label: row for row, label in tried.whole.items()}, chosen)
    title = f"{', '.join(caches)} for {inputs.workload.name} on {inputs.machine.name}"
    notes = (*tried.grid.notes, *tried.notes)
    if trials:
        notes = (*notes, proposed_note(space, tuning, tried.grid.seeds[-1] + 1))
    return Found(_table(tuning, f"{title}, {len(tried.grid.seeds)} seeds a point", space, notes), tried.failures)


def _refuse_whole(design: Design, caches: Sequence[str]) -> None:
    """UserErrors for all tunables of a tuned cache that are set at once: each tuning sets every one of them."""
    told = [
        Problem(f"'{path}' is set for all points, and nothing is left of it: all of it varies", f"--set {text}")
        for text in design.settings
        for path in [text.partition("=")[0].strip()]
        if any(same_setting(path, f"tunables.{cache}") for cache in caches)
    ]
    if told:
        raise UserErrors([replace(problem, expected=ONE) for problem in told])


def proposed_note(space: Space, tuning: Tuning, seed: int) -> str:
    """Return what proposals are worth, and the options that try a choice with other seeds, from `seed` on."""
    chosen = space.options(tuning.recommended.numbers)
    if not chosen:
        return f"{PROPOSED}."
    return f"{PROPOSED}: confirm the choice with other seeds, {chosen} --seed {seed} in place of --trials."


def _values(choice: Choice) -> Iterable[int]:
    return range(choice.low, choice.high + 1) if isinstance(choice, Span) else choice


def _check_orders(orders: Iterable[int], design: Design, space: Space, reader: InputReader) -> None:
    """UserError for an order of SLUB's slabs that the cache does not get when boot parameters ask for it.

    An object may need a larger one, and a slab holds at most 32,767 objects.
    """
    knobs, called = space.knobs[0], space.called[0]
    if ORDER not in knobs.names:
        return
    for order in sorted(set(orders) - {knobs.own[-1]}):
        boot = [f"{name}={value}" for name, value in knobs.boot(order).items()]
        inputs = reader.load(design.machine or "", design.workload or "", [*design.settings, *boot])
        got = own_tunables(inputs, called).own[-1]
        if got != order:
            told = f"{order}: the kernel gives {knobs.cache} slabs of order {got} nevertheless"
            raise UserError(told, file=option(ORDER), expected=f"{got}, or the cache's own, {knobs.own[-1]}")


def _of_option(problem: Problem) -> Problem:
    """Let a mistake in a tuning be told of the option that gives its values."""
    path, colon, value = problem.file.removeprefix("--point tunables.").partition(": ")
    name = path.rpartition(".")[2]
    if not colon or path == problem.file or not any(name in names for names in TUNABLES.values()):
        return problem
    return replace(problem, file=f"{option(name)} {value}")


@dataclass
class _Tried:
    """What came of tunings: those to be judged, by label, in order; the runs that failed; who is left out and why."""

    found: Samples
    grid: Grid
    whole: dict[Numbers, str]
    failures: list[str]
    notes: list[str]


@dataclass
class _Runs:
    """Runs the tunings that a store lacks, and reads what it holds of them."""

    design: Design
    space: Space
    reader: InputReader
    processes: int
    progress: Progress | None

    def grid(self, rows: Sequence[Numbers]) -> Grid:
        """Return tunings as points; UserErrors, told of their options, for what no workload may say."""
        try:
            return make_grid(tune_design(self.design, self.space, rows), self.reader)
        except UserError as error:
            raise UserErrors(list(dict.fromkeys(map(_of_option, error.problems)))) from None

    def check_ends(self, choices: Sequence[Choice]) -> None:
        """UserErrors for lists and ranges whose ends no workload may say: else a proposal would end the search."""
        ends = zip(*((each.low, each.high) if isinstance(each, Span) else (min(each), max(each)) for each in choices),
                   strict=True)  # fmt: skip
        self.grid([self.space.own, *(self.space.fitting(row) for row in ends)])

    def tried(self, store: Store, rows: Sequence[Numbers]) -> _Tried:
        """Run tunings, the kernel's own first; one whose runs did not all end well is not judged.

        UserError for an objective that the kernel's own choice has no figure for: all are compared with it.
        """
        grid = self.grid(rows)
        swept = sweep(grid, store, base=grid.points[0], processes=self.processes, progress=self.progress)
        found = samples(store, grid)
        made = _Tried(found, grid, {}, swept.failures, [])
        default = found.labels[0]
        for row, point in zip(rows, grid.points, strict=True):
            label = short_label(point, grid.design.varying)
            seeds = grid.seeds_of(point)
            if failed := sum(seed not in found.values[label] for seed in seeds):
                made.notes.append(f"{label} is left out: {failed} of its {len(seeds)} runs failed.")
                continue
            lacking = _lacks(found, self.design.metrics, label, default)
            if lacking and label == default:
                raise UserError(f"no run of {label} has a {lacking}", expected="an objective that every point has")
            if lacking:
                made.notes.append(f"{label} is left out: it has no {lacking} with a seed that {default} has one with.")
            else:
                made.whole[row] = label
        return made

    def objectives(self, store: Store, rows: Sequence[Numbers]) -> list[Sequence[float] | None]:
        """Return the means of tunings, None of those that cannot be judged."""
        tried, names = self.tried(store, rows), self.design.metrics
        if self.space.own not in tried.whole:
            return [None] * len(rows)
        default = tried.whole[self.space.own]
        means = {
            row: [_mean(tried.found, name, label, default) for name in names] for row, label in tried.whole.items()
        }
        return [means.get(row) for row in rows]


def _of_caches(name: str, space: Space) -> list[str]:
    """Return an objective, one that names `{cache}` for each cache."""
    if "{cache}" not in name:
        return [name]
    return [name.replace("{cache}", each.cache) for each in space.knobs]


def _table(tuning: Tuning, title: str, space: Space, notes: Sequence[str]) -> TuningTable:
    rows = tuple(
        TuningRow(
            candidate.numbers,
            candidate.front,
            {
                metric(each).label: ObjectiveCell(candidate.means[each], paired.mean, paired.low, paired.high)
                for each, paired in candidate.against_default.items()
            },
        )
        for candidate in tuning.candidates
    )
    chosen = tuning.recommended.numbers
    names = ", ".join(each.cache for each in space.knobs)
    single = len(space.called) == 1
    alias = space.called[0] if single and space.called[0] != names else ""
    told = (*(() if single else space.aliases), *notes)
    return TuningTable(title, names, alias, space.names, rows, chosen, tuning.correction, space.lines(chosen), told)
