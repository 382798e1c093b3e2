"""Which loop answers a row: the workload's name and parameters turned into a run of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from simslab.base.errors import near_miss
from simslab.instruments.validate import handed_objects as handed
from simslab.instruments.validate import machine_loops as below
from simslab.instruments.validate import own_objects as own
from simslab.instruments.validate.rig import Rig
from simslab.instruments.validate.rows import UP_TO_46
from simslab.kernel.layout import PAGE_SHIFT, PAGE_SIZE
from simslab.machine.library import load_machine, machine_names
from simslab.machine.topology.topology import build_topology
from simslab.workload.description.tunables import OF_SLAB

if TYPE_CHECKING:
    from simslab.allocator.cache import Cache
    from simslab.instruments.validate.own_objects import Figures
    from simslab.instruments.validate.rows import Row
    from simslab.machine.topology.topology import Topology

TWO_NODES: Final = "{}-2n"  # the variant of a machine with two nodes
UNTOLD: Final = 8  # what `shared` was where a row of the silicon does not tell it
CALLING_KMALLOC: Final = ("pair", "nn", "hist_nn_alloc", "hist_nn_free", "churn", "burst")
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


def answer_all(rows: Iterable[Row]) -> Iterator[Answer]:
    """Answer rows one after another; rows that ask for the same run share it.

    UserError before the first runs when the machine, CPUs or memory that one of them takes are not there.
    """
    rows = list(rows)
    for row in rows:
        check(row)
    kept: dict[tuple[str, int, str, str, str, str], tuple[Rig, Figures]] = {}
    for row in rows:
        if row.question not in kept:
            kept[row.question] = ask(row)
        rig, figures = kept[row.question]
        if row.metric not in figures:
            told = f"workload '{row.workload}' has no metric '{row.metric}'"
            raise row.wrong(told, expected=", ".join(figures), near=near_miss(row.metric, figures))
        ns = figures[row.metric]
        yield Answer(row, ns if row.unit == "ns" else ns * rig.machine.frequency_hz / 1e9)


def ask(row: Row) -> tuple[Rig, Figures]:
    """Boot the row's machine and run its workload; the row was checked."""
    ablations = [option for option in UP_TO_46 if row.has(option) and row.number(option)]
    allocator: Literal["slab", "slub"] = "slub" if row.allocator == "slub" else "slab"
    rig = Rig(load_machine(_machine(row)), row.unit == "ns", allocator=allocator, ablations=ablations)
    return rig, WORKLOADS[row.workload](rig, row)


def _machine(row: Row) -> str:
    return row.machine if row.nodes == 1 else TWO_NODES.format(row.machine)


@cache
def _topology(machine: str) -> Topology:
    return build_topology(load_machine(machine))


def check(row: Row) -> None:
    """UserError when a row's workload is not there, or cannot run on its machine."""
    if row.workload not in WORKLOADS:
        told = f"there is no workload '{row.workload}'"
        raise row.wrong(told, expected=", ".join(WORKLOADS), near=near_miss(row.workload, WORKLOADS))
    name = _machine(row)
    if name not in machine_names():
        told = f"there is no machine '{name}'" + (" of two nodes" if row.nodes > 1 else "")
        raise row.wrong(told, expected="a shipped machine", near=near_miss(name, machine_names()))
    if row.has("batch") and row.workload != "pages":
        raise row.wrong("'batch' is of pages", expected="no 'batch='")
    if any(map(row.has, UP_TO_46)) and not row.has("size"):
        raise row.wrong("kernel options of SLAB, but no cache", expected=f"none of {', '.join(UP_TO_46)}")
    if row.has("kmalloc") and row.allocator == "slub" and row.has("size") and row.number("size") > 2 * PAGE_SIZE:
        raise row.wrong("kmalloc of SLUB has no cache for objects so large", expected=f"size up to {2 * PAGE_SIZE}")
    if row.has("kmalloc") and (row.workload not in CALLING_KMALLOC or any(map(row.has, (*OF_SLAB, "cpu_partial")))):
        raise row.wrong("'kmalloc' is not for this row", expected=f"{', '.join(CALLING_KMALLOC)} without tunables")
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


def _cache(rig: Rig, row: Row) -> Cache:
    """Return the row's cache; tunables that are not told, but the limit, are 8. A limit of 0: the cache's own."""
    if row.has("kmalloc") and row.number("kmalloc"):
        return rig.kmalloc_cache(row.number("size"))
    if row.has("cpu_partial"):
        return rig.cache(row.number("size"), {"cpu_partial": row.number("cpu_partial")})
    if not row.has("limit"):
        return rig.cache(row.number("size"))
    tunables = {name: row.number(name) if row.has(name) else UNTOLD for name in OF_SLAB}
    return rig.cache(row.number("size"), tunables if tunables["limit"] else None)


def _hist_nn(rig: Rig, row: Row, operation: str) -> Figures:
    """Return the percentiles of a row's allocations or frees."""
    return own.hist_nn(rig, _cache(rig, row), row.number("cpus"), row.number("n"), operation, row.number("timer_ps"))


def _pages(rig: Rig, row: Row) -> Figures:
    """Return a pair's time, or what each takes where a row tells of batches."""
    if row.has("batch"):
        return below.pages_in_batches(rig, row.number("order"), row.number("batch"))
    return below.pages(rig, row.number("order"))


WORKLOADS: Final[dict[str, Callable[[Rig, Row], Figures]]] = {
    "pair": lambda rig, row: own.pair(rig, _cache(rig, row), row.number("cpus")),
    "nn": lambda rig, row: own.nn(rig, _cache(rig, row), row.number("cpus"), row.number("n")),
    "hist_nn_alloc": lambda rig, row: _hist_nn(rig, row, "alloc"),
    "hist_nn_free": lambda rig, row: _hist_nn(rig, row, "free"),
    "bulk": lambda rig, row: own.bulk(rig, _cache(rig, row), row.number("k")),
    "churn": lambda rig, row: own.churn(rig, _cache(rig, row), row.number("cpus"), row.number("live")),
    "burst": lambda rig, row: own.burst(rig, _cache(rig, row), row.number("cpus"), row.number("k")),
    "remote_free": lambda rig, row: handed.remote_free(rig, _cache(rig, row), row.number("cpus"), row.number("n")),
    "remote_one": lambda rig, row: handed.remote_one(rig, _cache(rig, row), row.number("freer"), row.number("n")),
    "one_alloc_n_free": lambda rig, row: handed.one_alloc_n_free(
        rig, _cache(rig, row), row.number("cpus"), row.number("n")
    ),
    "prodcons": lambda rig, row: handed.prodcons(rig, _cache(rig, row), row.number("pairs"), row.number("ring")),
    "exchange": lambda rig, row: handed.exchange(
        rig, _cache(rig, row), row.number("cpus"), row.number("share"), row.number("live"), row.number("ring")
    ),
    "atomic_inc": lambda rig, row: below.atomic_inc(rig, row.number("cpus")),
    "qspinlock": lambda rig, row: below.qspinlock(rig, row.number("cpus"), row.number("delay_ps") / 1e3),
    "pages": _pages,
    "irq": lambda rig, _row: below.irq(rig),
}
