"""The figures by which experiments judge runs, each one number a run, chosen by name.

A name is `FAMILY` or `FAMILY:SELECTION`: `throughput`, `latency.p99`, `latency.p99:free/alien@mixed`,
`lock.wait:alien_lock`, `memory.arrays:kmalloc-64`. Families are listed by `FAMILIES`; a family tells what its selection
means. A figure that a run has nothing for (the p99 of a path that nothing took, the memory of a cache that its kernel
has not, the lines of a node that its machine has not) is None. A cache goes by the workload's name as well as by that
of the cache that it was merged into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from simslab.base.errors import UserError, near_miss
from simslab.experiment.figures.metric_families import FAMILIES, Family
from simslab.experiment.figures.observation import Observation
from simslab.experiment.figures.selection import Selection

DEFAULT: Final = (
    "throughput",
    "latency.mean",
    "latency.p50",
    "latency.p99",
    "latency.p99.9",
    "latency.max",
    "latency.mean:alloc",
    "latency.p50:alloc",
    "latency.p99:alloc",
    "latency.mean:free",
    "latency.p50:free",
    "latency.p99:free",
    "lock.wait:list_lock",
    "lock.contended:list_lock",
    "lock.wait:alien_lock",
    "remote.frees",
    "irqs_off.max",
    "memory.arrays",
    "memory.slabs",
)


HEAD_LINES: Final = 2  # of /proc/slabinfo
NO_FIGURE: Final = "no run has a figure for it: nothing took that path, or there is no such cache or node"


@dataclass(frozen=True)
class Metric:
    """One figure of a run; `better` is `lower`, `higher` or empty where neither is."""

    name: str
    unit: str
    better: str
    value: Callable[[Observation], float | None]

    @property
    def label(self) -> str:
        """The name with its unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


def metric(name: str) -> Metric:
    """Return the metric called `name`; UserError, with what there is, if there is none."""
    family_name, colon, rest = name.partition(":")
    family = FAMILIES.get(family_name)
    if family is None:
        near = near_miss(family_name, FAMILIES)
        raise UserError(f"there is no metric '{name}'", expected="one that `simslab metrics` lists", near=near)
    if colon and not family.selects:
        raise UserError(f"'{name}': {family_name} is one figure", expected=f"'{family_name}' alone")
    selection = family.parse(rest) if colon else Selection()
    return Metric(name, family.unit, family.better, lambda observation: _value(family, selection, observation))


def _value(family: Family, selection: Selection, observation: Observation) -> float | None:
    """Return a figure of the cache that the kernel knows by the selected name; None where it knows none."""
    part = family.cache_part
    called = getattr(selection, part) if part else ""
    if called:
        measured = observation.measurement
        cache = measured.merged.get(called, called)
        listed = [line.split()[0] for line in measured.slabinfo.splitlines()[HEAD_LINES:]]
        if listed and cache not in listed and all(cache != row.cache for row in measured.latency):
            return None
        selection = replace(selection, **{part: cache})
    return family.value(observation, selection)


def metrics(names: Iterable[str] = DEFAULT) -> list[Metric]:
    """Return the metrics of these names, each once; UserError for one that is none."""
    return [metric(name.strip()) for name in dict.fromkeys(names)]


def figures(observation: Observation, chosen: Iterable[Metric]) -> dict[str, float | None]:
    """Return each metric's value of a run, by name."""
    return {each.name: each.value(observation) for each in chosen}


def families() -> list[Family]:
    """Return everything that can be chosen, in the order in which it is listed."""
    return list(FAMILIES.values())
