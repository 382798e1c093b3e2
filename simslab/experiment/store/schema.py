"""The tables of a store, and opening one: a SQLite file in WAL mode, which other programs may read meanwhile.

A *run* is one simulation, known by the hash of all that it follows from; a *cell* is a run under the parameters of an
experiment. Two cells may share a run (an axis value that changes nothing). The view `rows` has one row a cell and
metric with every parameter in it:

    SELECT json_extract(parameters, '$."tunables.mixed.limit"'), seed, value FROM rows WHERE metric = 'latency.p99'
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

import simslab
from simslab.base.build import code_digest
from simslab.base.errors import UserError, reason

APPLICATION: Final = 0x51AB5707  # PRAGMA application_id of a store
VERSION: Final = 2
READABLE: Final = (1, VERSION)  # version 1 does not hold what its inputs said
MAGIC: Final = b"SQLite format 3\0"
MEMORY: Final = ":memory:"  # a store that goes with its process
ANOTHER: Final = "another --store for new results; this one can still be read: `simslab plot`, `store export`, `report`"
EXPECTED: Final = "a store that `simslab sweep` wrote, or a new name"
TABLES: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE configurations (  -- a machine or a workload with every value, defaults and overrides included
    hash TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, resolved TEXT NOT NULL,
    inputs TEXT NOT NULL  -- JSON: file -> SHA-256 of the bytes that were read
) WITHOUT ROWID;
CREATE TABLE inputs (  -- a machine, a workload or a trace under the name that parameters give it, before overrides
    kind TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (kind, name)  -- JSON: values, or a hash
) WITHOUT ROWID;
CREATE TABLE runs (
    key TEXT PRIMARY KEY, machine TEXT NOT NULL REFERENCES configurations, workload TEXT NOT NULL REFERENCES
    configurations, seed INTEGER NOT NULL, status TEXT NOT NULL CHECK (status IN ('done', 'failed', 'killed')),
    error TEXT NOT NULL DEFAULT '', seconds REAL NOT NULL DEFAULT 0,  -- of the host
    measured BLOB  -- zlib: a line of JSON (parked memory), then result.json with the exact counts of all histograms
) WITHOUT ROWID;
CREATE TABLE cells (
    parameters TEXT NOT NULL,  -- JSON: parameter -> value as typed
    resolved TEXT NOT NULL,  -- JSON: the same with relative values made absolute
    seed INTEGER NOT NULL, run TEXT NOT NULL, PRIMARY KEY (parameters, seed)
) WITHOUT ROWID;
CREATE TABLE metrics (
    run TEXT NOT NULL REFERENCES runs, metric TEXT NOT NULL, unit TEXT NOT NULL, value REAL, PRIMARY KEY (run, metric)
) WITHOUT ROWID;
CREATE VIEW rows AS
    SELECT cells.parameters, cells.resolved, cells.seed, runs.status, runs.error, metrics.metric, metrics.unit,
           metrics.value, runs.key AS run
    FROM cells JOIN runs ON runs.key = cells.run LEFT JOIN metrics ON metrics.run = runs.key;
"""


def is_store(path: str | Path) -> bool:
    """Whether a file is a SQLite file, as stores are."""
    try:
        with Path(path).open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def told(error: sqlite3.Error, path: Path) -> UserError:
    """Return what went wrong with a store in the user's words."""
    text = str(error)
    if "full" in text or "disk I/O" in text:
        return UserError(f"cannot be written: {text}", file=str(path), expected="room on the disk; then the same again")
    if "closed" in text:
        return UserError("the store is closed", file=str(path), expected="open_store(path), or work within `with`")
    if "readonly" in text or "unable to open" in text:
        return UserError("cannot be written", file=str(path), expected="a directory and file that may be written to")
    if "not a database" in text or "malformed" in text or "no such" in text:
        return UserError(f"is damaged or no store ({text})", file=str(path), expected=EXPECTED)
    return UserError(f"cannot be used: {text}", file=str(path), expected=EXPECTED)


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Open a store, making it if `write` and there is none; UserError if it is damaged or of another version."""
    if not write and not path.exists():
        raise UserError("there is no such store", file=str(path), expected=EXPECTED)
    try:
        connection = _connect(path, write)
        try:
            if write:
                _prepare(connection, path)
            _check(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise told(error, path) from None
    return connection


def _connect(path: Path, write: bool) -> sqlite3.Connection:
    if str(path) == MEMORY:
        return sqlite3.connect(MEMORY, isolation_level=None, check_same_thread=False)
    if path.is_dir():
        raise UserError("is a directory", file=str(path), expected=EXPECTED)
    # Where nobody may write, not even the index of the log can be made; without a log there is nothing to index.
    alone = not write and not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if write else 'ro'}{'&immutable=1' if alone else ''}"
    return sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None, check_same_thread=False)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")  # survives the end of any process; a power cut may cost a cell
    if not connection.execute("PRAGMA application_id").fetchone()[0]:
        _create(connection, path)


def _create(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise UserError("is a database of something else", file=str(path), expected=EXPECTED)
    connection.execute("PRAGMA journal_mode = WAL")
    made_by = {"simslab_version": simslab.__version__, "simslab_code": code_digest()}
    about = {"format": "simslab-store", "version": str(VERSION), **made_by}
    statements = [f"INSERT INTO about VALUES ('{name}', '{value}');" for name, value in about.items()]
    connection.executescript(
        f"BEGIN IMMEDIATE; {TABLES} {' '.join(statements)} PRAGMA user_version = {VERSION}; "
        f"PRAGMA application_id = {APPLICATION}; COMMIT;"
    )


def _check(connection: sqlite3.Connection, path: Path) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION:
        raise UserError("is no store", file=str(path), expected=EXPECTED)
    if version not in READABLE:
        known = " or ".join(map(str, READABLE))
        raise UserError(
            f"is a store of version {version}", file=str(path), expected=f"version {known}, which this simslab reads"
        )
    page = connection.execute("PRAGMA page_size").fetchone()[0]
    if str(path) != MEMORY and path.stat().st_size % page:  # SQLite would read zeros where the last page ends early
        raise UserError("is damaged (it ends too early)", file=str(path), expected=EXPECTED)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except UnicodeDecodeError:  # SQLite's complaint quotes a name that the damage has hit
        found = "a name is no text"
    if found != "ok":
        raise UserError(f"is damaged ({' '.join(str(found).split())})", file=str(path), expected=EXPECTED)


def check_same_simslab(connection: sqlite3.Connection, path: Path) -> None:
    """UserError if a store is damaged, or holds results of other code: those must not stand beside this one's.

    One of an earlier version can be read alone, as it does not tell whether its inputs were these.
    """
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        about = dict(connection.execute("SELECT name, value FROM about"))
    except sqlite3.Error as error:
        raise told(error, path) from None
    if "simslab_version" not in about:
        raise UserError("is damaged (it does not say which simslab made it)", file=str(path), expected=EXPECTED)
    if version != VERSION:
        told_of = (
            f"is a store of version {version}, to which nothing can be added: it does not hold what its inputs said"
        )
        raise UserError(told_of, file=str(path), expected=ANOTHER)
    made, code = about["simslab_version"], about.get("simslab_code", "not told")
    if made != simslab.__version__:
        told_of = f"holds results of simslab {made}, this is {simslab.__version__}"
        raise UserError(told_of, file=str(path), expected=ANOTHER)
    if code != code_digest():
        told_of = f"holds results of other code of simslab {made} ({code}), this is {code_digest()}"
        raise UserError(told_of, file=str(path), expected=ANOTHER)


class Lock:
    """Keeps two sweeps from writing into one store; goes with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # It need not be fast: flock and SQLite's own locks do not meet, and the descriptor outlives the connection.
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise UserError(f"cannot be written: {reason(error)}", file=str(path)) from None
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self.descriptor)
            expected = "its end, or a store of one's own to be merged later"
            raise UserError("another sweep is writing to this store", file=str(path), expected=expected) from None

    def release(self) -> None:
        """Let others write."""
        with suppress(OSError):
            os.close(self.descriptor)
