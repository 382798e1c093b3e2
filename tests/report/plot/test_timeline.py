import pytest

from simslab.allocator.parked import ArrayLevel
from simslab.base.errors import UserError
from simslab.report.canvas import house_style
from simslab.report.plot.options import Options
from simslab.report.plot.timeline import draw_timeline
from simslab.workload.run.over_time.array_timeline import ArrayTimeline, Sample


def timeline(*rows, nodes=(0, 3)):
    """A timeline of two CPUs, and of shared and alien arrays of two nodes; a row of six figures each microsecond."""
    made = ArrayTimeline("files", 1)
    made.frequency_hz, made.nodes = 10**9, nodes
    kinds = [("cpu", 0), ("cpu", 1), ("shared", 0), ("shared", 1), ("alien", 0), ("alien", 1)]
    made.samples = [
        Sample(1000 * time, tuple(ArrayLevel(*kind, avail) for kind, avail in zip(kinds, row, strict=True)))
        for time, row in enumerate(rows)
    ]
    return made


def drawn(*rows, **options):
    with house_style():
        return draw_timeline("w on m", [timeline(*rows)], Options(**options))


ROWS = ([5, 0, 0, 2, 0, 1], [7, 0, 0, 4, 0, 0])


def test_cpus_are_strips_and_arrays_of_nodes_lines_by_their_own_numbers():
    cpus, nodes, *_ = drawn(*ROWS).figure.axes
    assert [tick.get_text() for tick in cpus.get_yticklabels()] == ["0"]  # CPU 1's array was empty
    assert cpus.collections[0].get_array().ravel().tolist() == [5, 7]
    assert [line.get_label() for line in nodes.lines] == ["shared, node 3", "aliens, node 3"]
    assert nodes.lines[0].get_xydata().tolist() == [[0, 2], [1, 4]]


def test_the_data_beside_the_figure_is_of_every_array_that_held_anything():
    made = drawn(*ROWS)
    assert made.columns == ("time_us", "array", "place", "objects")
    assert made.rows[:3] == ((0.0, "cpu", 0, 5), (0.0, "shared", 3, 2), (0.0, "alien", 3, 1))
    assert len(made.rows) == 6


def test_more_lines_than_can_be_told_apart_become_sums():
    made = timeline(nodes=tuple(range(9)))
    levels = tuple(ArrayLevel(kind, node, 1) for kind in ("shared", "alien") for node in range(9))
    made.samples = [Sample(0, levels), Sample(1000, levels)]
    with house_style():
        axes = draw_timeline("w on m", [made], Options()).figure.axes[0]
    assert [(line.get_label(), line.get_ydata().tolist()) for line in axes.lines] == [
        ("shared, all nodes", [9, 9]),
        ("aliens, all nodes", [9, 9]),
    ]


def test_what_cannot_be_drawn_is_told():
    with pytest.raises(UserError, match="the arrays of files were empty all the time"):
        drawn([0] * 6)
    with pytest.raises(UserError, match="which runs it again"):
        draw_timeline("", [], Options())


def test_the_strips_of_a_thousand_cpus_fit_on_a_page():
    made = timeline()
    made.samples = [
        Sample(1000 * time, tuple(ArrayLevel("cpu", cpu, time + cpu) for cpu in range(1024))) for time in (0, 1)
    ]
    with house_style():
        figure = draw_timeline("w on m", [made], Options()).figure
    assert figure.get_size_inches()[1] < 6
    (cpus, _) = figure.axes
    assert cpus.get_ylim() == (1023.5, -0.5)
