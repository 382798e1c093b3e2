"""`show`, `diff`, `reproduce` and `report` on one small stored run."""

import json
import shutil

import pytest
from command_line import ran_in

SMALL = "simslab run one-node local-churn --set scale=0.002"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored")
    ran_in(folder, f"{SMALL} --out a")
    ran_in(folder, f"{SMALL} --seed 2 --out b")
    return folder


def test_a_view_is_what_the_run_stored(simslab, made):
    assert simslab("show", made / "a", "--view", "slabinfo") == (0, (made / "a" / "slabinfo.txt").read_text(), "")


def test_without_a_view_the_summary_is_shown(simslab, made):
    assert simslab("show", made / "a")[1].startswith("local-churn on one-node, seed 1\n")


def test_a_view_that_there_is_not_is_refused_with_the_near_miss(refused, made):
    assert "did you mean 'slabtop'?" in refused("show", made / "a", "--view", "slabtops")


@pytest.mark.parametrize("options", [(), ("--json",), ("--view", "slabinfo")])
def test_a_trace_is_refused_where_nothing_is_run_again(refused, made, options):
    expected = "--trace: this is shown of what is stored; expected a --view for which it is run again"
    assert expected in refused("show", made / "a", "--trace", "a.txt", *options)


def test_equal_results_have_no_difference(simslab, made):
    assert simslab("diff", made / "a", made / "a") == (
        0,
        f"{made / 'a'} and {made / 'a'}: the same inputs and figures\n",
        "",
    )


def test_what_differs_is_told_inputs_first_and_gives_status_1(simslab, made):
    status, out, _ = simslab("diff", made / "a", made / "b")
    assert status == 1
    assert out.index("Inputs that differ") < out.index("seed") < out.index("Figures that differ")


def test_a_run_is_made_again_file_by_file(simslab, made):
    status, out, _ = simslab("reproduce", made / "a")
    assert status == 0
    assert "result.json: identical\n" in out


def test_the_runs_of_a_store_are_made_again(simslab, tmp_path):
    sweep = ("sweep", "one-node", "local-churn", "--set", "scale=0.005", "--axis", "core.ipc=2,4", "--jobs", "1")
    assert simslab(*sweep, "--store", tmp_path / "s.db")[0] == 0
    assert simslab("reproduce", tmp_path / "s.db", "--jobs", "1") == (0, "2 of 2 runs: identical\n", "")
    status, out, _ = simslab("reproduce", tmp_path / "s.db", "--jobs", "1", "--json")
    assert [status, len(json.loads(out)["identical"])] == [0, 2]


def test_what_is_not_there_to_be_made_again_may_have_been_a_store(simslab, tmp_path):
    status, _, err = simslab("reproduce", tmp_path / "s.db")
    assert status == 2
    assert "s.db: cannot be read: No such file or directory; expected a directory" in err
    assert err.endswith("or a store of `simslab sweep`\n")


def test_a_file_that_comes_out_otherwise_is_told_and_gives_status_1(simslab, made, tmp_path):
    shutil.copytree(made / "a", tmp_path / "a")
    (tmp_path / "a" / "latency.csv").write_text("other\n")
    status, out, err = simslab("reproduce", tmp_path / "a")
    assert status == 1
    assert "latency.csv: DIFFERS\n" in out
    assert err.endswith("no input differs\n")


def test_the_page_is_written_and_nothing_is_said(simslab, made, tmp_path):
    assert simslab("report", made / "a", "--out", tmp_path / "a.html") == (0, "", "")
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
