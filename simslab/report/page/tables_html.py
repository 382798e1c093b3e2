"""The tables of the summary as HTML that sorts by a click on a head."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from simslab.report.tables import Table


def table_html(table: Table) -> str:
    """Return a table as HTML; figures are to the right, notes below."""
    return "\n".join(_lines(table))


def _lines(table: Table) -> Iterator[str]:
    yield f"<section><h3>{escape(table.title)}</h3><div class=wide><table>"
    heads = "".join(f"<th{_side(table, i)} tabindex=0>{escape(head)}</th>" for i, head in enumerate(table.columns))
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    for row in table.rows:
        yield "<tr>" + "".join(f"<td{_side(table, i)}>{_cell(cell)}</td>" for i, cell in enumerate(row)) + "</tr>"
    note = f"<p class=note>{escape(table.note)}</p>" if table.note else ""
    yield f"</tbody></table></div>{note}</section>"


def _side(table: Table, column: int) -> str:
    return "" if column < table.texts else " class=n"


def _cell(text: str) -> str:
    """Return a cell; the indentation of a part below its whole stays."""
    inner = text.lstrip(" ")
    return "&emsp;" * ((len(text) - len(inner)) // 2) + escape(inner)
