"""A store of results: what `simslab sweep` writes, and what figures, reports and scripts read.

with Store.open("sweep.db") as store:
    for cell in store.cells():
        print(cell.parameters, cell.seed, cell.figures["latency.p99"])
    histogram = store.observation(cell).measurement.latency
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from simslab.base.errors import UserError
from simslab.experiment.figures.metrics import Metric, figures
from simslab.experiment.figures.observation import Observation, unpacked
from simslab.experiment.store.given import Given, refuse_others
from simslab.experiment.store.schema import MEMORY, VERSION, Lock, check_same_simslab, connect, told

DONE: Final = "done"
FAILED: Final = "failed"
KILLED: Final = "killed"
BASE: Final = "base"  # in `about`
CELLS: Final = """SELECT cells.parameters, cells.resolved, cells.seed, runs.key, runs.status, runs.error
                  FROM cells JOIN runs ON runs.key = cells.run WHERE {} ORDER BY cells.parameters, cells.seed"""


@dataclass(frozen=True)
class StoredCell:
    """One cell as stored: parameters as typed, absolute `values`, and the figures of its run."""

    parameters: Mapping[str, str]
    values: Mapping[str, str]
    seed: int
    run: str
    status: str
    error: str
    figures: Mapping[str, float | None]

    @property
    def label(self) -> str:
        """The parameters in one text."""
        return json.dumps(dict(self.parameters), sort_keys=True, ensure_ascii=False)

    @property
    def failure(self) -> str:
        """The cell and the last line of its error, in one line."""
        return f"{self.label}, seed {self.seed}: {(self.error.strip().splitlines() or [''])[-1]}"


@dataclass(frozen=True)
class Configured:
    """A machine or a workload with every value, and the hashes of the files that it was read from."""

    hash: str
    kind: str
    name: str
    resolved: Mapping[str, Any]
    inputs: Mapping[str, str]


@dataclass(frozen=True)
class NewRun:
    """A run to be stored: `measured` is a packed observation, None if it failed."""

    key: str
    machine: str
    workload: str
    seed: int
    status: str
    error: str = ""
    seconds: float = 0.0
    measured: bytes | None = None


class Store:
    """An open store. Reading never changes the file; `create` opens it for one writer."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: Lock | None = None) -> None:
        self.path = path
        self.connection = connection
        self.lock = lock
        self.closed = False

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a store for reading; UserError if it is missing, damaged or of another version."""
        return cls(Path(path), connect(Path(path), write=False))

    @classmethod
    def create(cls, path: str | Path) -> Self:
        """Open a store for writing, making it where there is none; UserError if another sweep writes to it."""
        with ExitStack() as opened:  # closed again where the store is refused
            lock = None if str(path) == MEMORY else Lock(Path(path))
            if lock is not None:
                opened.callback(lock.release)
            connection = opened.enter_context(closing(connect(Path(path), write=True)))
            check_same_simslab(connection, Path(path))
            opened.pop_all()
        return cls(Path(path), connection, lock)

    def close(self) -> None:
        """Close the file; what was written is there."""
        self.connection.close()
        self.closed = True
        if self.lock is not None:
            self.lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is stored, or nothing. UserError if it cannot be."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise told(error, self.path) from None

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self.connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise told(error, self.path) from None

    # -- reading ------------------------------------------------------------------------------------------------------

    def _plain(self, text: Any) -> dict[str, Any]:
        """Return the mapping that a column holds as JSON; UserError if it is none."""
        try:
            value = json.loads(text)
        except (ValueError, TypeError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise UserError("is damaged: a column holds no mapping", file=str(self.path), expected="a store of simslab")
        return value

    def about(self) -> dict[str, str]:
        """Return format, version, and the simslab that made the results."""
        return dict(self._rows("SELECT name, value FROM about WHERE name != ? ORDER BY name", BASE))

    def base(self) -> dict[str, str]:
        """Return the parameters of the point that others were last compared with; empty where no sweep said one."""
        rows = self._rows("SELECT value FROM about WHERE name = ?", BASE)
        return self._plain(rows[0][0]) if rows else {}

    def cells(self) -> list[StoredCell]:
        """Return all cells that have been run, by parameters and seed."""
        found: dict[str, dict[str, float | None]] = {}
        for run, metric, value in self._rows("SELECT run, metric, value FROM metrics ORDER BY run, metric"):
            found.setdefault(run, {})[metric] = value
        return [
            StoredCell(self._plain(parameters), self._plain(values), seed, run, status, error, found.get(run, {}))
            for parameters, values, seed, run, status, error in self._rows(CELLS.format("1"))
        ]

    def failures(self) -> dict[str, str]:
        """Return, of each run that failed or was killed, its first cell with the error in one line, by key."""
        found: dict[str, str] = {}
        for parameters, _, seed, run, status, error in self._rows(CELLS.format("runs.status != ?"), DONE):
            found.setdefault(run, StoredCell(self._plain(parameters), {}, seed, run, status, error, {}).failure)
        return found

    def units(self) -> dict[str, str]:
        """Return the unit of every metric that is stored, by name."""
        return dict(self._rows("SELECT DISTINCT metric, unit FROM metrics ORDER BY metric"))

    def observation(self, cell: StoredCell | str) -> Observation:
        """Return everything measured in a cell (or a run's key); UserError if it failed."""
        key = cell if isinstance(cell, str) else cell.run
        rows = self._rows("SELECT measured, error FROM runs WHERE key = ?", key)
        if not rows or rows[0][0] is None:
            raise UserError(f"holds no result of {key[:12]}", file=str(self.path))
        return unpacked(rows[0][0], str(self.path))

    def configurations(self) -> list[Configured]:
        """Return the machines and workloads that were run, by kind and hash."""
        rows = self._rows("SELECT hash, kind, name, resolved, inputs FROM configurations ORDER BY kind, hash")
        return [Configured(h, kind, name, self._plain(t), self._plain(files)) for h, kind, name, t, files in rows]

    def configurations_of(self, cell: StoredCell) -> tuple[str, str]:
        """Return the hashes of a cell's machine and workload."""
        row = self._rows("SELECT machine, workload FROM runs WHERE key = ?", cell.run)[0]
        return row[0], row[1]

    def given(self) -> list[Given]:
        """Return what the inputs said, by kind and name; of a store of version 1, which does not hold it, nothing."""
        if self.about().get("version") != str(VERSION):
            return []
        rows = self._rows("SELECT kind, name, content FROM inputs ORDER BY kind, name")
        for _, _, content in rows:
            self._plain(content)
        return [Given(*row) for row in rows]

    def statuses(self) -> dict[str, str]:
        """Return the status of every run, by key."""
        return dict(self._rows("SELECT key, status FROM runs"))

    def seconds(self) -> float:
        """Return the mean host time of a finished run; 0 of none."""
        return float(self._rows("SELECT coalesce(avg(seconds), 0) FROM runs WHERE status = ?", DONE)[0][0])

    # -- writing ------------------------------------------------------------------------------------------------------

    def take_inputs(self, given: Sequence[Given]) -> None:
        """Store what inputs say; UserError if one of them said something else when results of its name were made."""
        expected = "a new store, or the file as it was"
        refuse_others(self.given(), given, "holds results of another {}", str(self.path), expected)
        with self.writing() as connection:
            rows = [(each.kind, each.name, each.content) for each in given]
            connection.executemany("INSERT OR IGNORE INTO inputs VALUES (?, ?, ?)", rows)

    def configure(self, made: Iterable[Configured]) -> None:
        """Store machines and workloads; those that are there stay."""
        rows = [(c.hash, c.kind, c.name, _ordered(c.resolved), _json(c.inputs)) for c in made]
        with self.writing() as connection:
            connection.executemany("INSERT OR IGNORE INTO configurations VALUES (?, ?, ?, ?, ?)", rows)

    def claim(self, cells: Iterable[tuple[str, str, int, str]]) -> None:
        """Store cells, each (parameters, resolved, seed, key of its run) before it runs.

        UserError if one stands there with another run: what it is made from has changed.
        """
        with self.writing() as connection:
            for parameters, values, seed, run in cells:
                connection.execute("INSERT OR IGNORE INTO cells VALUES (?, ?, ?, ?)", (parameters, values, seed, run))
                query = "SELECT run FROM cells WHERE parameters = ? AND seed = ?"
                if connection.execute(query, (parameters, seed)).fetchone()[0] != run:
                    told = "its machine or workload has changed, or the order of what is set in it"
                    message = f"holds another run of {parameters}, seed {seed}: {told}"
                    expected = "a new store, or the files and the order of --set as they were"
                    raise UserError(message, file=str(self.path), expected=expected)

    def add(self, run: NewRun, values: Mapping[str, float | None], units: Mapping[str, str]) -> None:
        """Store a run with its figures; one that failed or was killed before is replaced."""
        with self.writing() as connection:
            connection.execute("DELETE FROM metrics WHERE run = ?", (run.key,))
            connection.execute(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (run.key, run.machine, run.workload, run.seed, run.status, run.error, run.seconds, run.measured),
            )
            self._add_metrics(connection, run.key, values, units)

    def compare_with(self, parameters: str) -> None:
        """Store the point, as a cell has it, that others are compared with where the store is opened alone."""
        with self.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (BASE, parameters))

    def measure(self, chosen: Iterable[Metric]) -> None:
        """Store metrics that were not asked for when the runs were made; nothing is run again."""
        listed = list(chosen)
        have = {(run, metric) for run, metric in self._rows("SELECT run, metric FROM metrics")}
        units = {each.name: each.unit for each in listed}
        for (run,) in self._rows("SELECT key FROM runs WHERE status = ? ORDER BY key", DONE):
            missing = [each for each in listed if (run, each.name) not in have]
            if missing:
                values = figures(self.observation(run), missing)
                with self.writing() as connection:
                    self._add_metrics(connection, run, values, units)

    @staticmethod
    def _add_metrics(
        connection: sqlite3.Connection, run: str, values: Mapping[str, float | None], units: Mapping[str, str]
    ) -> None:
        rows = [(run, name, units[name], value) for name, value in values.items()]
        connection.executemany("INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?)", rows)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), sort_keys=True, ensure_ascii=False)


def _ordered(value: Mapping[str, Any]) -> str:
    """Return JSON with the keys of mappings in their order, which a run made again from it needs (`digest_of`)."""
    return json.dumps(dict(value), ensure_ascii=False)
