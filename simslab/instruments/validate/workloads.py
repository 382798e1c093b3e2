"""The loops that rows ask for by name: the numbers that each takes, and the metrics that it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simslab.base.errors import BadValue, near_miss
from simslab.instruments.validate import handed_objects as handed
from simslab.instruments.validate import machine_loops as below
from simslab.instruments.validate import own_objects as own
from simslab.instruments.validate.rows import UP_TO_46
from simslab.workload.description.tunables import OF_SLAB

if TYPE_CHECKING:
    from simslab.allocator.cache import Cache
    from simslab.instruments.validate.own_objects import Figures
    from simslab.instruments.validate.rig import Rig
    from simslab.instruments.validate.rows import Row

UNTOLD: Final = 8  # what `shared` and `batchcount` were where a row of the silicon does not tell them
TUNABLES: Final = (*OF_SLAB, "cpu_partial")
PERCENTILES: Final = (*own.PERCENTILES, "mean")
BOTH: Final = ("alloc", "free")


@dataclass(frozen=True, slots=True)
class Workload:
    """A loop: how it runs, the numbers that a row of it must have and may have, and what it tells."""

    run: Callable[[Rig, Row], Figures]
    numbers: tuple[str, ...]
    metrics: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def takes(self) -> tuple[str, ...]:
        """Every number that a row may have."""
        return (*self.numbers, *self.others)


def workload_of(row: Row) -> Workload:
    """Return the workload of a row; UserError when there is none, or it does not go with the row's numbers."""
    if row.workload not in WORKLOADS:
        told = f"there is no workload '{row.workload}'"
        raise row.wrong(told, expected=", ".join(WORKLOADS), near=near_miss(row.workload, WORKLOADS))
    batches = row.workload == "pages" and row.has("batch")
    workload = IN_BATCHES if batches else WORKLOADS[row.workload]
    for name in workload.numbers:
        row.number(name)
    takes = [name for name in workload.takes if name not in row.foreign]
    for name in row.names:
        if name not in takes:
            told = f"'{name}' is no number of workload '{row.workload}'"
            raise row.wrong(told, expected=", ".join(takes) or "none", near=near_miss(name, takes))
    if row.metric not in workload.metrics:
        told = f"workload '{row.workload}' has no metric '{row.metric}'"
        raise row.wrong(told, expected=", ".join(workload.metrics), near=near_miss(row.metric, workload.metrics))
    return workload


def _cache(rig: Rig, row: Row) -> Cache:
    """Return the row's cache; UserError if the kernel refuses its tunables."""
    if row.of_kmalloc:
        return rig.kmalloc_cache(row.number("size"))
    try:
        return _tuned(rig, row)
    except BadValue as error:
        raise row.wrong(error.message, expected=error.expected) from None


def _tuned(rig: Rig, row: Row) -> Cache:
    """Return a cache with the row's tunables; `shared` that is not told is 8, as a batch is if the limit allows.

    A limit of 0: the cache's own tunables.
    """
    if row.has("cpu_partial"):
        return rig.cache(row.number("size"), {"cpu_partial": row.number("cpu_partial")})
    if not row.has("limit"):
        return rig.cache(row.number("size"))
    limit = row.number("limit")
    told = {name: row.number(name) for name in OF_SLAB if row.has(name)}
    tunables = {"batchcount": min(UNTOLD, limit), "shared": UNTOLD, **told}
    return rig.cache(row.number("size"), tunables if limit else None)


def _of_a_cache(
    loop: Callable[..., Figures], numbers: tuple[str, ...], metrics: tuple[str, ...], others: tuple[str, ...] = ()
) -> Workload:
    """Return the workload of a loop that takes a cache, then `numbers` in their order."""

    def run(rig: Rig, row: Row) -> Figures:
        return loop(rig, _cache(rig, row), *map(row.number, numbers))

    return Workload(run, ("size", *numbers), metrics, (*others, *TUNABLES, *UP_TO_46))


def _hist_nn(operation: str) -> Workload:
    """Return the workload of the percentiles of allocations or frees."""

    def loop(rig: Rig, cache: Cache, cpus: int, n: int, timer_ps: int) -> Figures:
        return own.hist_nn(rig, cache, cpus, n, operation, timer_ps)

    return _of_a_cache(loop, ("cpus", "n", "timer_ps"), PERCENTILES, ("kmalloc",))


WORKLOADS: Final = {
    "pair": _of_a_cache(own.pair, ("cpus",), ("op",), ("kmalloc",)),
    "nn": _of_a_cache(own.nn, ("cpus", "n"), BOTH, ("kmalloc",)),
    "hist_nn_alloc": _hist_nn("alloc"),
    "hist_nn_free": _hist_nn("free"),
    "bulk": _of_a_cache(own.bulk, ("k",), ("op",)),
    "churn": _of_a_cache(own.churn, ("cpus", "live"), ("op",), ("kmalloc",)),
    "burst": _of_a_cache(own.burst, ("cpus", "k"), BOTH, ("kmalloc",)),
    "remote_free": _of_a_cache(handed.remote_free, ("cpus", "n"), BOTH),
    "remote_one": _of_a_cache(handed.remote_one, ("freer", "n"), BOTH),
    "one_alloc_n_free": _of_a_cache(handed.one_alloc_n_free, ("cpus", "n"), BOTH),
    "prodcons": _of_a_cache(handed.prodcons, ("pairs", "ring"), ("each",)),
    "exchange": _of_a_cache(handed.exchange, ("cpus", "share", "live", "ring"), ("each",)),
    "atomic_inc": Workload(lambda rig, row: below.atomic_inc(rig, row.number("cpus")), ("cpus",), ("each",)),
    "qspinlock": Workload(
        lambda rig, row: below.qspinlock(rig, row.number("cpus"), row.number("delay_ps") / 1e3),
        ("cpus", "delay_ps"),
        ("each",),
        ("delay",),  # turns of a loop: what the row's source calls `delay_ps`
    ),
    "pages": Workload(
        lambda rig, row: below.pages(rig, row.number("order")), ("order",), ("alloc_free_pair",), ("pages_of_46",)
    ),
    "irq": Workload(lambda rig, _row: below.irq(rig), (), ("pushf_pop_push_popf",)),
}
IN_BATCHES: Final = Workload(
    lambda rig, row: below.pages_in_batches(rig, row.number("order"), row.number("batch")),
    ("order", "batch"),
    BOTH,
    ("pages_of_46",),
)  # what `pages` is where a row tells of batches: allocations and frees apart
