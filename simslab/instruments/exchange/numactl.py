"""The text of `numactl -H` (or --hardware) read into a `FoundMachine`.

It tells nodes, CPUs, memory and distances. Packages and threads are inferred: nodes closer than NEAR share a package,
and where a node's CPUs are two equal runs half the machine apart, the second run are second threads. Where one node has
all CPUs, halves of any run of them are that far apart, so that nothing tells threads from cores: each CPU is a core.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

from simslab.base.errors import UserError
from simslab.instruments.exchange.found import FoundCore, FoundMachine, FoundNode
from simslab.instruments.exchange.numactl_text import NumactlText, read_numactl_text
from simslab.machine.description.cpulist import format_cpulist

NEAR: Final = 13  # distance up to which nodes are taken to be in one package: 11 and 12 are what firmware tells there
LOCAL: Final = 10

Rows = list[list[int]]


def read_numactl(path: Path) -> FoundMachine:
    """Return the machine that `numactl -H` told; UserError if the file is something else, or cut."""
    text = read_numactl_text(path)
    if not any(text.cpus.values()):
        _no_cpus(text, path)
    _refuse_twice(text, path)
    notes = [_inferred(text.cpus)]
    _refuse_cut(text, path, notes)
    nodes = [_node(number, text) for number in sorted(text.cpus)]
    order = [node.number for node in nodes]
    rows = _distances(text, order, notes)
    packages = _packages([node.number for node in nodes if node.cpus], order, rows)
    apart = rows is not None and len(set(packages.values())) < len(packages)
    return FoundMachine(
        source="numactl",
        name=path.stem,
        cores=list(_cores(text.cpus, packages)),
        nodes=nodes,
        distances=rows,
        sections={"l3": {"scope": "node"}} if apart else {},
        guessed=frozenset({"layout"}),
        notes=[*notes, *text.left_out],
    )


def _no_cpus(text: NumactlText, path: Path) -> NoReturn:
    """Refuse a text that tells no CPUs."""
    told = (
        "tells no CPUs: the nodes listed have memory alone (part of a larger output?)" if text.cpus else "tells no CPUs"
    )
    line = min(text.lines.values(), default=text.first_line)
    raise UserError(told, file=str(path), line=line, column=1, expected="lines 'node N cpus: ...' with CPUs")


def _refuse_twice(text: NumactlText, path: Path) -> None:
    """Refuse a CPU that is told twice."""
    seen: dict[int, int] = {}  # CPU: its node
    for node, cpus in text.cpus.items():
        for cpu in cpus:
            if cpu not in seen:
                seen[cpu] = node
                continue
            other = seen[cpu]
            told = f"CPU {cpu} is twice in node {node}"
            if other != node:
                told = (
                    f"CPU {cpu} is in node {node} and in node {other} of line {text.lines[other]} (made by numa=fake?)"
                )
            raise UserError(told, file=str(path), line=text.lines[node], column=1, expected="each CPU in one node")


def _inferred(cpus: Mapping[int, Sequence[int]]) -> str:
    """Return what the numbers of CPUs tell of threads."""
    if _alone(cpus):
        return "one node has all CPUs, so that nothing tells threads from cores: one thread in each core is an estimate"
    return f"packages (nodes up to {NEAR} apart), cores and threads are inferred"


def _alone(cpus: Mapping[int, Sequence[int]]) -> bool:
    """Whether one node has all CPUs."""
    return sum(map(bool, cpus.values())) == 1


def _refuse_cut(text: NumactlText, path: Path, notes: list[str]) -> None:
    """Refuse a text in which nodes are missing that its first line or its distances tell of."""
    lacking = sorted(text.memory.keys() - text.cpus.keys())
    if lacking:
        message = f"node {format_cpulist(lacking)} has a size and no line of CPUs"
        raise UserError(message, file=str(path), expected="'node N cpus:' for each node")
    tabled = set(text.columns) - text.cpus.keys()
    if tabled:
        message = f"node {format_cpulist(tabled)} has distances and is not listed"
        raise UserError(message, file=str(path), expected="'node N cpus:' for each node")
    listed = len(text.cpus)
    if listed == text.count and text.told in (set(), set(text.cpus)):
        return
    # Before 2.0.4 the first line told the highest number: nodes that the distances do not know are not there.
    if text.columns and set(text.columns) == text.cpus.keys() <= text.told:
        notes.append(f"the first line tells {text.count} nodes; {listed} are listed and have distances")
        return
    message = f"{text.count} nodes are told, {listed} are listed"
    if listed == text.count:
        message = f"node {format_cpulist(text.told)} is told, node {format_cpulist(text.cpus)} is listed"
    message += " (lines cut off or left out?)"
    expected = "the whole output of numactl -H"
    raise UserError(message, file=str(path), line=text.first_line, column=1, expected=expected)


def _node(number: int, text: NumactlText) -> FoundNode:
    """Return a node; a size that is not available is that of a node which is not there, unless it has CPUs."""
    memory = text.memory.get(number)
    cpus = tuple(sorted(text.cpus[number]))
    return FoundNode(number, cpus, 0 if memory is None and number in text.memory and not cpus else memory)


def _distances(text: NumactlText, order: Sequence[int], notes: list[str]) -> Rows | None:
    """Return the table with rows and columns in the order of the nodes, None with a note if it cannot be used."""
    if len(order) > 1 and not text.rows:
        cut = "" if text.no_distances or not text.columns else "the table of distances is cut: "
        notes.append(f"{cut}distances are not told, those and the links are estimates")
        return None
    pairs = (zip(text.columns, row, strict=True) for row in text.rows.values())
    known = {(node, b): value for node, row in zip(text.rows, pairs, strict=True) for b, value in row}
    if not known:
        return None
    lacking = [node for node in order if any((node, b) not in known for b in order)]
    if lacking:
        notes.append(f"distances of node {format_cpulist(lacking)} are not told (a cut table?): all are estimates")
        return None
    if any((a == b) != (known[a, b] == LOCAL) or known[a, b] < LOCAL for a in order for b in order):
        notes.append("the distances are not 10 for a node itself and more for others: left out, as the kernel does")
        return None
    return [[min(255, known[a, b]) for b in order] for a in order]


def _packages(hosts: Sequence[int], order: Sequence[int], rows: Sequence[Sequence[int]] | None) -> dict[int, int]:
    """Return the package of every node with CPUs: that of the first node near to it."""
    package: dict[int, int] = {}
    for host in hosts:
        row = None if rows is None else rows[order.index(host)]
        near = [other for other in package if row is not None and row[order.index(other)] <= NEAR]
        package[host] = package[near[0]] if near else host
    return package


def _cores(cpus: Mapping[int, Sequence[int]], packages: Mapping[int, int]) -> Iterator[FoundCore]:
    total = sum(map(len, cpus.values()))
    told = not _alone(cpus)
    for node, package in packages.items():
        own = sorted(cpus[node])
        half = len(own) // 2
        paired = told and len(own) % 2 == 0 and all(own[i] + total // 2 == own[i + half] for i in range(half))
        threads = [(own[i], own[i + half]) for i in range(half)] if paired else [(cpu,) for cpu in own]
        for core in threads:
            yield FoundCore(core, package, -1, node)
