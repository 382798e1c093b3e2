"""Putting the stores of several shards together."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from simslab.base.errors import UserError
from simslab.experiment.figures.metrics import metrics
from simslab.experiment.figures.observation import inflated
from simslab.experiment.store.given import Given, refuse_others
from simslab.experiment.store.schema import check_same_simslab, told
from simslab.experiment.store.store import DONE, Store


def merge(out: Path, sources: Sequence[Path]) -> tuple[int, int]:
    """Add the contents of `sources` to the store `out`; return how many cells and runs it then holds.

    A finished run takes the place of one that failed; UserError if two finished ones of one key differ, and, before
    anything is written, if an input of one name said different things. The base is that of the first store that has
    one. Metrics that only some stores hold are taken of all runs.
    """
    with ExitStack() as stack:
        opened = [stack.enter_context(Store.open(source)) for source in sources]  # all, before anything is written
        for source in opened:
            check_same_simslab(source.connection, source.path)
        _refuse_other_inputs(opened)
        with Store.create(out) as store:
            _refuse_other_inputs([store, *opened])
            for source in opened:
                _take(store, source)
            store.measure(metrics(store.units()))
            bases = [base for each in (store, *opened) if (base := each.base())]
            if bases:
                store.compare_with(json.dumps(bases[0], sort_keys=True, ensure_ascii=False))
            return len(store.cells()), len(store.statuses())


def _refuse_other_inputs(stores: Sequence[Store]) -> None:
    """UserError, which names the later store, if an input of one name says different things in two of them."""
    known: list[Given] = []
    for source in stores:
        told_of = "was made from another {} than the other stores"
        refuse_others(known, source.given(), told_of, str(source.path), "stores of the same inputs")
        known += source.given()


def _take(store: Store, source: Store) -> None:
    def rows(query: str) -> list[tuple[Any, ...]]:
        try:
            return source.connection.execute(query).fetchall()
        except sqlite3.Error as error:
            raise told(error, source.path) from None

    store.take_inputs(source.given())
    store.configure(source.configurations())
    store.claim(rows("SELECT parameters, resolved, seed, run FROM cells"))
    with store.writing() as connection:
        for row in rows("SELECT * FROM runs"):
            if _wanted(connection, row, source):
                connection.execute("DELETE FROM metrics WHERE run = ?", (row[0],))
                connection.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        query = "INSERT OR IGNORE INTO metrics SELECT ?, ?, ?, ? FROM runs WHERE key = ? AND status = ?"
        for metric in rows("SELECT run, metric, unit, value FROM metrics"):
            connection.execute(query, (*metric, metric[0], DONE))


def _wanted(connection: sqlite3.Connection, row: tuple[Any, ...], source: Store) -> bool:
    """Whether a run of `source` is to be taken; UserError if it contradicts one that is there."""
    there = connection.execute("SELECT status, measured FROM runs WHERE key = ?", (row[0],)).fetchone()
    if there is None:
        return True
    if there[0] != DONE:
        return bool(row[4] == DONE)
    if row[4] == DONE and _measured(there[1], source) != _measured(row[7], source):
        raise UserError(f"run {row[0][:12]} differs from the other store's", file=str(source.path), expected="the same")
    return False


def _measured(packed: Any, source: Store) -> bytes:
    """Return what a run measured; UserError if its bytes are damaged."""
    try:
        return inflated(packed)
    except (zlib.error, TypeError):
        told_of = "or the store it is merged into holds a run whose result is damaged"
        raise UserError(told_of, file=str(source.path), expected="whole stores") from None
