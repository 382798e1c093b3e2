"""Parts of a workload description that several patterns share: what is allocated, how large, how long it lives."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from simslab.base.errors import BadValue, near_miss
from simslab.base.units import Duration, Size, parse_duration
from simslab.kernel.mm import gfp
from simslab.slab_common import flags as slab_flags

MAX_COUNT: Final = 1 << 31
LARGEST_KMALLOC: Final = 1 << 22  # bytes; KMALLOC_MAX_SIZE of SLAB with MAX_ORDER 11

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Touch = Annotated[
    Size,
    Field(
        le=LARGEST_KMALLOC,
        description="bytes of the object written after its allocation and before its free; at most the whole object",
    ),
]
_CACHE_NAME: Final = r"^[!-~]{1,60}$"
_NAME: Final = r"^[A-Za-z0-9_.-]{1,40}$"


def _named(name: str, pattern: str, wrong: str, expected: str) -> str:
    """Return a name that matches; pydantic would tell of the pattern."""
    if re.fullmatch(pattern, name) is None:
        raise BadValue(f"{name!r:.60} {wrong}", expected=expected)
    return name


_cache_name = partial(
    _named,
    pattern=_CACHE_NAME,
    wrong="cannot name a cache",
    expected="1 to 60 printable ASCII characters without spaces, as /proc/slabinfo has them",
)
_name = partial(
    _named,
    pattern=_NAME,
    wrong="is no usable name",
    expected="1 to 40 letters from A to z, digits, '_', '.' and '-'",
)
CacheName = Annotated[
    str,
    AfterValidator(_cache_name),
    Field(description="printable, without spaces, as slabinfo has it", json_schema_extra={"pattern": _CACHE_NAME}),
]
Name = Annotated[
    str, AfterValidator(_name), Field(description="letters A to z, digits, _ . -", json_schema_extra={"pattern": _NAME})
]
Positive = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Probability = Annotated[float, Field(ge=0, le=1)]
REFERENCE_HZ: Final = 10**9  # to compare durations, should one be in cycles and the other in seconds
ZERO_TIME: Final = parse_duration(0)
LONGEST: Final = 10**10  # ns; longer ones are slips of a unit, and their sums could overflow a CPU's clock


def _not_too_long(value: Duration) -> Duration:
    if value.nanoseconds(REFERENCE_HZ) > LONGEST:
        raise BadValue(f"{value} is too long", expected=f"at most {LONGEST // 10**9} s")
    return value


Time = Annotated[Duration, AfterValidator(_not_too_long)]


class Strict(BaseModel):
    """A model that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _gfp(text: str) -> str:
    known = gfp.flag_names()
    for part in text.split("|"):
        if part.strip() not in known:
            raise BadValue(
                f"unknown allocation flag '{part.strip()}'",
                expected="flags such as 'GFP_KERNEL' or 'GFP_ATOMIC|__GFP_ZERO'",
                near=near_miss(part, known),
            )
    return text


def _slab_flags(names: list[str]) -> list[str]:
    known = {
        name for name, bit in slab_flags.FLAG_NAMES if bit & (slab_flags.SLAB_FLAGS_PERMITTED | slab_flags.SLAB_ACCOUNT)
    }
    for name in names:
        if name.upper().removeprefix("SLAB_") not in known:
            raise BadValue(
                f"unknown cache flag '{name}'",
                expected="one of " + ", ".join(sorted(known)),
                near=near_miss(name, known),
            )
    return names


GfpText = Annotated[str, AfterValidator(_gfp)]
SlabFlags = Annotated[list[str], AfterValidator(_slab_flags)]


class Distribution(Strict):
    """Whole numbers drawn at random; exactly one key is given. A bare number means `fixed`."""

    fixed: Count | None = None
    uniform: tuple[Count, Count] | None = Field(None, description="lowest and highest, both included")
    exponential: Positive | None = Field(None, description="mean")
    pareto: tuple[Positive, Annotated[float, Field(gt=0, le=100)]] | None = Field(None, description="minimum, shape")
    choice: dict[int, Annotated[float, Field(ge=0)]] | None = Field(None, description="value: weight")

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, value: Any) -> Any:
        return {"fixed": value} if isinstance(value, int) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _one(self) -> Distribution:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            told = f"both '{given[0]}' and '{given[1]}' are given" if given else "no distribution is given"
            raise BadValue(told, expected="one of fixed, uniform, exponential, pareto, choice")
        if self.uniform and self.uniform[0] > self.uniform[1]:
            raise BadValue("the lowest value is above the highest", at=("uniform",))
        if self.choice is not None:
            _check_choice(self.choice)
        return self

    @property
    def lowest(self) -> int:
        """The smallest value that can be drawn."""
        if self.choice is not None:
            return min(self.choice)
        if self.uniform is not None:
            return self.uniform[0]
        return self.fixed if self.fixed is not None else self.pareto[0] if self.pareto else 0

    @property
    def highest(self) -> int | None:
        """The largest value that can be drawn; None when there is no bound."""
        if self.choice is not None:
            return max(self.choice)
        if self.uniform is not None:
            return self.uniform[1]
        return self.fixed


def _check_choice(choice: dict[int, float]) -> None:
    for value in choice:
        if not 0 <= value <= MAX_COUNT:
            raise BadValue(
                f"the value {value!r:.40} cannot be drawn", expected=f"values from 0 to {MAX_COUNT}", at=("choice",)
            )
    total = sum(choice.values())
    if not 0 < total < float("inf"):
        told = "0" if total == 0 else "no finite number"
        raise BadValue(f"the weights sum to {told}", expected="weights with a sum above 0", at=("choice",))


class ThinkTime(Strict):
    """Work after an operation: always the same (the bare form), or drawn for each operation."""

    fixed: Time | None = None
    uniform: tuple[Time, Time] | None = Field(None, description="shortest and longest")
    exponential: Time | None = Field(None, description="mean")

    @model_validator(mode="before")
    @classmethod
    def _bare_duration(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {"fixed": value}

    @model_validator(mode="after")
    def _one(self) -> ThinkTime:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            told = f"both '{given[0]}' and '{given[1]}' are given" if given else "no think time is given"
            raise BadValue(told, expected="a duration, or one of uniform, exponential")
        if self.uniform and self.uniform[0].nanoseconds(REFERENCE_HZ) > self.uniform[1].nanoseconds(REFERENCE_HZ):
            raise BadValue("the shortest think time is above the longest", at=("uniform",))
        return self


NO_THINK_TIME: Final = ThinkTime.model_validate(ZERO_TIME)


class Objects(Strict):
    """What a pattern allocates: objects of a cache, or kmalloc memory of given sizes."""

    cache: str | None = Field(default=None, description="a cache of `caches`, or one the kernel has from boot")
    kmalloc: Distribution | None = Field(default=None, description="bytes: a number or a distribution")
    gfp: GfpText = "GFP_KERNEL"
    node: Annotated[int, Field(ge=0)] | Literal["any"] = "any"
    touch: Touch = 0
    think: ThinkTime = Field(default=NO_THINK_TIME, description="work after each operation")

    @model_validator(mode="after")
    def _cache_or_kmalloc(self) -> Objects:
        if (self.cache is None) == (self.kmalloc is None):
            told = "both 'cache' and 'kmalloc' are given" if self.cache else "neither 'cache' nor 'kmalloc' is given"
            raise BadValue(told, expected="either a cache or kmalloc sizes")
        if self.kmalloc is not None:
            check_sizes(self.kmalloc)
        return self


def check_sizes(sizes: Distribution) -> None:
    """Refuse sizes that kmalloc does not serve; BadValue at `kmalloc`."""
    expected = f"sizes from 1 to {LARGEST_KMALLOC} bytes"
    if sizes.highest is None:
        raise BadValue("sizes need a bound", expected="fixed, uniform or choice", at=("kmalloc",))
    if sizes.lowest < 1 or sizes.highest > LARGEST_KMALLOC:
        raise BadValue(f"sizes from {sizes.lowest} to {sizes.highest}", expected=expected, at=("kmalloc",))
