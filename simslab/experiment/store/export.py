"""Results for other programs: tidy CSV, JSON lines, Parquet; one row a cell and metric, all parameters in it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from simslab.base.errors import UserError, near_miss
from simslab.base.output import write_file
from simslab.base.printable import csv_cell
from simslab.experiment.grid.in_force import said_value
from simslab.experiment.store.store import Store, StoredCell

Row = Mapping[str, Any]
LAST: Final = ("seed", "metric", "unit", "value", "status", "error")


def cells_of(store: Store, seeds: Mapping[str, Collection[int]] | None = None) -> list[StoredCell]:
    """Return the cells of a store; with `seeds` (`StoredCell.label` -> seeds) of these points and seeds alone."""
    return [cell for cell in store.cells() if seeds is None or cell.seed in seeds.get(cell.label, ())]


def tidy_rows(
    store: Store, seeds: Mapping[str, Collection[int]] | None = None, names: Collection[str] | None = None
) -> Iterator[Row]:
    """Yield one row for each cell and metric, in one order whatever the order of the runs; failures have one row.

    With `seeds` those of `cells_of`, with `names` of these metrics alone.
    A parameter that was given relatively stands as its absolute value; as it was typed, in the column `NAME (typed)`.
    One of which others change a part names them: `{limit: 60, shared: 8} (but for tunables.mixed.limit)`.
    """
    cells = cells_of(store, seeds)
    units = store.units()
    relative = {n for cell in cells for n in cell.parameters if cell.parameters[n] != cell.values.get(n)}
    parameters = sorted({name for cell in cells for name in cell.parameters})
    for cell in cells:
        head = {name: _said(name, cell) for name in parameters}
        head |= {f"{name} (typed)": cell.parameters.get(name) for name in parameters if name in relative}
        tail = {"status": cell.status, "error": cell.error}
        figures = {name: value for name, value in cell.figures.items() if names is None or name in names}
        for metric, value in sorted(figures.items()):
            yield {**head, "seed": cell.seed, "metric": metric, "unit": units[metric], "value": value, **tail}
        if not figures:
            yield {**head, "seed": cell.seed, "metric": None, "unit": None, "value": None, **tail}


def _said(name: str, cell: StoredCell) -> str | None:
    value = cell.values.get(name)
    return None if value is None else said_value(name, value, cell.values)


def csv_text(store: Store) -> str:
    """Return the rows as CSV with a head line; what is absent is empty."""
    rows = list(tidy_rows(store))
    out = io.StringIO()
    columns = list(rows[0]) if rows else list(LAST)
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writerow({name: csv_cell(name) for name in columns})
    writer.writerows({name: csv_cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def json_lines(
    store: Store, seeds: Mapping[str, Collection[int]] | None = None, names: Collection[str] | None = None
) -> str:
    """Return the rows as JSON, one a line; with `seeds` and `names` those that `tidy_rows` yields of them."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in tidy_rows(store, seeds, names))


def _write_parquet(store: Store, path: Path) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UserError("Parquet needs pyarrow", expected="pip install '.[data]', or csv or jsonl") from None
    table = pyarrow.Table.from_pylist([dict(row) for row in tidy_rows(store)])
    pyarrow.parquet.write_table(table, path)


FORMATS: Final[dict[str, Callable[[Store], str]]] = {"csv": csv_text, "jsonl": json_lines}
PARQUET: Final = "parquet"


def export(store: Store, path: Path, kind: str | None = None, *, force: bool = False) -> None:
    """Write the rows to `path`, as `kind` or what its suffix says; UserError if it is there, unless `force`."""
    known = (*FORMATS, PARQUET)
    wanted = kind or path.suffix.removeprefix(".")
    if wanted not in known:
        told = f"'{wanted}' is no format" if wanted else "has no suffix that tells the format"
        raise UserError(told, file=str(path), expected=" or ".join(known), near=near_miss(wanted, known))
    if path.is_file() and not force:
        raise UserError("is there already", file=str(path), expected="a new name, or --force")
    if wanted == PARQUET:
        _write_parquet(store, path)
    else:
        write_file(path, FORMATS[wanted](store))
