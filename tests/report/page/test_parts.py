"""What every page has: a heading that is text, figures that do not share ids, a size that one sends."""

import re
from dataclasses import replace

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


def test_a_figure_has_its_caption_as_name_for_who_does_not_see_it(measurement):
    drawn = figure(Sources((measurement_arm(measurement, "a"),)), "cdf", 'share of "x" <b>', 0)
    assert '<figure><svg role=img aria-label="share of &quot;x&quot; &lt;b&gt;" ' in drawn


def test_a_map_of_64_nodes_is_a_small_part_of_a_page(measurement):
    nodes = [
        replace(
            measurement.nodes[0], node=node, allocated=[(node * other) % 977 for other in range(64)], freed=[0] * 64
        )
        for node in range(64)
    ]
    drawn = figure(Sources((measurement_arm(replace(measurement, nodes=nodes), "a"),)), "nodes", "c", 0)
    assert drawn.startswith("<figure>")
    assert len(drawn) < 0.4 * LARGEST
