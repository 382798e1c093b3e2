"""Mistakes that a workload's threads make on purpose, for debug kernels to find."""

from __future__ import annotations

import random
from typing import Annotated, Literal

from pydantic import Field, model_validator

from simslab.allocator.allocator import Allocator, ObjectDebug
from simslab.allocator.cache import Cache
from simslab.base.errors import BadValue
from simslab.base.seeds import stream_seed
from simslab.machine.core.cpu import Cpu
from simslab.workload.description.quantities import Positive, Probability, Strict


class Fault(Strict):
    """A mistake made when an object of `cache` is freed.

    overrun, underrun: before the free, `bytes` bytes behind or before the object are written; use_after_free: after it,
    `bytes` bytes from `offset` on are; double_free: it is freed once more.
    """

    kind: Literal["overrun", "underrun", "use_after_free", "double_free"]
    cache: str = Field(description="a cache of `caches`, or one the kernel has from boot")
    at: Positive | None = Field(None, description="at the free of this number, counted from the start of the run")
    rate: Probability | None = Field(None, description="or at each free with this probability")
    bytes: Annotated[int, Field(ge=1, le=4096)] = 8
    offset: Annotated[int, Field(ge=0, le=1 << 22)] = 0
    value: Annotated[int, Field(ge=0, le=255)] = Field(0x41, description="the byte written")

    @model_validator(mode="after")
    def _fits_together(self) -> Fault:
        if (self.at is None) == (self.rate is None):
            told = "both 'at' and 'rate' are given" if self.at is not None else "neither 'at' nor 'rate' is given"
            raise BadValue(told, expected="either the number of a free or a probability")
        allowed = {"use_after_free": ("bytes", "offset", "value"), "double_free": ()}
        for name in ("bytes", "offset", "value"):
            if name in self.model_fields_set and name not in allowed.get(self.kind, ("bytes", "value")):
                raise BadValue(f"'{name}' says nothing about {self.kind}", expected="no such key", at=(name,))
        return self


class FaultInjector:
    """Makes the faults of a run; `injected` so far. An executor calls it around every free.

    Frees are counted and drawn from the seed in the order in which they happen, whichever CPU frees. Not modelled:
    writing to memory that is no slab any more, or beyond the slab.
    """

    def __init__(
        self, allocator: Allocator, debug: ObjectDebug, faults: list[Fault], caches: list[Cache], seed: int
    ) -> None:
        self.allocator = allocator
        self.debug = debug
        self.faults = faults
        self.caches = caches
        self.frees = [0] * len(faults)
        self.chances = [random.Random(stream_seed(seed, "fault", i)) for i in range(len(faults))]
        self.injected = 0

    def before_free(self, cpu: Cpu, cache: Cache, objp: int) -> list[Fault]:
        """Make the faults due before this free; those due after it."""
        after: list[Fault] = []
        for i, fault in enumerate(self.faults):
            if self.caches[i] is cache and self.due(i, fault):
                self.injected += 1
                if fault.kind == "overrun":
                    self.write(cpu, objp + cache.object_size, fault)
                elif fault.kind == "underrun":
                    self.write(cpu, objp - fault.bytes, fault)
                else:
                    after.append(fault)
        return after

    def due(self, i: int, fault: Fault) -> bool:
        """Whether fault `i` is due at this free of its cache, which is counted."""
        self.frees[i] += 1
        if fault.at is not None:
            return self.frees[i] == fault.at
        return self.chances[i].random() < (fault.rate or 0)

    def after_free(self, cpu: Cpu, after: list[Fault], cache: Cache, objp: int, by_kfree: bool) -> None:
        """Make the faults that come after a free."""
        for fault in after:
            if fault.kind == "use_after_free":
                self.write(cpu, objp + fault.offset, fault)
            elif by_kfree:
                self.allocator.kfree(cpu, objp)
            else:
                self.allocator.kmem_cache_free(cpu, cache, objp)

    def write(self, cpu: Cpu, addr: int, fault: Fault) -> None:
        """Write what lies in the slab at `addr` (or, for an underrun, at its end) of the bytes of a fault."""
        slab = self.debug.slab_at(addr + fault.bytes - 1 if fault.kind == "underrun" else addr)
        if slab is None:
            return
        first = max(addr, slab[0])
        last = min(addr + fault.bytes, slab[1])
        self.debug.write(first, bytes([fault.value]) * (last - first), cpu)


def check_faults(faults: list[Fault], caches: list[Cache]) -> None:
    """BadValue for a write after free that would miss the object."""
    for i, (fault, cache) in enumerate(zip(faults, caches, strict=True)):
        if fault.kind == "use_after_free" and fault.offset + fault.bytes > cache.object_size:
            told = f"{fault.bytes} bytes at offset {fault.offset} leave an object of {cache.object_size} bytes"
            raise BadValue(told, expected="bytes inside the object", at=("faults", i))
