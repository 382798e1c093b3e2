"""The caches in lstopo's XML, made into one size per level: the model's cores are alike, those of a file need not be.

Every core's part of each cache is found. Where parts differ, the one that most cores have is taken, and a note tells
what was made of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simslab.instruments.exchange.found import FoundCache, FoundCore
from simslab.instruments.exchange.hwloc.objects import Place, bytes_of, number_of
from simslab.machine.description.cpulist import format_cpulist

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PRIVATE: Final = (("l1d", "L1"), ("l2", "L2"))
LINE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Share:
    """A core's part of a cache."""

    size: int  # bytes of the whole cache
    cores: int  # that share it
    ways: int

    @property
    def part(self) -> int:
        """Bytes for each core."""
        return self.size // self.cores

    def __str__(self) -> str:
        shared = f" shared by {self.cores} cores, {self.part} each" if self.cores > 1 else ""
        return f"{self.size} bytes{shared}"


def read_caches(threads: Sequence[Sequence[Place]], notes: list[str]) -> dict[str, FoundCache]:
    """Return the caches by level of the machine file; `threads` are the CPUs of each core."""
    found: dict[str, FoundCache] = {}
    cores = [own[0] for own in threads]
    for level, kind in PRIVATE:
        shares = _shares(cores, kind)
        told = Counter(share for share in shares if share is not None and share.size)
        if told:
            best = max(told, key=lambda share: (told[share], share.part))
            notes += _private_notes(kind, told, best, len(cores))
            found[level] = FoundCache(best.part, best.ways)
        own = sum(len({id(place.above.get(kind)) for place in core}) > 1 for core in threads)
        if own:
            notes.append(f"{own} cores have several {kind} caches, one for each thread: a core has one here")
    l3 = _l3(cores, notes)
    if l3 is not None:
        found["l3"] = l3
    notes += _left_out(cores)
    return found


def _shares(cores: Sequence[Place], kind: str) -> list[Share | None]:
    users = Counter(id(core.above[kind]) for core in cores if kind in core.above)
    return [_share(core.above[kind], users[id(core.above[kind])]) if kind in core.above else None for core in cores]


def _share(cache: Element, cores: int) -> Share:
    return Share(bytes_of(cache, "cache_size") or 0, cores, max(0, number_of(cache, "cache_associativity", 0)))


def _private_notes(kind: str, told: Mapping[Share, int], best: Share, cores: int) -> Iterator[str]:
    without = cores - sum(told.values())
    if len(told) == 1 and not without:
        if best.cores > 1:
            yield f"{kind} of {best.size} bytes is shared by {best.cores} cores: each has its part for itself"
        return
    groups = [f"{count} cores have {share}" for share, count in told.items()]
    groups += [f"{without} have none or do not tell"] if without else []
    yield f"{kind} caches are not alike ({'; '.join(groups)}): every core has {best.part} bytes here"


def _l3(cores: Sequence[Place], notes: list[str]) -> FoundCache | None:
    """Return the L3 that most L3s of the file are like."""
    caches = {id(core.above["L3"]): core.above["L3"] for core in cores if "L3" in core.above}
    told = Counter(share for cache in caches.values() if (share := _share(cache, 1)).size)
    if not told:
        return FoundCache(0, 0) if caches else None
    best = max(told, key=lambda share: (told[share], share.size))
    if len(told) > 1:
        groups = "; ".join(f"{count} of {share}" for share, count in told.items())
        whole = best.size * told.total(), sum(share.size * times for share, times in told.items())
        notes.append(f"L3 caches differ in size ({groups}): each has {best.size} bytes here, {whole[0]} for {whole[1]}")
    return FoundCache(best.size, best.ways)


def _left_out(cores: Sequence[Place]) -> Iterator[str]:
    for kind in ("L4", "L5"):
        sizes = {id(core.above[kind]): core.above[kind] for core in cores if kind in core.above}
        if sizes:
            total = sum(bytes_of(cache, "cache_size") or 0 for cache in sizes.values())
            yield f"{len(sizes)} {kind} caches ({total} bytes in all) are left out: the model has three levels"
    lines = {number_of(cache, "cache_linesize", 0) for core in cores for cache in core.above.values()}
    other = sorted(size for size in lines if size not in (0, LINE_BYTES))
    if other:
        yield f"caches have lines of {', '.join(map(str, other))} bytes in the file, of {LINE_BYTES} here"


def with_l3(cores: Sequence[FoundCore], notes: list[str]) -> list[FoundCore]:
    """Return the cores, those without an L3 (domain -1) put to one of their die or package that has one.

    The model's cores all have an L3; one more of full size would be memory that the machine has not got.
    """
    if all(core.domain < 0 for core in cores) or all(core.domain >= 0 for core in cores):
        return list(cores)
    placed = [_placed(core, cores) for core in cores]
    moved = sorted(cpu for old, new in zip(cores, placed, strict=True) if old.domain != new.domain for cpu in old.cpus)
    alone = sorted(cpu for core in placed if core.domain < 0 for cpu in core.cpus)
    if moved:
        notes.append(
            f"CPUs {format_cpulist(moved)} have no L3 in the file: here they share that of their package's other cores"
        )
    if alone:
        notes.append(
            f"CPUs {format_cpulist(alone)} have no L3 in the file, nor has their package: it has one like others here"
        )
    return placed


def _placed(core: FoundCore, cores: Sequence[FoundCore]) -> FoundCore:
    if core.domain >= 0:
        return core
    near = [other for other in cores if other.domain >= 0 and other.package == core.package]
    near = [other for other in near if core.die >= 0 and other.die == core.die] or near
    domain = min(near, key=lambda other: other.cpus).domain if near else -1
    return FoundCore(core.cpus, core.package, core.die, domain)
