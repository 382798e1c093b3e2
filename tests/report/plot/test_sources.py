"""What is stored is read back by what it is, with labels that tell arms apart."""

import json

import pytest

from simslab.base.errors import UserError
from simslab.report.plot.sources import ALL, comparison_points, measurement_arm, read_sources, with_metrics
from simslab.result.result_file import to_json


def arm(name, **more):
    cycles = {"cycles": [5, 9], "counts": [2, 1]}
    return {"name": name, "settings": [], "frequency_hz": 2 * 10**9, "by_operation": {"alloc": cycles}, **more}


def comparison(*arms, **more):
    head = {"format": "simslab-comparison", "version": 1, "workload": "w", "machine": "m", "settings": ["scale=2"]}
    return {**head, "arms": list(arms or [arm("base")]), "differences": [], **more}


@pytest.fixture
def read(tmp_path):
    """Return a function that stores a document and reads it back."""

    def stored(document, name="x.json", label=""):
        (tmp_path / name).write_text(document if isinstance(document, str) else json.dumps(document))
        return read_sources([f"{label}{tmp_path / name}"])

    return stored


def test_a_run_is_an_arm_with_a_part_for_each_row_of_latencies(read, measurement):
    (found,) = read(to_json(measurement), "far.json").arms
    assert (found.label, found.title, found.frequency_hz) == ("far", "remote-free on two-socket", 2_300_000_000)
    assert [(part.operation, part.path) for part in found.parts][:2] == [("alloc", "hit"), ("alloc", "refill_shared")]
    assert found.parts[0].cycles.count == 9000
    assert found.measurement == measurement
    assert found.manifest == {}


def test_a_directory_gives_its_name_and_its_manifest(tmp_path, measurement):
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "result.json").write_text(to_json(measurement))
    (folder / "manifest.json").write_text('{"format": "simslab-manifest", "kind": "run"}')
    (found,) = read_sources([str(folder)]).arms
    assert (found.label, found.manifest["kind"]) == ("base", "run")


def test_a_name_before_the_path_is_the_label(read, measurement):
    assert read(to_json(measurement), label="mine=").arms[0].label == "mine"


def test_a_path_that_holds_an_equals_sign_is_a_path(read, measurement):
    assert read(to_json(measurement), "a=b.json").arms[0].label == "a=b"


def test_a_comparison_is_an_arm_for_each_of_its_own_without_paths(read):
    arms = read(comparison(arm("base"), arm("far"))).arms
    assert [(each.label, each.title, each.frequency_hz) for each in arms] == [
        ("base", "w on m", 2 * 10**9), ("far", "w on m", 2 * 10**9)
    ]  # fmt: skip
    assert [(part.operation, part.path, part.cache, part.cycles.count) for part in arms[0].parts] == [
        ("alloc", ALL, ALL, 3)
    ]


def test_a_comparison_that_stored_no_frequency_has_it_in_its_figures(read):
    old = arm("base", frequency_hz=None, latency_cycles={"max": 5200}, latency_ns={"max": 2000.0})
    assert read(comparison(old)).arms[0].frequency_hz == 2_600_000_000


def test_the_differences_of_a_comparison_are_a_table_of_its_arms():
    each = {
        "arm": "far", "metric": "latency.mean (ns)", "base": [1.0, 3.0], "variant": [4.0, 6.0],
        "difference": {"mean": 3.0, "low": 2.5, "high": 3.5},
    }  # fmt: skip
    far = arm("far", settings=["core.ipc=2"])
    table = comparison_points(comparison(arm("base"), far, differences=[each], notes=["n"]))
    assert (table.machine, table.workload, table.settings) == ("m", "w", ("scale=2",))
    assert table.notes == ("far: core.ipc=2", "n")
    (metric,) = table.metrics
    assert (metric.metric, metric.unit) == ("latency.mean", "ns")
    (row,) = metric.rows
    assert (row.label, row.seeds, row.mean, row.base_mean, row.difference) == ("far", 2, 5.0, 2.0, 3.0)
    assert (row.difference_low, row.difference_high, row.equal) == (2.5, 3.5, False)


def test_metrics_of_a_comparison_are_chosen_by_name_and_an_unknown_one_is_refused():
    each = {"arm": "far", "base": [1.0], "variant": [4.0], "difference": {"mean": 3.0, "low": None, "high": None}}
    table = comparison_points(
        comparison(arm("base"), arm("far"), differences=[{**each, "metric": name} for name in ("a (ns)", "b", "c")])
    )
    assert [metric.metric for metric in with_metrics(table, ["c", "a"]).metrics] == ["c", "a"]
    with pytest.raises(UserError, match="no d is stored; expected a, b, c"):
        with_metrics(table, ["d"])


def test_a_measurement_of_a_machine_is_no_arm(read):
    found = read({"machine": "m", "nodes": [0]}, "ours.json")
    assert found.arms == ()
    assert [label for label, _ in found.machines] == ["ours"]


def test_three_of_one_name_are_numbered(tmp_path, measurement):
    (tmp_path / "r.json").write_text(to_json(measurement))
    labels = [each.label for each in read_sources([str(tmp_path / "r.json")] * 3).arms]
    folder = f"{tmp_path.name}/r.json"
    assert labels == [folder, f"{folder} (2)", f"{folder} (3)"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([1], "is nothing that can be drawn; expected a directory that `run --out`"),
        (comparison(version=7), "is a comparison of version 7; expected version 1"),
        (comparison({"name": "base"}), "is no whole comparison .'by_operation'."),
    ],
)
def test_what_cannot_be_read_is_told_with_its_file(read, document, told):
    with pytest.raises(UserError, match=rf"x\.json: {told}"):
        read(document)


def test_an_arm_of_a_measurement_at_hand_needs_no_file(measurement):
    assert measurement_arm(measurement, "a").place == ""
