"""What was measured of a machine, part by part: the data of each panel is the document's."""

import pytest

from simslab.base.errors import UserError
from simslab.report.canvas import house_style
from simslab.report.plot.measured import C2C_MAP, LATENCY_MAP, PANELS, draw_measured
from simslab.report.plot.options import Options

DOCUMENT = {
    "nodes": [0, 4],
    "chase": [{"bytes": 4096, "ns": 1.5}, {"bytes": 1 << 30, "ns": 90.0}],
    "loaded": [{"gb_per_second": 1.0, "ns": 90.0}, {"gb_per_second": 80.0, "ns": 300.0}],
    "lock": {"section_ns": 100, "throughput": [{"cpus": 1, "million_per_second": 9.0}]},
    "atomics": [{"cpus": 2, "ns_each": 40.0}],
    "transfers": {"other core": {"modified": 50.0, "shared": 30.0}},
    "homes": [
        {"reader_node": 0, "writer_node": 1, "home_writer": 120.0},
        {"reader_node": 1, "writer_node": 0, "home_writer": None},
    ],
    "idle_random": [[90.0, 140.0], [141.0, None]],
    "bandwidth": [[80.0, 30.0], [31.0, 81.0]],
    "ping_pong_pairs": [[None, 60.0], [61.0, None]],
}
ROWS = {
    "chase": [(4096, "", 1.5, "ns"), (1 << 30, "", 90.0, "ns")],
    "loaded": [(1.0, "", 90.0, "ns"), (80.0, "", 300.0, "ns")],
    "lock": [(1, "", 9.0, "million/s")],
    "atomics": [(2, "", 40.0, "ns")],
    "homes": [(0, 4, 120.0, "ns")],
    "idle_random": [(0, 0, 90.0, "ns"), (0, 4, 140.0, "ns"), (4, 0, 141.0, "ns")],
    "bandwidth": [(0, 0, 80.0, "GB/s"), (0, 4, 30.0, "GB/s"), (4, 0, 31.0, "GB/s"), (4, 4, 81.0, "GB/s")],
    "ping_pong_pairs": [(0, 1, 60.0, "ns"), (1, 0, 61.0, "ns")],
}


def drawn(document, only=(), **options):
    with house_style():
        return draw_measured("m", document, Options(**options), only)


@pytest.mark.parametrize("part", ROWS)
def test_the_data_of_a_part_is_what_was_measured(part):
    assert drawn(DOCUMENT, [part]).rows == tuple((part, *row) for row in ROWS[part])


def test_the_map_of_homes_has_writers_along_and_readers_down():
    axes = drawn(DOCUMENT, ["homes"]).figure.axes[0]
    assert [(text.get_position(), text.get_text()) for text in axes.texts] == [((1, 0), "120")]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("modified by a core of node", "read by a core of node")


def test_transfers_have_a_bar_for_each_state_of_the_line():
    figure = drawn(DOCUMENT, ["transfers"])
    assert [(row[1], row[2]) for row in figure.rows] == [
        ("other core", "modified"), ("other core", "exclusive"), ("other core", "shared")
    ]  # fmt: skip
    widths = [bar.get_width() for bar in figure.figure.axes[0].patches]
    assert widths[0::2] == [50.0, 30.0]
    assert widths[1] != widths[1]  # not measured


def test_every_part_that_was_measured_has_a_panel_in_the_order_of_the_parts():
    assert list(dict.fromkeys(row[0] for row in drawn(DOCUMENT).rows)) == list(PANELS)
    assert {row[0] for row in drawn({"nodes": [0], "atomics": DOCUMENT["atomics"]}).rows} == {"atomics"}


def test_maps_of_latency_and_of_transfers_are_parts_of_the_whole():
    assert {row[0] for row in drawn(DOCUMENT, LATENCY_MAP).rows} == {"idle_random"}
    assert {row[0] for row in drawn(DOCUMENT, C2C_MAP).rows} == {"homes", "ping_pong_pairs"}


def test_the_title_stands_before_that_of_the_first_panel_alone():
    axes = drawn(DOCUMENT, ["loaded", "atomics"]).figure.axes
    titles = [each.get_title() or each.get_title(loc="left") for each in axes]
    assert titles[0].startswith("m")
    assert not titles[1].startswith("m")
    assert not drawn(DOCUMENT, ["loaded"], title="none").figure.axes[0].get_title().startswith("m:")


@pytest.mark.parametrize(("only", "told"), [(("homes",), "homes"), ((), "cache, latency, c2c")])
def test_a_measurement_without_the_part_is_refused(only, told):
    with pytest.raises(UserError, match=f"nothing to draw; expected a measurement with {told}"):
        drawn({"nodes": [0]}, only)
