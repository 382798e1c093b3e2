"""Which CPUs a group of threads runs on, and what is wrong when the machine has not enough of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from simslab.base.errors import BadValue, near_miss
from simslab.machine.description.cpulist import MAX_CPUS

_WORDS: Final = ("all", "rest", "one_per_node", "first 4", "last 4", "spread 8", "node0", "0-3")
_EXPECTED: Final = "'all', 'rest', 'one_per_node', 'first 4', 'last 4', 'spread 8', 'node0', '0-3' or a list of CPUs"
_COUNTED: Final = re.compile(r"(first|last|spread) +(\d{1,5})")
_NODE: Final = re.compile(r"node *(\d{1,4})")
_RANGE: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


@dataclass(frozen=True)
class CpuPlaces:
    """The machine as far as placement needs it: the node of each CPU, by CPU number."""

    node_of: tuple[int, ...]
    nr_nodes: int

    @property
    def nr_cpus(self) -> int:
        """How many CPUs there are."""
        return len(self.node_of)

    def cpus_of(self, node: int) -> list[int]:
        """CPUs of a node, in order; empty for a memory-only node."""
        return [cpu for cpu, home in enumerate(self.node_of) if home == node]

    def spread(self) -> list[int]:
        """All CPUs, the first of every node first, then the second of every node, and so on."""
        nodes = [self.cpus_of(node) for node in range(self.nr_nodes)]
        longest = max(map(len, nodes))
        return [cpus[i] for i in range(longest) for cpus in nodes if i < len(cpus)]


def select_cpus(selector: int | str | Sequence[int], places: CpuPlaces, taken: Sequence[int] = ()) -> list[int]:
    """Return the CPUs that `selector` names on this machine, in order; BadValue when it has not got them.

    `taken` are the CPUs of other groups, which 'rest' leaves out.
    """
    chosen = _chosen(selector, places, taken)
    for cpu in chosen:
        if not 0 <= cpu < places.nr_cpus:
            raise BadValue(f"the machine has no CPU {cpu}", expected=f"CPUs 0-{places.nr_cpus - 1}")
        if chosen.count(cpu) > 1:
            raise BadValue(f"CPU {cpu} is listed twice", expected="each CPU once")
    if not chosen:
        raise BadValue(f"no CPU is left for '{selector}'", expected="a machine with more CPUs")
    return chosen


def named_cpus(selector: int | str | Sequence[int]) -> list[int]:
    """Return the CPUs that `selector` names by number, none for one whose CPUs depend on the machine.

    BadValue when it would be wrong on every machine.
    """
    if isinstance(selector, str):
        text = selector.strip()
        if text in ("all", "rest", "one_per_node") or _COUNTED.fullmatch(text) or _NODE.fullmatch(text):
            return []
        named = _listed(text)
    else:
        named = [selector] if isinstance(selector, int) else list(selector)
    if not named:
        raise BadValue("no CPU is named", expected=_EXPECTED)
    if strange := [cpu for cpu in named if not 0 <= cpu < MAX_CPUS]:
        raise BadValue(f"CPU {strange[0]} is out of range", expected=f"CPU numbers from 0 to {MAX_CPUS - 1}")
    if twice := [cpu for cpu, times in Counter(named).items() if times > 1]:
        raise BadValue(f"CPU {twice[0]} is listed twice", expected="each CPU once")
    return named


def no_flag(value: object) -> object:
    """Refuse true and false, which Python would take for CPUs 1 and 0."""
    if isinstance(value, bool):
        raise BadValue(f"{str(value).lower()} names no CPUs", expected=_EXPECTED)
    return value


def _listed(text: str) -> list[int]:
    return [cpu for part in text.split(",")[:MAX_CPUS] for cpu in _range(part.strip())]


def _chosen(selector: int | str | Sequence[int], places: CpuPlaces, taken: Sequence[int]) -> list[int]:
    if isinstance(selector, int):
        return [selector]
    if not isinstance(selector, str):
        return list(selector)
    everyone = list(range(places.nr_cpus))
    text = selector.strip()
    if text == "all":
        return everyone
    if text == "rest":
        return [cpu for cpu in everyone if cpu not in taken]
    if text == "one_per_node":
        return [cpus[0] for cpus in map(places.cpus_of, range(places.nr_nodes)) if cpus]
    if match := _COUNTED.fullmatch(text):
        return _counted(match[1], int(match[2]), places)
    if match := _NODE.fullmatch(text):
        return _of_node(int(match[1]), places)
    return _listed(text)


def _counted(word: str, count: int, places: CpuPlaces) -> list[int]:
    if count > places.nr_cpus:
        raise BadValue(f"'{word} {count}' of {places.nr_cpus} CPUs", expected=f"a machine with {count} CPUs or more")
    if word == "spread":
        return sorted(places.spread()[:count])
    everyone = list(range(places.nr_cpus))
    return everyone[:count] if word == "first" else everyone[places.nr_cpus - count :]


def _of_node(node: int, places: CpuPlaces) -> list[int]:
    cpus = places.cpus_of(node)
    if not cpus:
        with_cpus = ", ".join(str(n) for n in range(places.nr_nodes) if places.cpus_of(n))
        told = f"node {node} has no CPUs" if node < places.nr_nodes else f"the machine has no node {node}"
        raise BadValue(told, expected=f"a node with CPUs: {with_cpus}")
    return cpus


def _range(part: str) -> range:
    match = _RANGE.fullmatch(part)
    if match is None:
        raise BadValue(f"'{part}' names no CPUs", expected=_EXPECTED, near=near_miss(part, _WORDS))
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise BadValue(f"'{part}' runs backwards", expected="a range such as '0-3'")
    if last >= MAX_CPUS:
        raise BadValue(f"CPU {last} is out of range", expected=f"CPU numbers from 0 to {MAX_CPUS - 1}")
    return range(first, last + 1)
