"""The rows that the model is compared with: data files, one row a figure.

`silicon-allocators.csv` and `silicon-machine.csv` are measurements of the real mm/slab.c on real cores; `published.csv`
are figures of mails and manuals. Columns: source, machine (a shipped one), nodes, workload, parameters (`name=value`,
separated by blanks), metric, value, low, high, unit (ns or cycles), tolerance (a share), use (`calibration`: the
model's costs were chosen with it in view; `prediction`: they were not), and, where it is not slab, allocator. Rows are
added by adding data.

`delay_ps` of a qspinlock row is the time of its `delay` turns of a loop: what they add to the row of one CPU.
`timer_ps` of a hist_nn row is what its machine takes for the two readings of the clock around each operation.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from simslab.base.documents.input import read_text
from simslab.base.errors import UserError, near_miss
from simslab.machine.description.cpulist import MAX_CPUS
from simslab.workload.description.quantities import LARGEST_KMALLOC
from simslab.workload.description.tunables import OF_SLAB

FILES: Final = ("silicon-allocators.csv", "silicon-machine.csv", "published.csv")
COLUMNS: Final = (
    "source",
    "machine",
    "nodes",
    "workload",
    "parameters",
    "metric",
    "value",
    "low",
    "high",
    "unit",
    "tolerance",
    "use",
)  # fmt: skip
ALLOCATORS: Final = ("slab", "slub")
USES: Final = ("calibration", "prediction")
UNITS: Final = ("ns", "cycles")
NODES: Final = (1, 2)  # that a machine has a variant of
MAX_BYTES: Final = 16 << 20
SLAB_UP_TO_46: Final = ("colour_under_list_lock", "refill_under_list_lock", "look_under_list_lock")
UP_TO_46: Final = (*SLAB_UP_TO_46, "pages_of_46")  # kernel options
LIMITS: Final = {  # least and most of each parameter
    "size": (1, LARGEST_KMALLOC),
    "cpus": (1, MAX_CPUS),
    "pairs": (1, MAX_CPUS),
    "freer": (1, MAX_CPUS - 1),
    "n": (1, 1 << 18),
    "k": (1, 1 << 14),
    "live": (1, 1 << 18),
    "ring": (1, 1 << 18),
    "share": (0, 100),
    "order": (0, 10),
    "batch": (1, 1 << 14),  # blocks of pages that are allocated before the first is freed
    "limit": (0, 1 << 16),  # 0: the cache's own
    "batchcount": (0, 1 << 16),
    "shared": (0, 1 << 10),
    "cpu_partial": (0, 1 << 16),
    "delay": (0, 10**9),
    "delay_ps": (0, 10**9),
    "timer_ps": (0, 10**9),
    "kmalloc": (0, 1),  # kmalloc and kfree in place of a cache of the row's own
    **dict.fromkeys(UP_TO_46, (0, 1)),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure; between `low` and `high` lie its repeats, or the range that was published."""

    file: str
    line: int
    source: str
    machine: str
    nodes: int
    workload: str
    parameters: str
    metric: str
    value: float
    low: float
    high: float
    unit: str
    tolerance: float
    use: str
    allocator: str = "slab"

    def number(self, name: str) -> int:
        """Return a parameter; UserError when the row lacks it."""
        if not self.has(name):
            raise self.wrong(f"the row has no number '{name}'", expected=f"'{name}=' among its parameters")
        return self._numbers[name]

    def has(self, name: str) -> bool:
        """Whether the row has a parameter."""
        return name in self._numbers

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the row's parameters, in their order."""
        return tuple(self._numbers)

    @property
    def foreign(self) -> tuple[str, ...]:
        """The names of parameters that are of the other allocator."""
        return ("cpu_partial",) if self.allocator == "slab" else (*OF_SLAB, *SLAB_UP_TO_46)

    @property
    def of_kmalloc(self) -> bool:
        """Whether objects are kmalloc's and not of a cache of the row's own."""
        return self.has("kmalloc") and self.number("kmalloc") > 0

    @property
    def _numbers(self) -> dict[str, int]:
        return {name: int(text) for name, _, text in (pair.partition("=") for pair in self.parameters.split())}

    def wrong(self, told: str, expected: str, near: str = "") -> UserError:
        """Return what is wrong with the row, with its place."""
        return UserError(told, file=self.file, line=self.line, column=1, expected=expected, near=near)

    @property
    def title(self) -> str:
        """The row in words: machine, nodes, workload (with the allocator, if not SLAB), parameters, metric."""
        workload = self.workload if self.allocator == "slab" else f"{self.workload} {self.allocator}"
        return f"{self.machine} {self.nodes} {workload} {self.parameters} {self.metric}"

    @property
    def question(self) -> tuple[str, int, str, str, str, str]:
        """What one run of the model answers: rows that differ in their metric alone share it."""
        return self.machine, self.nodes, self.workload, self.parameters, self.unit, self.allocator


def shipped_rows() -> list[Row]:
    """Return the rows of all shipped files."""
    folder = resources.files("simslab.instruments.validate")
    return [row for name in FILES for row in parse(folder.joinpath(name).read_text(encoding="utf-8"), name)]


def read_file(path: Path) -> list[Row]:
    """Return the rows of a user's file; UserError when it is no such table."""
    return parse(read_text(path, "a table of measured rows", MAX_BYTES), str(path))


def parse(text: str, file: str) -> list[Row]:
    """Return the rows of a table; UserError for the first that is none."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            told = f"has no column '{missing[0]}'"
            raise UserError(told, file=file, line=1, column=1, expected=", ".join(COLUMNS))
        return [_checked(_row(fields, file, reader.line_num)) for fields in reader]
    except csv.Error as error:
        raise UserError(f"is no CSV: {error}", file=file, line=reader.line_num, column=1) from None


def _checked(row: Row) -> Row:
    """Return a row that can be asked of some machine; UserError for any other."""
    if row.use not in USES:
        raise row.wrong(f"use '{row.use}'", expected=" or ".join(USES))
    if row.unit not in UNITS:
        raise row.wrong(f"unit '{row.unit}'", expected=" or ".join(UNITS))
    if row.allocator not in ALLOCATORS:
        raise row.wrong(f"allocator '{row.allocator}'", expected=" or ".join(ALLOCATORS))
    if row.nodes not in NODES:
        raise row.wrong(f"{row.nodes} nodes", expected="1 or 2")
    figures = (row.low, row.value, row.high)
    if not all(math.isfinite(figure) and figure > 0 for figure in figures) or list(figures) != sorted(figures):
        raise row.wrong("is no row of figures above 0", expected="low <= value <= high")
    if not 0 <= row.tolerance < math.inf:
        raise row.wrong(f"tolerance {row.tolerance}", expected="a share such as 0.15")
    for pair in row.parameters.split():
        _check_parameter(row, pair)
    if len(row.names) < len(row.parameters.split()):
        raise row.wrong("tells a parameter twice", expected="each once")
    for name in filter(row.has, row.foreign):
        raise row.wrong(f"'{name}' is no parameter of {row.allocator.upper()}'s rows", expected=f"no '{name}='")
    if any(map(row.has, OF_SLAB)) and not row.has("limit"):
        raise row.wrong("tunables without a limit", expected="'limit=' among the parameters, 0 for the cache's own")
    if row.has("limit") and row.has("batchcount") and row.number("batchcount") > row.number("limit"):
        raise row.wrong("the batchcount is above the limit", expected="limit >= batchcount")
    return row


def _check_parameter(row: Row, pair: str) -> None:
    name, _, text = pair.partition("=")
    if name not in LIMITS:
        raise row.wrong(f"unknown parameter '{pair}'", expected=", ".join(LIMITS), near=near_miss(name, LIMITS))
    least, most = LIMITS[name]
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and least <= int(text) <= most):
        raise row.wrong(f"'{pair}'", expected=f"{name}= a whole number from {least} to {most}")


def _row(fields: dict[str, str | None], file: str, line: int) -> Row:
    told = {name: (fields[name] or "").strip() for name in COLUMNS}
    try:
        value, low, high, tolerance = (float(told[name]) for name in ("value", "low", "high", "tolerance"))
        nodes = int(told["nodes"])
    except ValueError as error:
        told_why = f"is no row of figures: {error}"
        raise UserError(told_why, file=file, line=line, column=1, expected="numbers") from None
    return Row(
        file,
        line,
        told["source"],
        told["machine"],
        nodes,
        told["workload"],
        told["parameters"],
        told["metric"],
        value,
        low,
        high,
        told["unit"],
        tolerance,
        told["use"],
        (fields.get("allocator") or "slab").strip(),
    )
