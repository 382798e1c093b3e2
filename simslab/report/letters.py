"""Letters of names that the figures' font has not: a box stands for each, which has to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def missing_letters(figure: Figure) -> str:
    """Return the letters of the texts of a figure that its font cannot draw, each once. Call it in `house_style`."""
    from matplotlib.font_manager import findfont, get_font
    from matplotlib.text import Text

    known = get_font(findfont("DejaVu Sans")).get_charmap()
    texts = [found.get_text() for found in figure.findobj(Text) if isinstance(found, Text)]
    letters = sorted({letter for text in texts for letter in text if letter.isprintable() and ord(letter) not in known})
    return "".join(letters)
