"""What the generators of operation streams share: the program being made, its groups, the kinds of its objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np

from simslab.base.errors import BadValue
from simslab.base.seeds import stream
from simslab.kernel.mm.gfp import parse_gfp
from simslab.workload.description.patterns import Step
from simslab.workload.description.placement import CpuPlaces
from simslab.workload.description.quantities import Objects
from simslab.workload.description.spec import Device
from simslab.workload.streams import operations as ops
from simslab.workload.streams.asked import asked_of
from simslab.workload.streams.distributions import draw
from simslab.workload.streams.draws import Draws, Kinds
from simslab.workload.streams.pieces import PIECE
from simslab.workload.streams.program import Program, Words
from simslab.workload.streams.think import ThinkTimes

MAX_OPERATIONS: Final = 1 << 28  # streams and slots of that many take some 8 GiB


@dataclass
class Group:
    """A group of threads on this machine."""

    name: str
    cpus: list[int]

    @property
    def size(self) -> int:
        """How many threads there are."""
        return len(self.cpus)


@dataclass(frozen=True)
class Handover:
    """Objects that one thread or device hands to others in turn; `ways`, in turn too, say how each is freed."""

    count: int
    slots: Callable[[Words], Words]  # of turns
    ways: tuple[tuple[int, int], ...]  # (opcode, cache)


@dataclass
class Kept:
    """Objects that an `alloc` step keeps for a `free` step; freed only once."""

    step: int
    slots: Words
    way: tuple[int, int]  # (opcode, cache) that frees them


@dataclass
class Making:
    """A program in the making."""

    places: CpuPlaces
    frequency_hz: int
    seed: int
    scale: float
    program: Program = field(default_factory=Program)
    groups: dict[str, Group] = field(default_factory=dict)
    consumers: dict[str, str] = field(default_factory=dict)  # who consumes what a group or device hands over
    handovers: dict[str, list[Handover]] = field(default_factory=dict)
    planned: dict[tuple[str, int, int], Words] = field(default_factory=dict)  # group, step, thread: slots to fill
    kept: dict[tuple[str, str, int], list[Kept]] = field(default_factory=dict)  # group, name, thread

    piece: int = PIECE  # words that streams make at once, about

    operations: int = 0  # of all threads, as far as they are made

    def __post_init__(self) -> None:
        self.think_times = ThinkTimes(self.program.kinds, self.frequency_hz)

    def scaled(self, count: int, times: int = 1) -> int:
        """Return a number of operations after the workload's `scale`; BadValue if all so far are too many.

        They are counted as done `times` times (threads, rounds), so a step asks once for all its threads.
        """
        each = max(1, round(count * self.scale))
        self.counted(each * times)
        return each

    def asked(self, what: Step | Device, threads: int = 1) -> int:
        """Return how often each of a step's threads does what it asks for after `scale`, counted for all of them.

        In each round where there are some. Of a device: how many interrupts. BadValue if all so far are too many.
        """
        asked = asked_of(what)
        each = self.scaled(asked.count, asked.times * threads)
        self.counted(asked.beside * threads)
        return each

    def counted(self, operations: int) -> None:
        """Count operations that no `scale` changes; BadValue if all so far are too many."""
        self.operations += operations
        if self.operations > MAX_OPERATIONS:
            told = f"{self.operations:,} operations up to here"
            raise BadValue(told, expected=f"at most {MAX_OPERATIONS:,}: fewer, or a smaller `scale`")

    def random(self, *name: str | int) -> np.random.Generator:
        """Return the random stream of that name; each thread's step has its own."""
        return stream(self.seed, "workload", *name)

    def node(self, objects: Objects) -> int:
        """Return the node asked for, counted from 0; -1 for any."""
        if objects.node == "any":
            return -1
        try:
            return self.places.node_of_number(objects.node)
        except BadValue as fault:
            raise BadValue(fault.message, expected=f"'any' or {fault.expected}", at=("node",)) from None

    def alloc_kinds(self, objects: Objects, count: int, random: np.random.Generator) -> Kinds:
        """Return the kinds of `count` allocations."""
        flags, node, think = parse_gfp(objects.gfp), self.node(objects), self.think_times.code(objects.think)
        number = self.program.kinds.number
        if objects.kmalloc is None:
            assert objects.cache is not None
            cache = self.program.cache(objects.cache)
            one = number(ops.Kind(ops.ALLOC, cache, gfp=flags, node=node, touch=objects.touch, think=think))
            return Kinds(one=one)

        def of_size(size: int) -> int:
            touch = min(objects.touch, size)
            return number(ops.Kind(ops.KMALLOC, size=size, gfp=flags, node=node, touch=touch, think=think))

        return Kinds(Draws(random, partial(draw, objects.kmalloc), count, self.piece), of_size)

    def free_way(self, objects: Objects) -> tuple[int, int]:
        """Return (opcode, cache) that frees such objects."""
        return (ops.KFREE, -1) if objects.cache is None else (ops.FREE, self.program.cache(objects.cache))

    def free_kind(self, way: tuple[int, int], touch: int = 0, think: int = 0) -> int:
        """Return the kind of a free."""
        opcode, cache = way
        return self.program.kinds.number(ops.Kind(opcode, cache, touch=touch, think=think))

    def own_free(self, objects: Objects) -> int:
        """Return the kind of a free by the pattern that allocated: with the same touch and think time.

        Not modelled: of sizes that are drawn, that an object's last bytes were not asked for; all of it may be touched.
        """
        fixed = None if objects.kmalloc is None else objects.kmalloc.fixed
        touch = objects.touch if fixed is None else min(objects.touch, fixed)
        return self.free_kind(self.free_way(objects), touch, self.think_times.code(objects.think))
