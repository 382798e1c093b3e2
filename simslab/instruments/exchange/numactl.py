"""The text of `numactl -H` (or --hardware) read into a `FoundMachine`.

It tells nodes, CPUs, memory and distances. Packages and threads are inferred: nodes closer than NEAR share a package,
and where a node's CPUs are two equal runs half the machine apart, the second run are second threads.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from simslab.base.errors import UserError
from simslab.instruments.exchange.found import FoundCore, FoundMachine, FoundNode
from simslab.instruments.exchange.xml_input import read_text

EXPECTED: Final = "the output of numactl -H"
NEAR: Final = 13  # distance up to which nodes are taken to be in one package: 11 and 12 are what firmware tells there
LOCAL: Final = 10

_AVAILABLE: Final = re.compile(r"available:\s+(\d{1,4})\s+nodes?\b")
_CPUS: Final = re.compile(r"node\s+(\d{1,4})\s+cpus:((?:\s+\d{1,5})*)\s*")
_SIZE: Final = re.compile(r"node\s+(\d{1,4})\s+size:\s+(\d{1,12})\s*MB\s*")
_HEAD: Final = re.compile(r"node((?:\s+\d{1,4})+)\s*")
_ROW: Final = re.compile(r"\s*(\d{1,4}):((?:\s+\d{1,3})+)\s*")


def read_numactl(path: Path) -> FoundMachine:
    """Return the machine that `numactl -H` told; UserError if the file is something else."""
    lines = read_text(path, EXPECTED).splitlines()
    if not any(_AVAILABLE.match(line.strip()) for line in lines):
        raise UserError("is not from numactl: no line 'available: N nodes'", file=str(path), expected=EXPECTED)
    cpus = dict(_members(lines))
    memory = {int(match[1]): int(match[2]) << 20 for line in lines if (match := _SIZE.fullmatch(line.strip()))}
    if not any(cpus.values()):
        raise UserError("tells no CPUs", file=str(path), expected="lines 'node N cpus: ...'")
    order = sorted(cpus.keys() | memory.keys())
    twice = next((cpu for cpu, times in Counter(chain(*cpus.values())).items() if times > 1), None)
    if twice is not None:
        raise UserError(f"CPU {twice} is in two nodes", file=str(path), expected="each CPU in one node")
    rows, note = _distances(lines, order, path)
    packages = _packages([number for number in order if cpus.get(number)], order, rows)
    cores = list(_cores(cpus, packages))
    apart = rows is not None and len(set(packages.values())) < len(packages)
    return FoundMachine(
        source="numactl",
        name=path.stem,
        cores=cores,
        nodes=[FoundNode(number, cpus.get(number, ()), memory.get(number)) for number in order],
        distances=rows,
        sections={"l3": {"scope": "node"}} if apart else {},
        guessed=frozenset({"layout"}),
        notes=[f"packages (nodes up to {NEAR} apart), cores and threads are inferred", *([note] if note else [])],
    )


def _members(lines: Sequence[str]) -> Iterator[tuple[int, tuple[int, ...]]]:
    for line in lines:
        match = _CPUS.fullmatch(line.strip())
        if match is not None:
            yield int(match[1]), tuple(sorted({int(word) for word in match[2].split()}))


def _distances(lines: Sequence[str], order: Sequence[int], path: Path) -> tuple[list[list[int]] | None, str]:
    """Return the table with rows and columns in the order of the nodes, and a note if it cannot be used."""
    start = next((index for index, line in enumerate(lines) if line.strip().startswith("node distances")), len(lines))
    columns: list[int] = []
    known: dict[tuple[int, int], int] = {}
    for number, line in enumerate(lines[start + 1 :], start + 2):
        if head := _HEAD.fullmatch(line.strip()):
            columns = [int(word) for word in head[1].split()]
        elif row := _ROW.fullmatch(line):
            values = [int(word) for word in row[2].split()]
            if len(values) != len(columns):
                message = f"{len(values)} distances in {len(columns)} columns"
                raise UserError(message, file=str(path), line=number, column=1, expected=EXPECTED)
            known |= {(int(row[1]), column): value for column, value in zip(columns, values, strict=True)}
    if not known:
        return None, ""
    rows = [[known.get((a, b), 0) for b in order] for a in order]
    if any((a == b) != (known.get((a, b), 0) == LOCAL) or known.get((a, b), 0) < LOCAL for a in order for b in order):
        return None, "the distances are not 10 for a node itself and more for others: left out, as the kernel does"
    return [[min(255, value) for value in row] for row in rows], ""


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
    for node, package in packages.items():
        own = cpus[node]
        half = len(own) // 2
        paired = len(own) % 2 == 0 and all(own[i] + total // 2 == own[i + half] for i in range(half))
        threads = [(own[i], own[i + half]) for i in range(half)] if paired else [(cpu,) for cpu in own]
        for core in threads:
            yield FoundCore(core, package, -1, node)
