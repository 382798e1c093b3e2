"""Plain tables for terminals: one look for the whole report, the same text whether or not it goes to a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Final

from rich.box import Box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

WIDTH: Final = 120  # characters of stored text
NARROWEST: Final = 12  # of a column that is folded
# Speed is no matter here; ASCII is: a rule below the head, no frame, legible in a mail or under LANG=C.
RULED: Final = Box("    \n    \n -- \n    \n    \n -- \n    \n    \n", ascii=True)


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1, note: str = ""
) -> Group:
    """Return a titled table whose first `texts` columns hold text (left) and the others figures (right).

    Where the width does not suffice, the last column of text is folded.
    """
    body = Table(box=RULED, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    for index, name in enumerate(columns):
        body.add_column(
            Text(name),
            justify="right" if index >= texts else "left",
            no_wrap=index != texts - 1,
            min_width=NARROWEST if index == texts - 1 else None,
            overflow="fold",
        )
    for row in rows:
        body.add_row(*(Text(cell) for cell in row))
    return Group(Text(title, style="bold"), body, *([Text(note, style="dim")] if note else []))


def meanings_table(title: str, columns: tuple[str, str, str], rows: Iterable[Sequence[str]]) -> Group:
    """Return a titled table of names, figures and what they mean, which is folded where the width does not suffice."""
    body = Table(box=RULED, show_edge=False, pad_edge=False, padding=(0, 1), header_style="bold")
    for name, justify in zip(columns, ("left", "right", "left"), strict=True):
        body.add_column(Text(name), justify=justify, no_wrap=name != columns[-1], overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        body.add_row(*(Text(cell) for cell in row))
    return Group(Text(title, style="bold"), body)


def plain_text(parts: Iterable[RenderableType], width: int = WIDTH) -> str:
    """Return `parts` as text without colours, a blank line between them, no spaces at the ends of lines."""
    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None, force_terminal=False, legacy_windows=False)
    for index, part in enumerate(parts):
        if index:
            console.print()
        console.print(part, highlight=False, soft_wrap=isinstance(part, Text))
    return "".join(line.rstrip() + "\n" for line in stream.getvalue().splitlines())


def whole(value: int) -> str:
    """Return an integer with thousands separated: `1,234,567`."""
    return f"{value:,}"


def fixed(value: float, decimals: int = 1) -> str:
    """Return a figure with a fixed number of decimals and thousands separated."""
    return f"{value:,.{decimals}f}"


def percent(part: int, total: int) -> str:
    """Return `part` of `total` as a percentage with one decimal; `-` of nothing."""
    return f"{part / total * 100:.1f}%" if total else "-"
