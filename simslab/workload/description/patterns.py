"""The steps that threads take, each a pattern of operations: what a workload's `steps` may hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simslab.base.errors import BadValue
from simslab.workload.description.quantities import (
    NO_THINK_TIME,
    Distribution,
    Objects,
    Positive,
    Probability,
    Strict,
    ThinkTime,
    Time,
    Touch,
)

Order = Literal["fifo", "lifo", "random"]


class AllocFree(Objects):
    """Allocations and frees with at most `live` objects at a time.

    fifo, lifo: allocate `live`, then free them in the same or the opposite order, again and again; random: at each
    operation a random one of `live` places is filled, or emptied if it was full.
    """

    pattern: Literal["alloc_free"]
    operations: Positive = Field(description="allocations plus frees")
    live: Annotated[int, Field(ge=1, le=1 << 24)] = 1
    order: Order = "fifo"


class AllocObjects(Objects):
    """Allocate `count` objects and keep them for a later `free` step."""

    pattern: Literal["alloc"]
    count: Positive
    bulk: Annotated[int, Field(ge=1, le=4096)] = Field(1, description="objects per call of kmem_cache_alloc_bulk")
    name: str = Field("objects", description="what a `free` step calls them")


class FreeObjects(Strict):
    """Free the objects that `alloc` steps kept: this thread's own, or those of all threads of a group."""

    pattern: Literal["free"]
    name: str = "objects"
    of: str | None = Field(None, description="threads whose objects are freed; this thread's own by default")
    order: Order = "fifo"
    bulk: Annotated[int, Field(ge=1, le=4096)] = Field(1, description="objects per call of kmem_cache_free_bulk")
    touch: Touch = 0
    think: ThinkTime = NO_THINK_TIME

    @model_validator(mode="after")
    def _bulks_in_order(self) -> FreeObjects:
        if self.bulk > 1 and self.order != "fifo":
            told = "a bulk call frees objects in the order of their allocation"
            raise BadValue(told, expected="order: fifo, or no 'bulk'", at=("order",))
        return self


class Lifetimes(Objects):
    """Allocate `objects`; each is freed after a lifetime counted in allocations of its thread.

    A share `remote` of them is freed by another thread of the group: the next one, any one or one on another node, if
    there is one there, else any; a thread that is alone frees all of its own.
    """

    pattern: Literal["lifetimes"]
    objects: Positive
    lifetime: Distribution
    remote: Probability = 0.0
    remote_to: Literal["next", "random", "other_node"] = "random"


class Produce(Objects):
    """Allocate `count` objects and hand them in turn to the threads that `consume`; wait when `ring` are pending.

    With more consumers than producers, each consumer has a ring of its own.
    """

    pattern: Literal["produce"]
    count: Positive
    ring: Annotated[int, Field(ge=1, le=1 << 20)] = 256


class Consume(Strict):
    """Take each object that threads `of` produce, or a device delivers, and free it."""

    pattern: Literal["consume"]
    of: str
    touch: Touch = 0
    think: ThinkTime = NO_THINK_TIME


class Bleed(Objects):
    """Larson's server: in each round every thread replaces random ones of `live` objects, then passes them all on.

    After a round each thread goes on with its neighbour's objects, so threads free what others allocated.
    """

    pattern: Literal["bleed"]
    live: Annotated[int, Field(ge=1, le=1 << 20)]
    rounds: Positive
    replacements: Positive = Field(description="per round and thread: a free and an allocation each")


class BarrierStep(Strict):
    """Wait until every thread of the workload is here."""

    pattern: Literal["barrier"]
    begin_region: bool = Field(False, description="recording starts here; what came before was warm-up")


class WorkStep(Strict):
    """Do other work for a time."""

    pattern: Literal["work"]
    time: Time
    repeat: Positive = 1


class Shrink(Strict):
    """Release a cache's free slabs (kmem_cache_shrink)."""

    pattern: Literal["shrink"]
    cache: str


class Bulk(Objects):
    """Allocate `size` objects with one call and free them with one call, `repeat` times."""

    pattern: Literal["bulk"]
    size: Annotated[int, Field(ge=1, le=4096)]
    repeat: Positive

    @model_validator(mode="after")
    def _needs_a_cache(self) -> Bulk:
        if self.cache is None:
            raise BadValue("bulk calls take a cache", expected="'cache' instead of 'kmalloc'", at=("kmalloc",))
        return self


Step = Annotated[
    AllocFree
    | AllocObjects
    | FreeObjects
    | Lifetimes
    | Produce
    | Consume
    | Bulk
    | Bleed
    | BarrierStep
    | WorkStep
    | Shrink,
    Field(discriminator="pattern"),
]
