"""Where the boxes and lines of a topology's picture are, and what they say."""

from itertools import combinations

import pytest
from built_machines import built

from simslab.machine.library import machine_names
from simslab.report.canvas import house_style
from simslab.report.machine.drawing import BARE_COLOUR, HIGH, MEMORY_COLOUR, WIDE, draw_topology, topology_figure


def drawn(name, *overrides):
    """The axes of a machine's picture."""
    with house_style():
        return topology_figure(*built(name, *overrides)).axes[0]


def texts(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("name", machine_names())
def test_no_box_of_a_shipped_machine_hides_another(name):
    boxes = [patch.get_bbox() for patch in drawn(name).patches]
    assert boxes
    for one, other in combinations(boxes, 2):
        assert abs(one.x0 - other.x0) >= WIDE * 0.99 or abs(one.y0 - other.y0) >= HIGH * 0.99


def test_a_node_is_told_with_its_cpus_caches_and_memory():
    told = texts(drawn("two-socket"))
    assert any(text.startswith("node 0\n") and "8 GiB, 79 ns" in text for text in told)
    assert sum(text.startswith("node ") for text in told) == 2


def test_a_link_is_told_with_its_latency_and_bandwidth():
    (link,) = (text for text in texts(drawn("two-socket", "links.upi.latency=30 ns")) if not text.startswith("node"))
    assert link.startswith("30.")
    assert link.endswith("GB/s")


def test_memory_without_cpus_hangs_below_its_port():
    axes = drawn("epyc-genoa-cxl")
    colours = [patch.get_facecolor()[:3] for patch in axes.patches]
    assert len(set(colours)) == 2
    assert any(text.startswith("root port\n") for text in texts(axes))
    assert any(line.get_linestyle() == "--" for line in axes.lines)


def test_a_node_without_memory_is_said_to_have_none():
    from matplotlib.colors import to_rgb

    axes = drawn("memoryless-node")
    assert any(text.endswith("no memory") for text in texts(axes))
    assert to_rgb(BARE_COLOUR) in [patch.get_facecolor()[:3] for patch in axes.patches]
    assert to_rgb(MEMORY_COLOUR) not in [patch.get_facecolor()[:3] for patch in axes.patches]


def test_many_nodes_have_their_numbers_only():
    axes = drawn("uv-2000")
    assert sorted(int(text) for text in texts(axes)) == list(range(len(axes.patches)))


def test_a_link_that_nodes_share_is_joined_with_each_of_them():
    axes = drawn("sapphire-rapids-snc4")
    spokes = [line for line in axes.lines if line.get_linestyle() == ":"]
    assert len(spokes) == 8
    assert len({tuple(line.get_xydata()[0]) for line in spokes}) == 2


@pytest.mark.parametrize("name", ["sapphire-rapids-snc4", "epyc-genoa-cxl", "four-socket"])
def test_no_line_runs_through_the_label_of_another(name):
    axes = drawn(name)
    axes.figure.draw_without_rendering()
    links = [line for line in axes.lines if line.get_linestyle() == "-"]
    labels = [text for text in axes.texts if text.get_text()[0].isdigit()]
    assert len(labels) >= 3
    for text in labels:
        box = text.get_window_extent().transformed(axes.transData.inverted())
        assert sum(crosses(line, box) for line in links) == 1


def crosses(line, box):
    (x0, y0), (x1, y1) = line.get_xydata()[[0, -1]]
    places = ((x0 + i / 500 * (x1 - x0), y0 + i / 500 * (y1 - y0)) for i in range(501))
    return line.get_xydata().shape[0] > 1 and any(box.contains(*place) for place in places)


@pytest.mark.parametrize("suffix", ["pdf", "png", "svg"])
def test_a_drawing_repeats_byte_for_byte(tmp_path, suffix):
    for name in "ab":
        draw_topology(*built("four-socket"), tmp_path / f"{name}.{suffix}")
    assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_dollar_signs_in_names_are_drawn_as_they_stand(tmp_path):
    changes = (r"name='m $\frac{x$ y'", r"nodes=[{each: package, memory: 1 GiB, name: 'n $\foo{$ z'}]")
    draw_topology(*built("two-socket", *changes), tmp_path / "a.svg")
    assert (tmp_path / "a.svg").exists()
