"""An experiment as described, and the points that it consists of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import simslab
from simslab.base.build import code_digest
from simslab.base.documents.document import Document
from simslab.base.documents.overrides import split_override
from simslab.base.errors import Problem, UserError, UserErrors
from simslab.base.shipped import shipped_names
from simslab.experiment.figures.metrics import DEFAULT, metrics
from simslab.experiment.grid.axes import MACHINE, TRACE, WORDS, WORKLOAD, Axis, combinations, refuse_seed
from simslab.experiment.grid.cache_names import CacheNames
from simslab.experiment.grid.constraints import Constraint, parse_constraint
from simslab.experiment.grid.in_force import clashes, in_document
from simslab.experiment.grid.relative import resolved
from simslab.experiment.inputs import InputReader, Inputs, divided
from simslab.experiment.limits import MOST_SEEDS, check_first_seed
from simslab.experiment.store.given import IN_ORDER, Given, given_of
from simslab.experiment.variants import same_setting, sets

VARIED: Final = "trace.vary"  # what says of a recorded trace what the seed draws
VARY: Final = ("start", "placement", "none")
ONE: Final = "one of the two"
MOST: Final = 100_000  # points; more is a slip


@dataclass(frozen=True)
class Design:
    """What is to be run: what is common to all points, what varies, and what counts."""

    machine: str | None
    workload: str | None
    settings: tuple[str, ...] = ()
    axes: tuple[Axis, ...] = ()
    points: tuple[Mapping[str, str], ...] = ()  # joint values of several axes
    where: tuple[str, ...] = ()
    seeds: int = 1
    first_seed: int | None = None
    metrics: tuple[str, ...] = DEFAULT
    vary: str = "start"  # what the seed draws of recorded traces
    places: Mapping[str, Problem] = field(default_factory=dict, compare=False)  # `path=value` -> where a file says it
    replaced: tuple[Axis, ...] = field(default=(), compare=False)  # a file's, before which those of an option stand

    @property
    def varying(self) -> list[str]:
        """Everything that varies, axes before listed points."""
        paths = [axis.path for axis in self.axes] + [path for point in self.points for path in point]
        return list(dict.fromkeys(paths))


@dataclass(frozen=True)
class Point:
    """One combination of values, ready to run with any seed."""

    parameters: Mapping[str, str]  # as typed: machine, workload, common settings and axes
    values: Mapping[str, str]  # the same with relative values made absolute
    inputs: Inputs
    drawn: bool  # whether another seed can give another run

    @cached_property
    def label(self) -> str:
        """The parameters in one text, the same for the same parameters."""
        return json.dumps(dict(self.parameters), sort_keys=True, ensure_ascii=False)

    @cached_property
    def values_label(self) -> str:
        """The absolute values in one text."""
        return json.dumps(dict(self.values), sort_keys=True, ensure_ascii=False)

    @cached_property
    def content(self) -> dict[str, Any]:
        """Everything that a run's outcome follows from, but for the seed."""
        workload = self.inputs.workload.model_dump(mode="json", exclude={"seed"})
        if self.inputs.traces:
            file, *then = (Path(trace.name).name for trace in self.inputs.traces)
            digest, *digests = (trace.sha256 for trace in self.inputs.traces)
            workload["trace"] |= {"file": file, "then": then, "sha256": digest, "then_sha256": digests}
        machine = self.inputs.machine.model_dump(mode="json")
        made_by = {"simslab": simslab.__version__, "code": code_digest()}
        return {**made_by, "machine": machine, "workload": workload}

    @cached_property
    def digest(self) -> str:
        """A hash of `content`: points with the same are the same."""
        return digest_of(self.content)

    def key(self, seed: int) -> str:
        """Return the identity of a run of this point."""
        return digest_of({"content": self.digest, "seed": seed})


def digest_of(value: Any) -> str:
    """Return a SHA-256 of plain data, the order of mappings included: caches are made and choices drawn in it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Grid:
    """The points of a design, the seeds, and what a reader should know about them."""

    design: Design
    points: tuple[Point, ...]
    seeds: tuple[int, ...]
    notes: tuple[str, ...] = ()
    given: tuple[Given, ...] = ()  # what the points' inputs say before overrides

    def seeds_of(self, point: Point, seeds: Sequence[int] | None = None) -> tuple[int, ...]:
        """Return the seeds that a point runs with: one where no other could differ."""
        wanted = self.seeds if seeds is None else tuple(seeds)
        return wanted if point.drawn else wanted[:1]


@dataclass
class _Maker:
    design: Design
    reader: InputReader
    bases: dict[tuple[str, str], Inputs] = field(default_factory=dict)
    problems: dict[Problem, None] = field(default_factory=dict)
    names: CacheNames = field(default_factory=CacheNames)

    def point(self, combination: Mapping[str, str], constraints: Sequence[Constraint]) -> Point | None:
        """Return a point, or None where a constraint leaves it out or a mistake (kept in `problems`) spoils it."""
        machine, workload = _machine_and_workload(combination, self.design)
        settings = list(self.design.settings)
        try:
            base = self._base(machine, workload)
            values = resolved(combination, base, WORDS)
            named = {MACHINE: machine, WORKLOAD: workload, **values}
            if not all(constraint.holds(named) for constraint in constraints):
                return None
            axes = [f"{path}={values[path]}" for path in sorted(values, key=_named_part) if path not in WORDS]
            settings += [f"{VARIED}={self.design.vary}"] if self._varies(base, combination) else []
            inputs = self.reader.load(machine, workload, [*settings, *axes])
            shares = divided(settings)
            self._refuse_clashes(inputs.machine_document, len(shares["machine"]))
            self._refuse_clashes(inputs.workload_document, len(shares["workload"]))
            self.names.check(inputs)
        except UserError as error:
            told = [_of_axis(problem, combination, self.design) for problem in error.problems]
            self.problems |= dict.fromkeys(told)
            return None
        common = {MACHINE: machine, WORKLOAD: workload, **dict(map(_pair, settings))}
        typed, absolute = ({**common, **given} for given in (combination, values))
        for named in (typed, absolute):
            named.pop(TRACE, None)
        return Point(typed, absolute, inputs, inputs.workload.draws_from_seed)

    def _refuse_clashes(self, document: Document, common: int) -> None:
        """UserErrors for a value that is told of a point and that another replaces there, wholly or in part.

        One of the `common` settings may be changed in part by what varies (and is then told as such).
        """
        problems = []
        for clash in clashes(document):
            first, second = (document.overrides[number] for number in (clash.first, clash.second))
            path, other = split_override(first.text)[0], split_override(second.text)[0]
            if clash.first >= common:
                told = f"'{other}' varies as well, and changes '{path}'"
                problems.append(Problem(told, f"{_option(path, self.design)} {path}", expected=ONE))
            elif clash.whole:
                how = "varies" if clash.second >= common else "is set after it"
                told = f"'{path}' is set for all points, and '{other}', which {how}, replaces it"
                problems.append(Problem(told, f"--set {first.text}", expected=ONE))
        if problems:
            raise UserErrors(problems)

    def _base(self, machine: str, workload: str) -> Inputs:
        if (machine, workload) not in self.bases:
            self.bases[machine, workload] = self.reader.load(machine, workload, self.design.settings)
        return self.bases[machine, workload]

    def _varies(self, base: Inputs, combination: Mapping[str, str]) -> bool:
        """Whether a recorded trace needs something for the seed to draw, of which neither settings nor axes speak."""
        wanted = self.design.seeds > 1 and self.design.vary != "none"
        said = sets(self.design.settings, VARIED) or any(same_setting(VARIED, path) for path in combination)
        return wanted and not said and bool(base.traces) and not base.workload.draws_from_seed


def make_grid(design: Design, reader: InputReader | None = None) -> Grid:
    """Load every point of a design; UserErrors with all mistakes, one where nothing is left to run."""
    _check(design)
    combined = _combinations(design)
    if len(combined) > MOST:
        raise UserError(f"{len(combined)} points", file="--axis", expected=f"at most {MOST}")
    values = _values(combined, design)
    also = _named_elsewhere(values, design)
    constraints = [_constraint(text, values, also, design.places) for text in design.where]
    maker = _Maker(design, reader or InputReader())
    points = [point for row in combined if (point := maker.point(row, constraints)) is not None]
    if maker.problems:
        raise UserErrors(list(maker.problems))
    if not points:
        raise _nothing_left(len(combined), design)
    first = points[0].inputs.workload.seed if design.first_seed is None else design.first_seed
    check_first_seed(first)
    seeds = range(first, first + design.seeds)
    given = given_of(((point.parameters, point.inputs) for point in points), maker.reader)
    return Grid(design, tuple(points), tuple(seeds), tuple(_notes(design, points)), given)


def _nothing_left(count: int, design: Design) -> UserError:
    """Return what to say where constraints leave no point, at the place of an experiment file that says them all."""
    told = f"no point is left of {count}: {' and '.join(design.where)}"
    error = UserError(told, file="--where", expected="a constraint that some point meets")
    return _told_at(error, design.where[0], design.places) if set(design.where) <= set(design.places) else error


def _combinations(design: Design) -> list[dict[str, str]]:
    """Return all combinations of a design; UserErrors at the place where an experiment file says what is wrong."""
    try:
        return combinations(design.axes, design.points)
    except UserError as error:
        path = error.problems[0].file.partition(" ")[2]
        raise _told_at(error, _first_of(path, design.places), design.places) from None


def _values(combined: Sequence[Mapping[str, str]], design: Design) -> dict[str, list[str]]:
    """Return everything that a constraint may name, with the values, as typed, that points have of it."""
    found: dict[str, dict[str, None]] = {name: {} for name in (*design.varying, MACHINE, WORKLOAD)}
    for combination in combined:
        named = dict(zip((MACHINE, WORKLOAD), _machine_and_workload(combination, design), strict=True))
        for name, value in {**named, **combination}.items():
            found[name][value] = None
    return {name: list(values) for name, values in found.items()}


def _named_elsewhere(known: Mapping[str, Sequence[str]], design: Design) -> dict[str, set[str]]:
    """Return the values of what a constraint may name that no point has, but a shipped file or the experiment's does.

    A constraint that was written for all values of an axis is right of some of them.
    """
    found = {name: {value for axis in design.replaced if same_setting(axis.path, name) for value in axis.values}
             for name in known}  # fmt: skip
    for word in (MACHINE, WORKLOAD):
        found[word] |= set(shipped_names(f"{word}s"))
    return found


def _machine_and_workload(combination: Mapping[str, str], design: Design) -> tuple[str, str]:
    workload = combination.get(TRACE, combination.get(WORKLOAD, design.workload))
    return combination.get(MACHINE, design.machine) or "", workload or ""


def _constraint(
    text: str,
    known: Mapping[str, Sequence[str]],
    also: Mapping[str, set[str]],
    places: Mapping[str, Problem],
) -> Constraint:
    try:
        return parse_constraint(text, known, also)
    except UserError as error:
        raise _told_at(error, text, places) from None


def _check(design: Design) -> None:
    for name in design.metrics:
        try:
            metrics([name])
        except UserError as error:
            raise _told_at(error, name, design.places) from None
    for text in design.settings:
        try:
            refuse_seed(_pair(text)[0], f"--set {text}")
        except UserError as error:
            raise _told_at(error, text, design.places) from None
    if not 1 <= design.seeds <= MOST_SEEDS:
        raise UserError(f"{design.seeds} seeds", file="--seeds", expected=f"1 to {MOST_SEEDS}")
    if design.vary not in VARY:
        raise UserError(f"'{design.vary}' is not a choice", file="--vary", expected=", ".join(VARY))
    for given, word in ((design.machine, MACHINE), (design.workload, WORKLOAD)):
        missing = word not in design.varying and not (word == WORKLOAD and TRACE in design.varying)
        if given is None and missing:
            raise UserError(f"there is no {word}", expected=f"{word.upper()}, or an axis: --axis {word}=A,B")


def _notes(design: Design, points: Sequence[Point]) -> list[str]:
    """Return what a reader should know: points that are the same, and what the seeds of a trace draw."""
    notes = []
    same: dict[str, list[Point]] = {}
    for point in points:
        same.setdefault(point.digest, []).append(point)
    for group in same.values():
        if len(group) > 1:
            notes.append(
                "the same by construction: " + "; ".join(short_label(point, design.varying) for point in group)
            )
    traces = [point.inputs.workload.trace for point in points if point.inputs.traces]
    varied = sorted({trace.vary for trace in traces if trace is not None and trace.vary != "none"})
    if "start" in varied:
        within = next(trace.start_within for trace in traces if trace is not None and trace.vary == "start")
        notes.append(
            f"a recorded trace draws no random numbers: each seed delays the start of every CPU by up to {within} "
            "(start jitter), so intervals tell how much that matters, not what another recording would show"
        )
    if "placement" in varied:
        notes.append(
            "a recorded trace draws no random numbers: each seed places the recorded CPUs or tasks anew (placement), "
            "so intervals tell how much that matters, not what another recording would show"
        )
    if any(not point.drawn for point in points) and design.seeds > 1:
        notes.append("a recorded trace draws no random numbers: one run a point, no interval (--vary start makes one)")
    return notes


def short_label(point: Point, varying: Sequence[str]) -> str:
    """Return what is particular to a point: `tunables.mixed.limit=60, machine=two-socket`."""
    names = [WORKLOAD if name == TRACE else name for name in varying]
    return ", ".join(f"{name}={point.parameters[name]}" for name in names if name in point.parameters) or "base"


def _named_part(path: str) -> str:
    """Return a key that puts paths in one order whose names a mapping keeps in order, as axes have none."""
    bare = in_document(path)[1]
    return bare if bare.partition(".")[0] in IN_ORDER or ".choice." in bare else ""


def _pair(setting: str) -> tuple[str, str]:
    path, _, value = setting.partition("=")
    return path.strip(), value.strip()


def _option(path: str, design: Design) -> str:
    """Return the option by which a path varies."""
    return "--axis" if any(same_setting(path, axis.path) for axis in design.axes) else "--point"


def _of_axis(problem: Problem, combination: Mapping[str, str], design: Design) -> Problem:
    """Let a mistake in an axis' or a point's value be told as theirs, and one in an experiment file where it stands."""
    places = design.places
    path, equals, value = problem.file.removeprefix("--set ").partition("=")
    if not equals:
        return _of_text(problem, places) if problem.file in ("", "--where") else _of_path(problem, places)
    typed = next((name for name in combination if same_setting(path, name)), "")
    wanted = combination.get(typed, value)
    said = next(
        (text for text in places if text.partition("=")[2] == wanted and same_setting(path, _pair(text)[0])), ""
    )
    if said:
        return replace(places[said], message=problem.message, expected=problem.expected, near=problem.near)
    if typed:
        return replace(problem, file=f"{_option(typed, design)} {typed}: {value}", line=0, column=0)
    return problem


def _of_path(problem: Problem, places: Mapping[str, Problem]) -> Problem:
    """Let a mistake of all values of an axis be told at the first, where an experiment file says it."""
    option, _, path = problem.file.partition(" ")
    said = _first_of(path, places) if option in ("--axis", "--point") else ""
    if not said:
        return problem
    return replace(places[said], message=problem.message, expected=problem.expected, near=problem.near)


def _first_of(path: str, places: Mapping[str, Problem]) -> str:
    return next((text for text in places if path and _pair(text)[0] == path), "")


def _of_text(problem: Problem, places: Mapping[str, Problem]) -> Problem:
    """Let a machine or workload that is not there, or a constraint, be told where an experiment file says it."""
    for said, place in places.items():
        word, _, name = said.partition("=")
        if (word in WORDS and f"'{name}'" in problem.message) or problem.message.startswith(f"'{said}'"):
            return replace(place, message=problem.message, expected=problem.expected, near=problem.near)
    return problem


def _told_at(error: UserError, text: str, places: Mapping[str, Problem]) -> UserError:
    """Return an error, at the place where an experiment file says `text` if one does."""
    if text not in places:
        return error
    told = [replace(places[text], message=p.message, expected=p.expected, near=p.near) for p in error.problems]
    return UserErrors(told)


def check_apart(design: Design) -> None:
    """UserErrors for what is set for all points and varies as well."""
    varying = list(design.varying)
    twice = [text for text in design.settings if any(same_setting(_pair(text)[0], path) for path in varying)]
    told = [
        replace(
            design.places.get(text, Problem("", f"--set {text}")),
            message=f"'{_pair(text)[0]}' varies, and is set for all points",
            expected=ONE,
        )
        for text in twice
    ]
    if told:
        raise UserErrors(told)
