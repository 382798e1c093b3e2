"""What every page has: a heading that is text, figures that do not share ids, a size that one sends."""

import re

import pytest

from simslab.base.errors import UserError
from simslab.report.page.parts import LARGEST, checked, closing, figure, opening
from simslab.report.plot.sources import Sources, measurement_arm


def test_a_title_is_text_whatever_stands_in_it():
    assert "<h1>&lt;b&gt; &amp; c</h1>" in opening("<b> & c")
    assert closing().endswith("</body></html>")


def test_a_page_that_is_too_large_is_refused():
    assert checked("x") == "x"
    with pytest.raises(UserError, match="the page has 1,000,001 bytes"):
        checked("x" * (LARGEST + 1))


def test_figures_have_ids_of_their_own(measurement):
    sources = Sources((measurement_arm(measurement, "a"),))
    ids = [set(re.findall(r'id="([^"]+)"', figure(sources, "cdf", "c", number))) for number in (1, 2)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_what_a_result_lacks_is_a_note(measurement):
    assert figure(Sources((measurement_arm(measurement, "a"),)), "lines", "Lines", 0).startswith(
        "<p class=note>Lines: "
    )
