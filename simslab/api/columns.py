"""Tables as NumPy columns, and as pandas data frames where that is installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simslab.base.errors import UserError
from simslab.report.comparison.sweep_text import aligned

Column = npt.NDArray[Any]
SHOWN = 10  # rows of a repr


class Columns(Mapping[str, Column]):
    """A table: columns of equal length by name, which nobody can change.

    >>> from simslab.api.columns import Columns
    >>> table = Columns({"path": ["hit", "grow"], "count": [9, 1]})
    >>> table["count"].sum(), len(table["path"]), list(table)
    (np.int64(10), 2, ['path', 'count'])
    """

    def __init__(self, columns: Mapping[str, Sequence[Any] | Column]) -> None:
        self._columns = {name: _column(values) for name, values in columns.items()}

    def __getitem__(self, name: str) -> Column:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self._columns.values()), ()))

    def where(self, **values: object) -> Columns:
        """Return the rows whose columns have these values: `table.where(operation="alloc", path="hit")`."""
        chosen = np.ones(self.rows, dtype=bool)
        for name, value in values.items():
            chosen &= self[name] == value
        return Columns({name: column[chosen] for name, column in self.items()})

    def to_dataframe(self) -> Any:
        """Return a pandas DataFrame; UserError where pandas is not installed."""
        try:
            import pandas
        except ImportError:
            raise UserError("data frames need pandas", expected="pip install '.[data]'") from None
        return pandas.DataFrame(dict(self))

    def __repr__(self) -> str:
        rows = [list(self), *([str(self[name][i]) for name in self] for i in range(min(self.rows, SHOWN)))]
        more = f"\n... {self.rows - SHOWN} more rows" if self.rows > SHOWN else ""
        return aligned(rows) + more if self.rows else f"no rows of {', '.join(self)}"

    def _repr_html_(self) -> str:
        from html import escape

        head = "".join(f"<th>{escape(name)}</th>" for name in self)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(self[name][i]))}</td>" for name in self) + "</tr>"
            for i in range(min(self.rows, 10 * SHOWN))
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _column(values: Sequence[Any] | Column) -> Column:
    """Return values as an array; what is absent among numbers is NaN, so that sums and means of the column work."""
    column: Column = np.asarray(values)
    if column.ndim == 1 and column.dtype == object and _numbers_or_none(column):
        column = column.astype(float)
    if column.ndim != 1:
        column = np.empty(len(values), dtype=object)
        column[:] = list(values)
    else:
        column = column.copy()
    column.flags.writeable = False
    return column


def _numbers_or_none(column: Column) -> bool:
    known = [value for value in column if value is not None]
    return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)
