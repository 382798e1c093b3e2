"""Figures are the same bytes every time, in every format, and show names as they stand."""

import re

import numpy as np
import pytest

from simslab.report.canvas import house_style, log_ticks, new_figure, settle_layout
from simslab.report.figure_files import SUFFIXES, rendered, settled, tex_text

NAME = r"m $\frac{x$ 50% a_b #1 {c} ~^\d"


def figure(name="a"):
    drawn = new_figure(2.0)
    axes = drawn.subplots()
    axes.plot([1, 2, 3], [1.234, 2.5, 3.75], label=name)
    axes.set_title(name)
    axes.legend()
    settle_layout(drawn)
    return drawn


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_repeats_its_bytes(suffix):
    with house_style():
        assert len({rendered(figure(), suffix) for _ in range(3)}) == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_names_that_look_like_mathematics_are_drawn(suffix):
    with house_style():
        assert len(rendered(figure(NAME), suffix)) > 1000


def test_tex_prints_names_as_they_stand():
    assert tex_text("a_b 50% $x$") == r"a\_b 50\% \$x\$"
    with house_style():
        text = rendered(figure(NAME), ".pgf").decode()
    assert tex_text(NAME) in text
    assert text.startswith("%% simslab: ")


def test_fonts_are_true_type():
    with house_style():
        text = rendered(figure(), ".pdf")
    assert b"/Type3" not in text
    assert b"/FontFile2" in text


def test_noise_below_a_place_does_not_show_even_halfway_between_two():
    for value in (461.69866651475, 30.222025, 1.000005, np.float64(2.000015)):
        assert len({settled([value + noise]) [0] for noise in (-1e-12, 0.0, 1e-12)}) == 1  # fmt: skip


def test_numbers_in_a_pdf_have_few_decimals():
    import zlib

    with house_style():
        text = rendered(figure(), ".pdf")
    streams = [zlib.decompress(part) for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", text, re.S)[:1]]
    assert max(len(digits) for digits in re.findall(rb"\.(\d+)", streams[0])) <= 6


@pytest.mark.parametrize(
    ("low", "high", "most", "ticks"),
    [
        (17, 4200, 8, [20, 50, 100, 200, 500, 1000, 2000]),
        (17, 4200, 5, [30, 100, 300, 1000, 3000]),
        (1e-5, 1, 4, [1e-4, 1e-2, 1]),
        (3, 4, 8, [3, 4]),
        (5, 1, 8, []),
        (352, 402, 8, [360, 370, 380, 390, 400]),
        (95, 105, 8, [96, 98, 100, 102, 104]),
        (3, 3, 8, [3]),
    ],
)
def test_ticks_are_the_densest_plain_numbers_that_fit(low, high, most, ticks):
    assert log_ticks(low, high, most) == pytest.approx(ticks)
