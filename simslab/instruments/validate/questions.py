"""Rows turned into runs of the model, and what these say beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from simslab.base.errors import near_miss
from simslab.instruments.validate.rig import Rig
from simslab.instruments.validate.rows import UP_TO_46
from simslab.instruments.validate.workloads import TUNABLES, workload_of
from simslab.kernel.layout import PAGE_SHIFT, PAGE_SIZE
from simslab.machine.library import load_machine, machine_names
from simslab.machine.topology.topology import build_topology

if TYPE_CHECKING:
    from simslab.instruments.validate.own_objects import Figures
    from simslab.instruments.validate.rows import Row
    from simslab.machine.topology.topology import Topology

TWO_NODES: Final = "{}-2n"  # the variant of a machine with two nodes
HANDING_OVER: Final = ("remote_free", "remote_one", "one_alloc_n_free", "exchange")


@dataclass(frozen=True, slots=True)
class Answer:
    """A row beside what the model says; both in the row's unit. `error` is relative to the range's nearest end."""

    row: Row
    measured: float

    @property
    def published(self) -> float:
        """The row's value, or of a published range what is nearest to the model's."""
        if self.row.unit != "cycles":
            return self.row.value
        return min(max(self.measured, self.row.low), self.row.high)

    @property
    def error(self) -> float:
        """Relative error."""
        return self.measured / self.published - 1

    @property
    def agrees(self) -> bool:
        """Whether the error is within the row's tolerance."""
        return abs(self.error) <= self.row.tolerance


@dataclass(frozen=True, slots=True)
class Told:
    """What one run of the model tells: ns by metric, on a machine of so many cycles a ns."""

    figures: Figures
    ghz: float


Run: TypeAlias = Callable[[Callable[["Row"], Told], Sequence["Row"]], Iterable[tuple["Row", Told]]]


def one_by_one(work: Callable[[Row], Told], rows: Sequence[Row]) -> Iterator[tuple[Row, Told]]:
    """Ask rows in this process, one after another."""
    return ((row, work(row)) for row in rows)


def answer_all(rows: Iterable[Row], run: Run = one_by_one) -> list[Answer]:
    """Answer rows; those that ask for the same run share it, and `run` makes the runs, in any order.

    UserError before the first runs when the machine, CPUs, memory, numbers or metric that one of them takes are not
    there.
    """
    rows = list(rows)
    for row in rows:
        check(row)
    first = {row.question: row for row in reversed(rows)}
    told = {row.question: outcome for row, outcome in run(tell, [*reversed(first.values())])}
    return [_answer(row, told[row.question]) for row in rows]


def tell(row: Row) -> Told:
    """Run a row that was checked, and return what can be sent to another process."""
    rig, figures = ask(row)
    return Told(figures, rig.machine.frequency_hz / 1e9)


def _answer(row: Row, told: Told) -> Answer:
    ns = told.figures[row.metric]
    return Answer(row, ns if row.unit == "ns" else ns * told.ghz)


def ask(row: Row) -> tuple[Rig, Figures]:
    """Boot the row's machine and run its workload; the row was checked."""
    ablations = [option for option in UP_TO_46 if row.has(option) and row.number(option)]
    allocator: Literal["slab", "slub"] = "slub" if row.allocator == "slub" else "slab"
    rig = Rig(load_machine(_machine(row)), row.unit == "ns", allocator=allocator, ablations=ablations)
    return rig, workload_of(row).run(rig, row)


def _machine(row: Row) -> str:
    return row.machine if row.nodes == 1 else TWO_NODES.format(row.machine)


@cache
def _topology(machine: str) -> Topology:
    return build_topology(load_machine(machine))


def check(row: Row) -> None:
    """UserError when a row's workload is not there, does not go with its numbers, or cannot run on its machine."""
    workload_of(row)
    name = _machine(row)
    if name not in machine_names():
        told = f"there is no machine '{name}'" + (" of two nodes" if row.nodes > 1 else "")
        raise row.wrong(told, expected="a shipped machine", near=near_miss(name, machine_names()))
    if row.of_kmalloc and any(map(row.has, TUNABLES)):
        raise row.wrong("tunables, but kmalloc's cache has its own", expected=f"none of {', '.join(TUNABLES)}")
    if row.of_kmalloc and row.allocator == "slub" and row.number("size") > 2 * PAGE_SIZE:
        raise row.wrong("kmalloc of SLUB has no cache for objects so large", expected=f"size up to {2 * PAGE_SIZE}")
    _check_fits(_topology(name), row)


def _check_fits(topology: Topology, row: Row) -> None:
    """Refuse a row that needs more CPUs or memory than its machine has, or fewer than the workload needs."""
    here = len(topology.cpus)
    wanted = max(
        row.number("cpus") if row.has("cpus") else 1,
        row.number("freer") + 1 if row.has("freer") else 1,
        2 * row.number("pairs") if row.has("pairs") else 1,
    )
    if wanted > here:
        raise row.wrong(f"the workload takes {wanted} CPUs", expected=f"at most {here}: those of '{row.machine}'")
    if row.workload in HANDING_OVER and wanted < 2:
        raise row.wrong("nobody is there to hand objects to", expected="cpus=2 or more")
    objects = wanted * max(row.number(name) if row.has(name) else 1 for name in ("n", "k", "live"))
    held = objects * (row.number("size") if row.has("size") else 0)
    what = "objects"
    if row.has("batch"):
        held, what = 2 * row.number("batch") << row.number("order") + PAGE_SHIFT, "pages"  # as many have taken buddies
    memory = sum(node.memory for node in topology.nodes)
    if held > memory // 2:
        raise row.wrong(f"the workload keeps {held >> 20} MiB of {what}", expected=f"at most {memory >> 21} MiB")
