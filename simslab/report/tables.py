"""Plain tables for terminals: one look for the whole report, in which no number and no name is ever cut.

A table that is too wide for a terminal first folds its last column of text at spaces; then its figures go below each
other, block by block, each with the names again. Text that is stored or piped is as wide as its figures need.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

from simslab.base.printable import printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

WIDTH: Final = 120  # characters of stored text, where that suffices
NARROWEST: Final = 12  # of a column that is folded
BETWEEN: Final = 3  # spaces between columns


@dataclass(frozen=True)
class Table:
    """A titled table: the first `texts` columns hold text (left), the others figures (right).

    `folds` is the column that is folded at spaces where the width does not suffice; the first `keys` columns name a
    row and are repeated where the others go below each other.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1
    folds: int = 0
    keys: int = 1
    note: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines for a terminal of that width."""
        yield from self.lines(options.max_width)

    def lines(self, width: int, *, whole_rows: bool = False) -> Iterator[Text]:
        """Yield title, head, rows and note in at most `width` characters; wider with `whole_rows` if they must be."""
        yield _line(self.title, "bold")
        blocks = [list(range(len(self.columns)))] if whole_rows else self._blocks(width)
        for number, block in enumerate(blocks):
            if number:
                yield _line("")
            yield from self._block(block, width) if block else self._records()
        for line in self.note.splitlines():
            yield _line(line, "dim")

    def _blocks(self, width: int) -> list[list[int]]:
        """Return the columns of each block; a single empty one where not even the names fit beside a figure."""
        everything = list(range(len(self.columns)))
        if self._narrowest(everything) <= width:
            return [everything]
        keys = everything[: self.keys]
        blocks: list[list[int]] = []
        for column in everything[self.keys :]:
            if blocks and self._narrowest([*blocks[-1], column]) <= width:
                blocks[-1].append(column)
            else:
                blocks.append([*keys, column])
        return blocks if all(self._narrowest(block) <= width for block in blocks) else [[]]

    def _narrowest(self, block: Sequence[int]) -> int:
        widths = [self._words(column) if column == self.folds else self._width(column) for column in block]
        return sum(widths) + BETWEEN * (len(block) - 1)

    def _width(self, column: int) -> int:
        natural = max(cell_len(row[column]) for row in (self.columns, *self.rows))
        return max(natural, NARROWEST) if column == self.folds else natural

    def _words(self, column: int) -> int:
        """Return the least width of the column that is folded: that of its longest word."""
        longest = max((cell_len(word) for row in (self.columns, *self.rows) for word in row[column].split()), default=0)
        return min(self._width(column), max(longest, NARROWEST))

    def _block(self, block: Sequence[int], width: int) -> Iterator[Text]:
        widths = {column: self._width(column) for column in block}
        too_wide = sum(widths.values()) + BETWEEN * (len(block) - 1) - width
        if too_wide > 0 and self.folds in widths:
            widths[self.folds] = max(self._words(self.folds), widths[self.folds] - too_wide)
        for number, row in enumerate((self.columns, *self.rows)):
            for line in self._row(row, widths):
                yield _line(line, "" if number else "bold")
            if number == 0:
                yield _line("-" * (sum(widths.values()) + BETWEEN * (len(block) - 1)))

    def _row(self, row: Sequence[str], widths: dict[int, int]) -> Iterator[str]:
        """Yield the lines of one row: more than one where a column is folded."""
        folded = {column: _folded(row[column], width) for column, width in widths.items()}
        for at in range(max(map(len, folded.values()))):
            cells = [
                _justified(lines[at] if at < len(lines) else "", widths[column], right=column >= self.texts)
                for column, lines in folded.items()
            ]
            yield (" " * BETWEEN).join(cells)

    def _records(self) -> Iterator[Text]:
        """Yield a line for each cell: of terminals that are narrower than a name and a figure."""
        for number, row in enumerate(self.rows):
            if number:
                yield _line("")
            for head, cell in zip(self.columns, row, strict=True):
                yield _line(f"{head}: {cell.strip()}" if head else cell.strip())


def _line(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style, no_wrap=True, overflow="ignore")


def _folded(cell: str, width: int) -> list[str]:
    """Return a cell's lines, broken at spaces only."""
    if cell_len(cell) <= width:
        return [cell]
    lines = [""]
    for word in cell.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _justified(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if right else cell + space


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    texts: int = 1,
    keys: int | None = None,
    note: str = "",
) -> Table:
    """Return a table whose first `texts` columns hold text and the others figures; the last of text may be folded.

    `keys` columns name a row, by default all of text.
    """
    named = texts if keys is None else keys
    return Table(title, tuple(columns), tuple(tuple(row) for row in rows), texts, texts - 1, named, note)


def meanings_table(title: str, columns: tuple[str, str, str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table of names, figures and what they mean, which is folded where the width does not suffice."""
    lines = [columns, *(tuple(row) for row in rows)]
    widest = max(cell_len(figure) for _, figure, _ in lines)
    heads, *padded = [(name, _justified(figure, widest, right=True), meaning) for name, figure, meaning in lines]
    return Table(title, heads, tuple(padded), texts=3, folds=2, keys=1)


def plain_text(parts: Iterable[RenderableType], width: int = WIDTH) -> str:
    """Return `parts` as text without colours, a blank line between them, no spaces at the ends of lines.

    Lines are longer than `width` where figures and names need it: nothing is cut or folded within a word.
    """
    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, width=width, color_system=None, force_terminal=False, legacy_windows=False)
    for index, part in enumerate(parts):
        if index:
            console.print()
        if isinstance(part, Table):
            stream.write("".join(f"{line.plain}\n" for line in part.lines(width, whole_rows=True)))
        else:
            console.print(_shown(part), highlight=False, soft_wrap=isinstance(part, Text))
    return printable("".join(line.rstrip() + "\n" for line in stream.getvalue().splitlines()))


def print_parts(parts: Iterable[RenderableType], console: Console) -> None:
    """Print `parts` in the console's colours and width, a blank line after each; off a terminal as `plain_text`."""
    if not console.is_terminal:
        console.file.write(plain_text(parts))
        return
    for part in parts:
        if isinstance(part, Table):
            for line in part.lines(console.width):
                console.print(line, highlight=False, soft_wrap=True)
        else:
            console.print(_shown(part), highlight=False)
        console.print()


def _shown(part: RenderableType) -> RenderableType:
    """Return a text without what a terminal would obey: names in it come from anywhere."""
    return Text(printable(part.plain), style=part.style) if isinstance(part, Text) and not part.spans else part


def whole(value: int) -> str:
    """Return an integer with thousands separated: `1,234,567`."""
    return f"{value:,}"


def fixed(value: float, decimals: int = 1) -> str:
    """Return a figure with a fixed number of decimals and thousands separated."""
    return f"{value:,.{decimals}f}"


def percent(part: int, total: int) -> str:
    """Return `part` of `total` as a percentage with one decimal; `-` of nothing."""
    return f"{part / total * 100:.1f}%" if total else "-"


def share(count: int, total: int) -> str:
    """Return a part of a whole (above 0) in percent: one decimal, or two digits of less than 0.1 %."""
    part = 100 * count / total
    return f"{part:.1f}%" if part >= 0.1 else f"{part:.2g}%"
