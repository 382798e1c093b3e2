import json

import pytest
from sample_measurement import sample_measurement

from simslab.result.result_file import to_json


@pytest.fixture
def stored(tmp_path):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "result.json").write_text(to_json(sample_measurement()))
    return tmp_path / "base"


def test_a_figure_is_drawn_with_its_data_beside_it_and_nothing_is_said(simslab, stored, tmp_path):
    assert simslab("plot", stored, "--kind", "nodes", "--out", tmp_path / "nodes.svg") == (0, "", "")
    assert (tmp_path / "nodes.svg").read_text().startswith("<?xml")
    assert (tmp_path / "nodes.csv").read_text().startswith("arm,objects,cpu_node,memory_node,count\n")


def test_what_was_chosen_for_the_reader_is_told_on_standard_error(simslab, stored, tmp_path):
    arms = [f"arm{number}={stored}" for number in range(9)]
    status, out, err = simslab("plot", *arms, "--operation", "free", "--out", tmp_path / "a.png")
    assert (status, out) == (0, "")
    assert err.startswith("simslab: 9 lines in one plot cannot be told apart (at most 8)")


def test_results_of_different_code_are_told_on_standard_error(simslab, stored, tmp_path):
    for name, code in (("other", "12"), ("base", "34")):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "result.json").write_text(to_json(sample_measurement()))
        (tmp_path / name / "manifest.json").write_text(json.dumps({"simslab_code": code}))
    told = simslab("plot", stored, tmp_path / "other", "--kind", "nodes", "--out", tmp_path / "nodes.svg")
    assert told == (0, "", "simslab: made by different code of simslab: base by 34, other by 12\n")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--font-size", "3"], "--font-size 3: is no size of type; expected 4 to 24 points"),
        (["--by", "paths"], "--by paths: is unknown; expected arm or operation or path or cache or node; did you"),
        (["--width", "wide"], "--width wide: is no width"),
        (["--xlim", "9:1"], "--xlim 9:1: the first is not below the second"),
        (["--legend", "below"], "--legend below: is unknown"),
        (
            ["--x", "core.ipc"],
            "--x: changes nothing in --kind cdf; expected a store of `simslab sweep`, drawn as lines",
        ),
        (["--y", "core.ipc", "--kind", "nodes"], "--y: changes nothing in --kind nodes"),
        (["--metric", "latency.mean"], "--metric: is of points; expected a store of `simslab sweep`, or"),
        (["--at", "core.ipc=2"], "--at: is of points"),
        (["--base", "core.ipc=2"], "--base: is of points"),
        (["--correct"], "--correct: is of points"),
    ],
)
def test_an_option_that_cannot_be_is_refused(refused, stored, tmp_path, options, told):
    assert told in refused("plot", stored, *options, "--out", tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--by", "path"], "--by: changes nothing in --kind lines; expected a directory of `run --out` or"),
        (["--operation", "free"], "--operation: changes nothing in --kind lines"),
        (["--arm", "base", "--kind", "effects"], "--arm: changes nothing in --kind effects"),
        (["--x", "core.ipc", "--kind", "effects"], "--x: changes nothing in --kind effects"),
    ],
)
def test_an_option_that_concerns_runs_is_refused_for_points(simslab, refused, tmp_path, monkeypatch, options, told):
    monkeypatch.chdir(tmp_path)
    common = ("one-node", "local-churn", "--set", "scale=0.005", "--metric", "latency.mean", "--jobs", "1")
    assert simslab("sweep", *common, "--axis", "core.ipc=2,4")[0] == 0
    assert told in refused("plot", "sweep.db", *options, "--out", "a.svg")


def test_the_name_of_the_figure_is_looked_at_before_the_results(refused, tmp_path):
    assert "a.txt" in refused("plot", tmp_path / "missing", "--out", tmp_path / "a.txt")


def test_the_arrays_of_a_cache_are_drawn_over_time_by_running_it_again(simslab, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert simslab("run", "two-socket", "mixed-remote", "--set", "scale=0.01", "--out", "r")[0] == 0
    alias = "simslab: mixed is an alias of pool_workqueue: the kernel merged them\n"
    assert simslab("plot", "r", "--kind", "timeline", "--cache", "mixed", "--out", "t.svg") == (0, "", alias)
    assert (tmp_path / "t.csv").read_text().startswith("time_us,array,place,objects\n")
    assert "one cache of one run" in refused("plot", "r", "r", "--kind", "timeline", "--out", "u.svg")
    assert "there is no cache 'mixd'" in refused("plot", "r", "--kind", "timeline", "--cache", "mixd", "--out", "u.svg")


def test_latencies_are_drawn_by_node_by_running_it_again(simslab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert simslab("run", "two-socket", "mixed-remote", "--set", "scale=0.01", "--out", "r")[0] == 0
    assert simslab("plot", "r", "--by", "node", "--operation", "free", "--out", "n.svg") == (0, "", "")
    assert {line.split(",")[1] for line in (tmp_path / "n.csv").read_text().splitlines()[1:]} == {"node 0", "node 1"}


def test_nothing_is_run_again_for_a_comparison_which_keeps_no_causes(refused, stored, tmp_path, monkeypatch):
    monkeypatch.setattr("simslab.experiment.reproduce.run_workload", None)
    arm = '{"name": "base", "frequency_hz": 1000000000, "by_operation": {"alloc": {"cycles": [5], "counts": [2]}}}'
    (tmp_path / "comparison.json").write_text(
        f'{{"format": "simslab-comparison", "version": 1, "workload": "w", "machine": "m", "arms": [{arm}]}}'
    )
    told = refused("plot", stored, tmp_path, "--kind", "attribution", "--by", "cache", "--out", tmp_path / "a.svg")
    assert "a comparison does not keep where the cycles went" in told


def test_causes_are_drawn_by_cache_by_running_it_again(simslab, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert simslab("run", "one-node", "untar-rm", "--set", "scale=0.005", "--out", "r")[0] == 0
    how = ("plot", "r", "--kind", "attribution", "--by", "cache")
    assert simslab(*how, "--operation", "alloc", "--out", "c.svg") == (0, "", "")
    bars = {line.split(",")[0] for line in (tmp_path / "c.csv").read_text().splitlines()[1:]}
    assert len(bars) > 3
    assert all(bar.startswith("alloc ") for bar in bars)
    assert "another trace than" in refused(*how, "--trace", "c.csv", "--out", "d.svg")
    assert "drawn from what is stored" in refused(*how[:4], "--trace", "c.csv", "--out", "d.svg")


def test_a_kind_of_figure_without_a_file_for_it_is_refused(refused):
    told = refused("run", "one-node", "local-churn", "--kind", "cdf")
    assert told == "simslab: --kind cdf: draws nothing; expected --plot FILE as well\n"
