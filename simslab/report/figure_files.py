"""How a figure becomes a file: PDF, SVG, PNG or PGF, the same bytes every time.

Positions come out of matrix products whose last digits depend on where in memory the operands lie. They are far below
what a printer can show, but they would show in the file: each format therefore rounds its numbers where that cannot
flip.
"""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING, Any, Final

from simslab.base.errors import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH: Final = 300
SUFFIXES: Final = (".pdf", ".svg", ".png", ".pgf")
MISSING_GLYPH: Final = "Glyph .* missing from font"  # what matplotlib warns of
PLACES: Final = 5  # decimals of a point (1/72 inch) in PDF
# Positions are often short decimals, which rounding would find halfway between two: it is told apart by an amount that
# is far above the noise (1e-13) and far below a place.
OFF_HALFWAY: Final = 1.3e-9
_TEX: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}


def rendered(figure: Figure, suffix: str) -> bytes:
    """Return `figure` as a file of the format that `suffix` (one of SUFFIXES) names, without dates or versions."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", MISSING_GLYPH)  # `letters.missing_letters` tells
        return _rendered(figure, suffix)


def _rendered(figure: Figure, suffix: str) -> bytes:
    if suffix == ".pdf":
        return _pdf(figure)
    if suffix == ".pgf":
        return _pgf(figure)
    if suffix == ".png":
        return _png(figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Creator": "simslab", "Date": None}, dpi=DOTS_PER_INCH)
    return stream.getvalue()


def settled(value: Any) -> Any:
    """Return `value` with every float in it, at any depth of lists, rounded to PLACES."""
    if isinstance(value, list):
        return [settled(member) for member in value]
    if isinstance(value, float):  # numpy's too
        return round(float(value) + OFF_HALFWAY, PLACES)
    return value


def _png(figure: Figure) -> bytes:
    """Return a picture of DOTS_PER_INCH."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    stream = io.BytesIO()
    before, figure.dpi = figure.dpi, DOTS_PER_INCH
    try:
        # Speed: savefig would draw everything a second time, for a layout that is settled; tests/report --durations=9
        FigureCanvasAgg(figure).print_png(stream, metadata={"Software": None})  # type: ignore[no-untyped-call]
    finally:
        figure.dpi = before
    return stream.getvalue()


def _pdf(figure: Figure) -> bytes:
    """Return a PDF page, its numbers rounded (matplotlib writes ten decimals)."""
    from matplotlib.backends.backend_pdf import PdfFile, RendererPdf

    class SettledPdf(PdfFile):
        def output(self, *data: Any) -> None:
            super().output(*(settled(each) for each in data))  # type: ignore[no-untyped-call]

    stream = io.BytesIO()
    metadata = {"Creator": "simslab", "Producer": None, "CreationDate": None, "ModDate": None}
    before, (width, height) = figure.dpi, figure.get_size_inches()
    figure.dpi = 72  # points to an inch
    file: Any = SettledPdf(stream, metadata=metadata)  # type: ignore[no-untyped-call]
    try:
        file.newPage(width, height)
        renderer: Any = RendererPdf(file, DOTS_PER_INCH, height, width)  # type: ignore[no-untyped-call]
        figure.draw(renderer)
        renderer.finalize()
        file.finalize()
    finally:
        file.close()
        figure.dpi = before
    return stream.getvalue()


def _pgf(figure: Figure) -> bytes:
    r"""Return a pgfpicture for \input: texts are set by the paper's own fonts, so no TeX is needed here.

    matplotlib asks TeX how wide texts are, and takes names as TeX; here they are as wide as in the other formats and
    stand for themselves. UserError where there are hatches.
    """
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.backends.backend_pgf import RendererPgf

    if figure.findobj(lambda artist: bool(getattr(artist, "get_hatch", str)())):
        # Each hatched bar is hundreds of lines, over which TeX takes minutes.
        raise UserError("hatched bars cannot be set by TeX in reasonable time", expected="a .pdf for \\includegraphics")
    width, height = figure.get_size_inches()
    ruler: Any = RendererAgg(int(width * 72), int(height * 72), 72)  # type: ignore[no-untyped-call]

    class PlainPgf(RendererPgf):
        def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
            w, h, d = ruler.get_text_width_height_descent(s, prop, False)
            return (w * self.dpi / 72, h * self.dpi / 72, d * self.dpi / 72)

        def draw_text(
            self, gc: Any, x: Any, y: Any, s: str, prop: Any, angle: Any, ismath: Any = False, mtext: Any = None
        ) -> None:
            super().draw_text(gc, x, y, tex_text(s), prop, angle, False, mtext)  # type: ignore[no-untyped-call]

    stream = io.StringIO()
    before, figure.dpi = figure.dpi, 72
    try:
        renderer: Any = PlainPgf(figure, stream)  # type: ignore[no-untyped-call]
        figure.draw(renderer)
    finally:
        figure.dpi = before
    head = [
        "%% simslab: a picture for \\input; the preamble needs \\usepackage{pgf}",
        r"\begingroup%",
        r"\makeatletter%",
        r"\begin{pgfpicture}%",
        rf"\pgfpathrectangle{{\pgfpointorigin}}{{\pgfqpoint{{{width:f}in}}{{{height:f}in}}}}%",
        r"\pgfusepath{use as bounding box, clip}%",
    ]
    tail = [r"\end{pgfpicture}%", r"\makeatother%", r"\endgroup%"]
    return "\n".join([*head, stream.getvalue().rstrip("\n"), *tail, ""]).encode()


def tex_text(text: str) -> str:
    """Return `text` so that TeX prints it as it stands."""
    return re.sub(r"[\\{}$&#_%^~]", lambda match: _TEX[match[0]], text)
