"""How old the heap is when a workload begins: what other users of its caches have left in their slabs."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from simslab.base.errors import BadValue
from simslab.workload.description.quantities import Strict

FRESH: Final = "fresh"
OCCUPANCY: Final = 0.5
SLABS: Final = 32


class HeapAge(Strict):
    """What is done to every cache that the workload uses before its threads start, at no time of theirs.

    The CPUs of the threads do it with the allocator's own calls, each node by itself; which object when is drawn from
    the seed. What is not freed again is held for the whole run.
    """

    age: Literal["fresh", "aged", "fragmented"] = Field(
        default=FRESH,
        description="fresh: nothing; aged: slabs are filled, their objects replaced twice in random order, and random "
        "ones freed down to the occupancy; fragmented: slabs are filled, and of each one the same share of its objects "
        "stays, at least one, so that none can be given back",
    )
    occupancy: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = Field(
        default=None, description=f"share of the objects that stays; {OCCUPANCY} by default"
    )
    slabs: Annotated[int, Field(ge=1, le=1 << 16)] | None = Field(
        default=None, description=f"slabs that are filled, of each cache on each node with threads; {SLABS} by default"
    )

    @model_validator(mode="after")
    def _fresh_has_none(self) -> HeapAge:
        for name in ("occupancy", "slabs"):
            if self.age == FRESH and getattr(self, name) is not None:
                told = f"a fresh heap has no '{name}'"
                raise BadValue(told, expected="'age: aged' or 'age: fragmented'", at=(name,))
        return self

    @property
    def kept(self) -> float:
        """Share of the objects that stays."""
        return OCCUPANCY if self.occupancy is None else self.occupancy

    @property
    def filled(self) -> int:
        """Slabs filled of each cache on each node."""
        return SLABS if self.slabs is None else self.slabs


def _by_age(value: Any) -> Any:
    """One word is the age."""
    return {"age": value} if isinstance(value, str) else value


Heap = Annotated[HeapAge, BeforeValidator(_by_age)]
