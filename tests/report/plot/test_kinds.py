"""Every kind of figure is drawn from stored results, with its data; what cannot be drawn is refused with a reason."""

import csv
import io
import json

import pytest

from simslab.base.errors import UserError
from simslab.instruments.measure.whole import measure_machine
from simslab.machine.library import load_machine
from simslab.report.canvas import LINES, house_style
from simslab.report.machine.measure_text import measurement_json
from simslab.report.plot.kinds import DISTRIBUTIONS, draw, drawn_to
from simslab.report.plot.options import Options
from simslab.report.plot.sources import Sources, measurement_arm, read_sources
from simslab.result.latency import by_operation, by_path
from simslab.result.result_file import to_json


@pytest.fixture
def stored(make_measurement, tmp_path):
    """Return a function that stores so many results and returns their places."""

    def store(count):
        for number in range(count):
            folder = tmp_path / f"arm{number}"
            folder.mkdir()
            (folder / "result.json").write_text(to_json(make_measurement(number, 100 + 20 * number)))
        return [str(tmp_path / f"arm{number}") for number in range(count)]

    return store


def drawn(places, kind, **options):
    with house_style():
        return draw(read_sources(places), kind, Options(**options))


def operations(figure, name):
    """Sum of a column of the data by panel and series."""
    sums = {}
    for row in figure.rows:
        values = dict(zip(figure.columns, row, strict=True))
        key = values["panel"], values["series"]
        sums[key] = sums.get(key, 0) + values[name]
    return sums


@pytest.mark.parametrize("kind", ["cdf", "ccdf", "histogram"])
def test_the_data_of_a_distribution_holds_every_operation(kind, stored, make_measurement):
    figure = drawn(stored(1), kind)
    counted = [row.count for row in by_path(make_measurement(0)).values()]
    assert sorted(operations(figure, "operations").values()) == sorted(counted)
    rows = list(csv.reader(io.StringIO(figure.csv_text())))
    assert tuple(rows[0]) == figure.columns
    assert len(rows) == 1 + len(figure.rows)


def test_two_arms_by_path_stand_in_one_figure(stored):
    figure = drawn(stored(2), "cdf", by="path", operations=("free",))
    panels = {key[0] for key in operations(figure, "operations")}
    assert panels == {"free hit", "free alien", "free flush_slabs", "free alien_drain"}
    assert {key[1] for key in operations(figure, "operations")} == {"arm0", "arm1"}


def test_more_lines_than_can_be_told_apart_become_percentiles(stored):
    most = len(LINES)
    assert drawn(stored(most + 1), "cdf").notes[0].startswith(f"{most + 1} lines in one plot cannot be told apart")


def test_eight_arms_have_eight_looks(stored):
    figure = drawn(stored(len(LINES)), "cdf", operations=("alloc",))
    lines = figure.figure.axes[0].get_lines()
    looks = {(line.get_color(), line.get_linewidth(), str(line._unscaled_dash_pattern)) for line in lines}
    assert len(looks) == len(lines) == len(LINES)


def test_a_merged_cache_is_drawn_by_the_name_that_serves_it_and_told(measurement):
    cache = measurement.latency[0].cache
    measurement.merged = {"mine": cache}
    with house_style():
        figures = [
            draw(Sources((measurement_arm(measurement, "a"),)), "cdf", Options(caches=(name,), by="cache"))
            for name in ("mine", cache)
        ]
    assert figures[0].rows == figures[1].rows
    assert [figure.notes for figure in figures] == [(f"mine is an alias of {cache}: the kernel merged them",), ()]


def test_percentiles_are_observed_values(stored, make_measurement):
    figure = drawn(stored(1), "percentiles", by="operation")
    most = {row[1]: row[4] for row in figure.rows if row[3] == "max"}
    frequency = make_measurement(0).frequency_hz
    assert most == {
        name: pytest.approx(cycles.maximum * 1e9 / frequency, abs=0.001)
        for name, cycles in by_operation(make_measurement(0)).items()
    }


def test_objects_by_node_are_those_counted(stored, measurement):
    figure = drawn(stored(1), "nodes")
    assert sum(row[4] for row in figure.rows if row[1] == "freed") == sum(sum(node.freed) for node in measurement.nodes)


@pytest.mark.parametrize("kind", ["measure", "latency-map", "c2c-map"])
def test_a_stored_measurement_of_a_machine_is_drawn_part_by_part(kind, tmp_path):
    measured = measure_machine(load_machine("two-socket"), ("latency", "c2c"))
    (tmp_path / "m.json").write_text(measurement_json(measured))
    parts = {row[0] for row in drawn([str(tmp_path / "m.json")], kind).rows}
    expected = {"latency-map": {"idle_random"}, "c2c-map": {"homes"}, "measure": {"transfers", "homes", "idle_random"}}
    assert parts == expected[kind]


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("cfd", {}, "did you mean 'cdf'?"),
        (
            "cdf",
            {"operations": ("aloc",)},
            "--operation aloc: does not occur; expected alloc, free; did you mean 'alloc'?",
        ),
        ("cdf", {"paths": ("grow",), "operations": ("free",)}, "there are no latencies to draw"),
        ("cdf", {"by": "node"}, "by node it is run again"),
        ("cdf", {"arms": ("arm7",)}, "--arm arm7: does not occur"),
        ("cdf", {"x_limits": (0.0, None)}, "0 is not on a logarithmic axis"),
        ("topology", {}, "has no manifest that holds the machine"),
        ("measure", {}, "there is no measurement of a machine"),
        ("bars", {"by": "cache"}, "expected a store of `simslab sweep`, or --kind attribution for bars of a run"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(kind, options, told, stored):
    with pytest.raises(UserError) as refused:
        drawn(stored(1), kind, **options)
    assert told in str(refused.value)


@pytest.mark.parametrize("content", ["{", "[1]", '{"format": "simslab-result"}', '{"format": "simslab-comparison"}'])
def test_what_is_no_result_is_told(content, tmp_path):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(UserError, match=r"x\.json"):
        read_sources([str(tmp_path / "x.json")])
    with pytest.raises(UserError, match="cannot be read"):
        read_sources([str(tmp_path / "missing")])


def test_results_of_one_name_are_told_apart_by_the_directory_above(stored, tmp_path):
    place = stored(1)[0]
    twice = read_sources([place, place, f"mine={place}"])
    assert [arm.label for arm in twice.arms] == [f"{tmp_path.name}/arm0", f"{tmp_path.name}/arm0 (2)", "mine"]


@pytest.mark.parametrize("kind", DISTRIBUTIONS)
def test_a_latency_of_zero_can_be_drawn(kind, measurement):
    from simslab.result.measurement import LatencyRow, Measurement

    row = LatencyRow("alloc", "hit", "dentry", (0, 46), (1, 10))
    arm = measurement_arm(Measurement("m", "w", 1, 10**9, 460, latency=[row]), "a")
    with house_style():
        assert draw(Sources((arm,)), kind, Options()).rows


def test_comparisons_are_arms(tmp_path):
    arm = {"name": "base", "frequency_hz": 10**9, "by_operation": {"alloc": {"cycles": [5], "counts": [2]}}}
    document = {"format": "simslab-comparison", "version": 1, "workload": "w", "machine": "m", "arms": [arm]}
    (tmp_path / "comparison.json").write_text(json.dumps(document))
    figure = drawn([str(tmp_path)], "cdf", by="operation")
    assert figure.rows == (("", "alloc", 5.0, 2, 1.0),)


def test_a_comparison_stored_before_there_were_corrections_and_notes_is_drawn(tmp_path):
    arm = {
        "name": "base",
        "settings": [],
        "frequency_hz": 10**9,
        "by_operation": {"alloc": {"cycles": [5], "counts": [2]}},
    }
    each = {
        "arm": "far", "metric": "latency.mean (ns)", "base": [1.0, 2.0], "variant": [2.0, 2.0],
        "difference": {"mean": 0.5, "low": 0.0, "high": 1.0},
    }  # fmt: skip
    document = {"format": "simslab-comparison", "version": 1, "workload": "w", "machine": "m", "settings": [],
                "arms": [arm, {**arm, "name": "far"}], "differences": [each]}  # fmt: skip
    (tmp_path / "comparison.json").write_text(json.dumps(document))
    assert drawn([str(tmp_path)], "effects").rows


def test_letters_that_the_font_has_not_are_told_in_one_line(measurement, tmp_path, capsys):
    sources = Sources((measurement_arm(measurement, "\u540d\u524d"), measurement_arm(measurement, "b")))
    drawn_to(tmp_path / "a.png", sources, "cdf", Options())  # without a warning of matplotlib's, which were an error
    assert capsys.readouterr().err == "simslab: the font has no \u524d\u540d: a box stands for each of them\n"
