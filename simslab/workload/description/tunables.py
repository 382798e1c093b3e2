"""What a workload may tune of a cache: SLAB's three numbers of /proc/slabinfo, SLUB's attributes in sysfs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field, model_validator

from simslab.base.errors import BadValue
from simslab.workload.description.quantities import Strict

OF_SLAB: Final = ("limit", "batchcount", "shared")
OF_SLUB: Final = ("cpu_partial", "min_partial", "remote_node_defrag_ratio")


class Tunables(Strict):
    """The three numbers written to /proc/slabinfo with SLAB, or attributes of /sys/kernel/slab with SLUB."""

    limit: Annotated[int, Field(ge=1, le=4094)] | None = Field(
        None, description="absent: the cache's own; the most is what 32 KiB of per-CPU memory hold"
    )
    batchcount: Annotated[int, Field(ge=1, le=4094)] | None = Field(
        None, description="absent: the cache's own, at most the limit"
    )
    shared: Annotated[int, Field(ge=0, le=1024)] | None = Field(None, description="absent: the cache's own")
    cpu_partial: Annotated[int, Field(ge=0, le=65536)] | None = Field(
        None, description="of SLUB: objects that a CPU's list of partial slabs may hold; absent: the cache's own"
    )
    min_partial: Annotated[int, Field(ge=5, le=10)] | None = Field(
        None, description="of SLUB: partial slabs that a node keeps; absent: the cache's own"
    )
    remote_node_defrag_ratio: Annotated[int, Field(ge=0, le=100)] | None = Field(
        None, description="of SLUB: percent of searches that may take slabs of other nodes; absent: the cache's own"
    )

    @model_validator(mode="after")
    def _batch_fits(self) -> Tunables:
        if self.limit is not None and self.batchcount is not None and self.batchcount > self.limit:
            raise BadValue(
                f"batchcount {self.batchcount} is above limit {self.limit}",
                expected="limit >= batchcount >= 1, or the kernel ignores all three",
                at=("batchcount",),
            )
        return self

    def given(self) -> dict[str, int]:
        """Return those that are set, by name."""
        return self.model_dump(exclude_none=True)


def check_tunables(tunables: Mapping[str, Tunables], allocator: str) -> None:
    """BadValue, with its place, where a tunable of the other allocator is set."""
    foreign, own = (OF_SLUB, OF_SLAB) if allocator == "slab" else (OF_SLAB, OF_SLUB)
    for cache, values in tunables.items():
        for name in foreign:
            if name not in values.given():
                continue
            told = f"'{name}' is not a tunable of {allocator.upper()}"
            raise BadValue(told, expected=f"one of {', '.join(own)}", at=("tunables", cache, name))
