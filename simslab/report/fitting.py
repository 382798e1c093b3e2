"""What names need of a figure's width: titles are folded that would end beyond it, legends have fewer columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

LETTER: Final = 0.56  # of the size of type that a letter of a name is wide, about
WIDE_LETTER: Final = 0.7  # the same of wide ones
BESIDE: Final = 0.5  # inches of a panel's width that labels and ticks of its y axis take, about
MARGIN: Final = 3.0  # points that a title keeps from what is right of it
ROW_SHARE: Final = 0.45  # of a figure's width that names of rows may take
LEAST_LETTERS: Final = 12  # of a folded line


def fitting_columns(labels: Sequence[str], columns: int, handle: float, inches: float, size: float) -> int:
    """Return how many columns, at most `columns`, a legend may have in a panel so wide; `handle` in sizes of type."""
    widest = max(map(len, labels), default=0) * LETTER + handle + 2.0
    return max(1, min(columns, int((inches - BESIDE) * 72 / size / widest)))


def folded_label(label: str, handle: float, inches: float, size: float) -> str:
    """Return a legend's label in lines that a panel so wide holds."""
    letters = int(((inches - BESIDE) * 72 / size - handle - 1) / LETTER)
    return folded(label, letters)


def folded_names(labels: Sequence[str], inches: float, size: float) -> tuple[list[str], int]:
    """Return names of rows, folded so that half of a figure so wide is left to what they name, and their most lines."""
    names = [folded(label, int(ROW_SHARE * inches * 72 / size / LETTER)) for label in labels]
    return names, max((name.count("\n") + 1 for name in names), default=1)


def panel_inches(axes: Axes) -> float:
    """Return the width of the column of panels in which `axes` is, its labels with it."""
    place = axes.get_subplotspec()
    columns = place.get_gridspec().ncols if place is not None else 1
    return float(axes.figure.get_figure(root=True).get_size_inches()[0]) / columns


def folded(text: str, letters: int) -> str:
    """Return `text` in lines of at most so many letters, broken behind words, or in them where one is longer."""
    longest = max(LEAST_LETTERS, letters)
    return "\n".join(
        "\n".join(wrap(line, longest, break_on_hyphens=False)) if len(line) > longest else line
        for line in text.split("\n")
    )


def fit_titles(figure: Figure, lay_out: Callable[[], None]) -> None:
    """Fold titles that would reach beyond their panel or the figure; `lay_out` finds where panels are without them."""
    titles = [(axes, axes._left_title) for axes in figure.axes]  # type: ignore[attr-defined]
    above = figure._suptitle  # type: ignore[attr-defined]
    if any(_may_be_long(title, panel_inches(axes)) for axes, title in titles):
        texts = [title.get_text() for _, title in titles]
        for _, title in titles:
            title.set_text("")  # panels would be narrowed for a long one, to nothing at last
        lay_out()
        for (_, title), text in zip(titles, texts, strict=True):
            title.set_text(text)
        for axes, title in titles:
            place, end = axes.get_subplotspec(), figure.bbox.x1
            if place is not None:
                end *= place.colspan.stop / place.get_gridspec().ncols
            _fit(title, end - axes.get_window_extent().x0)
    if above is not None:
        _fit(above, figure.bbox.width)


def _may_be_long(title: Text, inches: float) -> bool:
    """Whether a title may not fit beside the labels of the y axis; a quick look, on the safe side."""
    longest = max(map(len, title.get_text().split("\n")))
    return longest * WIDE_LETTER * float(title.get_fontsize()) > (inches - BESIDE) * 72


def _fit(title: Text, room: float) -> None:
    """Fold one title to lines of so many dots."""
    width = title.get_window_extent().width
    room -= MARGIN * title.figure.dpi / 72
    if title.get_text().strip() and width > room:
        title.set_text(folded(title.get_text(), int(max(map(len, title.get_text().split("\n"))) * room / width)))
