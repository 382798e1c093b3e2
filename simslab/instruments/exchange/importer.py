"""One function per kind of input: a file of another tool in, the text of a machine file out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from simslab.instruments.exchange.found import FoundMachine
from simslab.instruments.exchange.hwloc.reader import read_hwloc
from simslab.instruments.exchange.machine_file import machine_file
from simslab.instruments.exchange.mlc import read_mlc
from simslab.instruments.exchange.mlc_machine import mlc_machine
from simslab.instruments.exchange.numactl import read_numactl
from simslab.machine.library import load_machine

TEMPLATE: Final = "two-socket"

Reader = Callable[[Path], FoundMachine]


def import_hwloc(path: Path, template: str = TEMPLATE) -> str:
    """Return the machine file of lstopo's XML; UserError if that is not what `path` holds."""
    return _imported(read_hwloc, path, template)


def import_numactl(path: Path, template: str = TEMPLATE) -> str:
    """Return the machine file of what `numactl -H` told; UserError if that is not what `path` holds."""
    return _imported(read_numactl, path, template)


def import_mlc(path: Path, template: str = TEMPLATE, links: bool = False) -> str:
    """Return the machine file of what Intel MLC measured; UserError if that is not what `path` holds.

    With `links` its latencies are decomposed into links, which can be scaled; else they are the measured matrix.
    """
    spec = load_machine(template)
    return machine_file(mlc_machine(read_mlc(path), spec, path, links), spec, path)


def _imported(read: Reader, path: Path, template: str) -> str:
    return machine_file(read(path), load_machine(template), path)
