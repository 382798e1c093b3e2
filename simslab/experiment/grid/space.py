"""The tunables of one or more caches together: what `simslab tune` searches, as a grid or by proposals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product

from simslab.base.errors import UserError, UserErrors
from simslab.experiment.grid.axes import make_axis
from simslab.experiment.grid.knobs import LEAST, ORDER, SPANS, Knobs, Numbers, option

MOST: int = 10_000  # combinations
VALUES: str = "values, each once, such as 30,60 or x0.5,x2"


@dataclass(frozen=True)
class Span:
    """Whole numbers from `low` to `high`, for proposals."""

    low: int
    high: int


Choice = Span | tuple[int, ...]


@dataclass(frozen=True)
class Space:
    """The caches that are tuned; `called` are the workload's names of them. Numbers are one cache's after another's."""

    called: tuple[str, ...]
    knobs: tuple[Knobs, ...]

    def __post_init__(self) -> None:
        """UserError if two names mean one cache."""
        known: dict[str, str] = {}
        for called, each in zip(self.called, self.knobs, strict=True):
            other = known.setdefault(each.cache, called)
            if other != called or self.called.count(called) > 1:
                told = f"{other} and {called} are one cache, {each.cache}"
                raise UserError(told, file="CACHE", expected="each cache once")

    @property
    def own(self) -> Numbers:
        """The kernel's own choice."""
        return tuple(chain.from_iterable(each.own for each in self.knobs))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the numbers, of several caches with the cache's before them."""
        single = len(self.knobs) == 1
        return tuple(
            name if single else f"{called}.{name}"
            for called, each in zip(self.called, self.knobs, strict=True)
            for name in each.names
        )

    @property
    def aliases(self) -> list[str]:
        """Return which of the caches the kernel made aliases of others, in words."""
        pairs = zip(self.called, self.knobs, strict=True)
        return [
            f"{called} is an alias of {each.cache}: the kernel merged them."
            for called, each in pairs
            if called != each.cache
        ]

    def apart(self, numbers: Numbers) -> list[Numbers]:
        """Return the numbers of each cache."""
        size = len(self.knobs[0].own)
        return [numbers[first : first + size] for first in range(0, len(numbers), size)]

    def point(self, numbers: Numbers) -> dict[str, str]:
        """Return the settings of a point."""
        made: dict[str, str] = {}
        for called, each, own in zip(self.called, self.knobs, self.apart(numbers), strict=True):
            made |= each.point(called, own)
        return made

    def lines(self, numbers: Numbers) -> str:
        """Return the lines for a shell that apply numbers to the caches of a running kernel."""
        return "\n".join(each.lines(own) for each, own in zip(self.knobs, self.apart(numbers), strict=True))

    def options(self, numbers: Numbers) -> str:
        """Return the options of the command line whose grid holds these numbers; nothing of the kernel's own."""
        own = zip(*self.apart(self.own), strict=True)
        values = zip(self.knobs[0].names, own, zip(*self.apart(numbers), strict=True), strict=True)
        return " ".join(
            f"{option(name)} {','.join(str(number) for number in dict.fromkeys(chosen))}"
            for name, usual, chosen in values
            if chosen != usual
        )

    def check(self, grid: Mapping[str, Sequence[str]]) -> None:
        """UserError for a tunable of the other allocator, and for orders of several caches, which all share."""
        self.knobs[0].check(grid)
        if ORDER in grid and len(self.knobs) > 1:
            raise UserError("boot parameters set it for all caches", file=option(ORDER), expected="one CACHE")

    def rows(self, grid: Mapping[str, Sequence[str]]) -> list[Numbers]:
        """Return the combinations of `grid` (tunable -> values, or factors of each cache's own), each once.

        The kernel's own choice comes first; what the kernel would refuse (batchcount above limit) is left out.
        """
        self.check(grid)
        per_cache = [_rows_of(each, grid) for each in self.knobs]
        count = 1
        for rows in per_cache:
            count *= len(rows)
        if count > MOST:
            raise UserError(f"{count} tunings", file="CACHE", expected=f"at most {MOST}, or --trials")
        return [tuple(chain.from_iterable(row)) for row in product(*per_cache)]

    def choices(self, grid: Mapping[str, Sequence[str]]) -> list[Choice]:
        """Return what each number may be: a list, or from LOW to HIGH where `grid` says `LOW:HIGH`."""
        self.check(grid)
        return [
            _choice(name, grid[name], own) if name in grid else (own,)
            for each in self.knobs
            for name, own in zip(each.names, each.own, strict=True)
        ]

    def usual_choices(self) -> list[Choice]:
        """Return what each number may be where nothing was asked for; factors of 0 leave it 0."""
        spans = SPANS[self.knobs[0].allocator]
        return [
            _usual(name, spans[name][0], own) if name in spans else (own,)
            for each in self.knobs
            for name, own in zip(each.names, each.own, strict=True)
        ]

    def fitting(self, numbers: Numbers) -> Numbers:
        """Return proposed numbers with every batchcount of SLAB lowered to its limit."""
        if self.knobs[0].allocator != "slab":
            return numbers
        return tuple(chain.from_iterable((n[0], min(n[0], n[1]), n[2]) for n in self.apart(numbers)))


def _rows_of(knobs: Knobs, grid: Mapping[str, Sequence[str]]) -> list[Numbers]:
    axes = [
        [_number(name, text, own) for text in _once(name, grid[name])] if name in grid else [own]
        for name, own in zip(knobs.names, knobs.own, strict=True)
    ]
    rows: list[Numbers] = list(product(*axes))
    if knobs.allocator == "slab":
        rows = [fitting for row in rows if (fitting := _fitting(row, "batchcount" in grid)) is not None]
    return list(dict.fromkeys([knobs.own, *rows]))


def _once(name: str, values: Sequence[str]) -> Sequence[str]:
    """Return an option's values; UserError if there is none or one is there twice."""
    try:
        return make_axis(name, values).values
    except UserError as error:
        raise UserErrors([replace(problem, file=option(name), expected=VALUES) for problem in error.problems]) from None


def _fitting(row: Numbers, asked: bool) -> Numbers | None:
    """Return SLAB's numbers with a batchcount that nobody `asked` for lowered to the limit; None if it is above."""
    limit, batchcount, shared = row
    batchcount = batchcount if asked else min(batchcount, limit)
    return (limit, batchcount, shared) if 1 <= batchcount <= limit else None


def _choice(name: str, texts: Sequence[str], own: int) -> Choice:
    low, colon, high = texts[0].partition(":") if len(texts) == 1 else ("", "", "")
    if not colon:
        return tuple(dict.fromkeys(_number(name, text, own) for text in texts))
    span = Span(_number(name, low, own), _number(name, high, own))
    if span.low >= span.high:
        raise UserError(f"'{texts[0]}' is no range", file=option(name), expected="LOW:HIGH, such as 8:480 or x0.25:x4")
    return span


def _usual(name: str, text: str, own: int) -> Choice:
    low, high = (_number(name, end, own) for end in text.split(":"))
    return Span(low, high) if low < high else (own,)


def _number(name: str, text: str, own: int) -> int:
    """Return a whole number, or what a factor makes of a cache's own; UserError for what is neither."""
    try:
        least = LEAST.get(name, 0)
        value = max(least, round(float(text[1:]) * own)) if text.startswith("x") else int(text)
        if value < least:
            raise ValueError
    except (ValueError, OverflowError):  # OverflowError: an infinite factor
        expected = "whole numbers, or factors such as x2" + (", or a range with --trials" if ":" in text else "")
        raise UserError(f"'{text}' is no {name}", file=option(name), expected=expected) from None
    return value
