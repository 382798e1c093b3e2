"""Found cores made into a `layout`: a grid of packages, dies and CCXs in which the last-level caches fall into place.

CPUs get numbers without gaps, in the order of those found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simslab.instruments.exchange.found import FoundCore
from simslab.machine.description.cpulist import show_cpulist


@dataclass(frozen=True)
class Layout:
    """The `layout` section, the scope of the L3, and our number of each CPU found."""

    section: dict[str, Any]
    scope: str  # of the L3
    number: Mapping[int, int]
    packages: Mapping[int, int]  # of each CPU found
    notes: Sequence[str]


def build_layout(cores: Sequence[FoundCore], scope: str = "") -> Layout:
    """Return the layout of `cores`; a given `scope` is kept, "" finds the one that the cores' domains need."""
    notes: list[str] = []
    cores = _nested(cores, notes)
    chosen = scope or _scope(cores)
    keys = [_key(core, chosen) for core in cores]
    ordered = [core for _, core in sorted(zip(keys, cores, strict=True), key=lambda pair: (pair[0], pair[1].cpus))]
    number = {cpu: index for index, cpu in enumerate(sorted(cpu for core in cores for cpu in core.cpus))}
    tree = _tree(ordered, chosen)
    dies = max(len(package) for package in tree)
    ccxs = max(len(die) for package in tree for die in package)
    places = max(len(ccx) for package in tree for die in package for ccx in die)
    grid = [
        [number[cpu] for cpu in core.cpus] if core is not None else []
        for package in tree
        for die in _padded(package, dies, [])
        for ccx in _padded(die, ccxs, [])
        for core in _padded(ccx, places, None)
    ]
    section = _section((len(tree), dies, ccxs, places), grid)
    package_of = {cpu: index for index, package in enumerate(tree) for cpu in _cpus(package)}
    return Layout(section, chosen, number, package_of, notes)


def _nested(cores: Sequence[FoundCore], notes: list[str]) -> list[FoundCore]:
    """Return the cores with every L3 inside one package: packages that share one are taken as one."""
    rank = {core.package: min(c.cpus[0] for c in cores if c.package == core.package) for core in cores}
    joined = {package: package for package in rank}
    for domain in sorted({core.domain for core in cores if core.domain >= 0}):
        sharing = {joined[core.package] for core in cores if core.domain == domain}
        first = min(sharing, key=lambda package: rank[package])
        if len(sharing) > 1:
            notes.append(f"{len(sharing)} packages share an L3: they are taken as one")
        joined = {package: first if own in sharing else own for package, own in joined.items()}
    return [FoundCore(c.cpus, rank[joined[c.package]], c.die, c.domain) for c in cores]


def _scope(cores: Sequence[FoundCore]) -> str:
    """Return the smallest unit of which each has one L3; without any, L3 stand-ins belong to packages."""
    if not _several(cores, lambda core: core.package):
        return "package"
    with_dies = all(core.die >= 0 for core in cores)
    crossing = _several(cores, lambda core: core.domain, lambda core: core.die)
    return "ccx" if with_dies and not crossing and _several(cores, lambda core: (core.package, core.die)) else "die"


def _several(cores: Sequence[FoundCore], unit: Any, member: Any = lambda core: core.domain) -> bool:
    """Tell whether a unit holds several different members."""
    found: dict[Any, set[int]] = {}
    for core in cores:
        found.setdefault(unit(core), set()).add(member(core))
    return any(len(members) > 1 for members in found.values())


def _key(core: FoundCore, scope: str) -> tuple[int, int, int]:
    """Return package, die and CCX; at the scope of the L3 its number stands for the unit."""
    if scope == "die":
        crossing_or_absent = core.domain
        return core.package, crossing_or_absent, 0
    return core.package, core.die, core.domain if scope == "ccx" else 0


def _tree(cores: Sequence[FoundCore], scope: str) -> list[list[list[list[FoundCore]]]]:
    """Return the cores by package, die and CCX, units in the order of their first CPU."""
    packages: dict[int, dict[int, dict[int, list[FoundCore]]]] = {}
    for core in sorted(cores, key=lambda core: core.cpus):
        package, die, ccx = _key(core, scope)
        packages.setdefault(package, {}).setdefault(die, {}).setdefault(ccx, []).append(core)
    return [[list(die.values()) for die in package.values()] for package in packages.values()]


def _padded(members: list[Any], count: int, filler: Any) -> list[Any]:
    return members + [filler] * (count - len(members))


def _cpus(package: Sequence[Sequence[Sequence[FoundCore]]]) -> list[int]:
    return [cpu for die in package for ccx in die for core in ccx for cpu in core.cpus]


def _section(counts: tuple[int, int, int, int], grid: Sequence[Sequence[int]]) -> dict[str, Any]:
    threads = max(map(len, grid))
    section: dict[str, Any] = dict(zip(("packages", "dies", "ccxs", "cores"), counts, strict=True))
    section["threads"] = threads
    if all(list(cpus) == list(range(core, len(grid) * threads, len(grid))) for core, cpus in enumerate(grid)):
        return section
    if all(list(cpus) == list(range(core * threads, (core + 1) * threads)) for core, cpus in enumerate(grid)):
        return section | {"numbering": "threads-adjacent"}
    return section | {"cpu_numbers": [show_cpulist(cpus) for cpus in grid]}
