"""What another tool tells of a machine, before figures that it does not tell are taken from a template.

CPU and node numbers are the operating system's and may have gaps; `simslab.instruments.exchange.machine_file` closes
those of the CPUs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FoundCore:
    """A core: its CPUs, and the package, die and last-level cache it belongs to (any names that tell them apart)."""

    cpus: tuple[int, ...]
    package: int
    die: int = 0  # -1: the tool knows no dies
    domain: int = 0  # its L3, within or across packages; -1: it has none


@dataclass(frozen=True, slots=True)
class FoundNode:
    """A NUMA node; `near` are CPUs that a memory-only node is local to."""

    number: int
    cpus: tuple[int, ...]
    memory: int | None  # bytes, None: not told
    near: tuple[int, ...] = ()
    memory_side_cache: int = 0  # bytes
    extra: Mapping[str, Any] = field(default_factory=dict)  # keys of the machine file, from an export of ours


@dataclass(frozen=True, slots=True)
class FoundCache:
    """A cache; 0 where not told."""

    size: int  # bytes
    ways: int


@dataclass(frozen=True)
class FoundMachine:
    """A machine as told. `distances` has a row per node in the order of `nodes`, None where they are not told."""

    source: str  # what told it, for the machine file's comments
    name: str
    cores: Sequence[FoundCore]
    nodes: Sequence[FoundNode]
    distances: Sequence[Sequence[int]] | None = None
    caches: Mapping[str, FoundCache] = field(default_factory=dict)  # by l1d, l2, l3
    sections: Mapping[str, Any] = field(default_factory=dict)  # parts of the machine file as told
    whole: bool = False  # whether `sections` are all there are, as in an export of ours
    guessed: frozenset[str] = frozenset()  # which of `layout`, `distances`, `memory` are inferred
    notes: Sequence[str] = ()
    description: str = ""
