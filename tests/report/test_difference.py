import pytest

from simslab.report.difference import figure_differences, input_differences


def manifest(latency, version="1"):
    machine = {"name": "m", "overrides": [latency], "resolved": {"links": [{"latency": latency}]}}
    return {"machine": machine, "seeds": [1], "host": {"packages": {"numpy": version}, "command": [latency]}}


def test_equal_manifests_differ_in_nothing():
    assert input_differences(manifest("26 ns"), manifest("26 ns")) == []


def test_values_are_told_by_their_path_and_the_command_line_is_none():
    assert input_differences(manifest("26 ns"), manifest("120 ns", "2")) == [
        ("machine.links[0].latency", "26 ns", "120 ns"),
        ("host.packages.numpy", "1", "2"),
    ]


def test_results_of_other_code_differ_in_it():
    first, second = ({**manifest("26 ns"), "simslab_code": code} for code in ("12", "34"))
    assert input_differences(first, second) == [("simslab_code", "12", "34")]


def test_what_only_one_has_stands_beside_a_dash():
    assert ("seeds[1]", "-", "2") in input_differences(manifest("a"), {**manifest("a"), "seeds": [1, 2]})


def test_figures_that_differ_are_told_and_no_others(make_measurement):
    assert figure_differences(make_measurement(1), make_measurement(1)) == []
    names = [name for name, _, _ in figure_differences(make_measurement(1), make_measurement(1, 140))]
    assert "free hit mean (ns)" in names
    assert "free hit operations" not in names


@pytest.mark.parametrize("part", ["host", "machine", "seeds"])
@pytest.mark.parametrize("value", [7, "text", None, [2]])
def test_a_part_of_another_kind_is_a_difference_and_no_fault(part, value):
    assert any(path.startswith(part) for path, _, _ in input_differences(manifest("a"), manifest("a") | {part: value}))


def test_what_no_figure_tells_is_named_by_its_part(make_measurement):
    other = make_measurement(1)
    other.dmesg.append("another line")
    assert figure_differences(make_measurement(1), other) == [("parts of result.json: dmesg", "one", "another")]
