"""Which node each CPU belongs to: hwloc tells of every memory what is near it, and several may be near one CPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simslab.instruments.exchange.found import FoundNode


@dataclass(frozen=True, slots=True)
class Memory:
    """A NUMANode object."""

    number: int
    near: frozenset[int]  # CPUs
    memory: int | None  # bytes
    usable: bool
    ordinary: bool  # plain DRAM, not high-bandwidth or attached memory
    side_cache: int  # bytes
    extra: Mapping[str, Any]


def assign_cpus(
    cpus: frozenset[int], memories: Sequence[Memory], bits: Mapping[int, frozenset[int]], packages: Mapping[int, int]
) -> list[FoundNode]:
    """Return the nodes in order of number.

    A CPU belongs to ordinary memory before special, to what is near to the fewest CPUs, then to the lowest number, as
    the kernel numbers nodes with CPUs first. Nodes to which no CPU is left are memory-only. CPUs near to no memory
    are nodes without memory: numbered as `bits` (their nodesets) say, else from the lowest free number by package.
    """
    order = sorted(memories, key=lambda m: (not m.ordinary, len(m.near), m.number))
    owner = {cpu: next((memory.number for memory in order if cpu in memory.near), -1) for cpu in cpus}
    nodes = [
        FoundNode(
            number=memory.number,
            cpus=tuple(sorted(cpu for cpu in cpus if owner[cpu] == memory.number)),
            memory=memory.memory,
            near=tuple(sorted(memory.near)),
            memory_side_cache=memory.side_cache,
            extra=memory.extra,
        )
        for memory in memories
    ]
    nodes = [node for node, memory in zip(nodes, memories, strict=True) if memory.usable or node.cpus]
    lost = sorted(cpu for cpu in cpus if owner[cpu] < 0)
    return sorted([*nodes, *_memoryless(lost, nodes, bits, packages)], key=lambda node: node.number)


def _memoryless(
    cpus: Sequence[int],
    nodes: Sequence[FoundNode],
    bits: Mapping[int, frozenset[int]],
    packages: Mapping[int, int],
) -> list[FoundNode]:
    used = {node.number for node in nodes}
    groups: dict[tuple[int, int], list[int]] = {}
    for cpu in cpus:
        named = min(bits[cpu], default=-1) if len(bits[cpu]) == 1 else -1
        key = (named, 0) if named >= 0 and named not in used else (-1, packages[cpu])
        groups.setdefault(key, []).append(cpu)
    used |= {named for named, _ in groups}
    free = (number for number in range(len(used) + len(groups) + 1) if number not in used)
    return [
        FoundNode(number=named if named >= 0 else next(free), cpus=tuple(own), memory=0)
        for (named, _), own in groups.items()
    ]
