"""The tables of the summary as HTML that sorts by a click on a head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import escape

from simslab.report.glossary import meanings
from simslab.report.tables import Table


def table_html(table: Table) -> str:
    """Return a table as HTML; figures are to the right, notes below, columns without any cell left out.

    The pointer over a word of the glossary shows its meaning.
    """
    return "\n".join(_lines(_without_empty(table)))


def _without_empty(table: Table) -> Table:
    kept = [i for i in range(len(table.columns)) if i < table.texts or any(row[i] for row in table.rows)]
    rows = tuple(tuple(row[i] for i in kept) for row in table.rows)
    return replace(table, columns=tuple(table.columns[i] for i in kept), rows=rows)


def _lines(table: Table) -> Iterator[str]:
    yield f"<section><h3>{escape(table.title)}</h3><div class=wide><table>"
    heads = "".join(f"<th{_side(table, i)} tabindex=0>{escape(head)}</th>" for i, head in enumerate(table.columns))
    yield f"<thead><tr>{heads}</tr></thead><tbody>"
    for row in table.rows:
        cells = (f"<td{_side(table, i)}>{_cell(cell, i < table.texts)}</td>" for i, cell in enumerate(row))
        yield f"<tr>{''.join(cells)}</tr>"
    note = f"<p class=note>{escape(table.note)}</p>" if table.note else ""
    yield f"</tbody></table></div>{note}</section>"


def _side(table: Table, column: int) -> str:
    return "" if column < table.texts else " class=n"


def _cell(text: str, may_be_term: bool) -> str:
    """Return a cell: the indentation of a part below its whole stays, a word of the glossary has its meaning."""
    inner = text.lstrip(" ")
    told = meanings().get(inner.rstrip(), "") if may_be_term else ""
    word = f'<abbr title="{escape(told)}">{escape(inner)}</abbr>' if told else escape(inner)
    return "&emsp;" * ((len(text) - len(inner)) // 2) + word
