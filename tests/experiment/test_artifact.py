"""An artifact holds what an evaluation asks for, and its own commands make everything again."""

import gzip
import os
import shlex
import subprocess
import sys

import pytest
import yaml
from command_line import ran_in

from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.experiment.artifact import study_of, write_artifact
from simslab.experiment.grid.axes import Axis
from simslab.experiment.grid.design import Design, make_grid
from simslab.experiment.grid.experiment_file import read_experiment
from simslab.experiment.inputs import load_inputs
from simslab.experiment.run import run_once
from simslab.experiment.store.store import Store
from simslab.experiment.sweep import sweep

QUICK = ("scale=0.005",)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a result, a store, and the artifact of both."""
    folder = tmp_path_factory.mktemp("artifact")
    run_once(load_inputs("one-node", "local-churn", QUICK), out=folder / "base")
    axes = (Axis("dram.latency", ("x1", "x2")),)
    grid = make_grid(Design("one-node", "local-churn", QUICK, axes, seeds=2, metrics=("latency.mean", "throughput")))
    with Store.create(folder / "study.db") as store:
        sweep(grid, store)
    write_artifact(folder / "out", [str(folder / "base"), str(folder / "study.db")])
    return folder


def test_it_holds_test_commands_times_versions_tolerances_and_citation(made):
    text = (made / "out" / "README.md").read_text()
    for part in (
        "## Basic test",
        "sha256sum",
        "## Tolerances",
        "| study | `simslab sweep studies/study.yaml` |",
        " s |",
    ):
        assert part in text
    names = {path.name for path in (made / "out").iterdir()}
    assert {"CITATION.cff", "versions.json", "all.sh", "results", "figures", "studies", "expected"} <= names


def test_its_commands_make_everything_again(made):
    out = made / "out"
    (out / "made").mkdir()
    expected = (out / "expected" / "study.sha256").read_text().split()[0]
    told = ""
    for line in (out / "all.sh").read_text().splitlines():
        if line.startswith("simslab ") and "|" not in line:
            told += ran_in(out, line)
        elif line.startswith("simslab "):
            command = line.replace("simslab", f"{shlex.quote(sys.executable)} -m simslab.cli.main", 1)
            done = subprocess.run(command, shell=True, cwd=out, capture_output=True, text=True, env=os.environ)
            assert done.returncode == 0, f"{line}\n{done.stderr}"
            told += done.stdout
    assert expected in told
    assert "DIFFERS" not in told
    assert (out / "made" / "base.csv").read_text() == (out / "figures" / "base.csv").read_text()


def test_a_result_that_does_not_come_out_the_same_is_refused(made, tmp_path):
    result = run_once(load_inputs("one-node", "local-churn", QUICK), out=tmp_path / "base")
    assert result.latency
    (tmp_path / "base" / "latency.csv").write_text("operation,path,cache,cycles,count\n")
    with pytest.raises(UserError, match=r"does not come out the same: latency\.csv"):
        write_artifact(tmp_path / "out", [str(tmp_path / "base")])
    assert [path.name for path in tmp_path.iterdir()] == ["base"]


def test_a_store_that_other_code_made_is_refused(made, tmp_path, monkeypatch):
    monkeypatch.setattr("simslab.experiment.store.schema.code_digest", lambda: "0123456789abcdef")
    with pytest.raises(UserError, match=r"study\.db: holds results of other code"):
        write_artifact(tmp_path / "out", [str(made / "study.db")])


def test_nothing_is_overwritten(made):
    with pytest.raises(UserError, match="is there already; expected a new directory"):
        write_artifact(made / "out", [str(made / "base")])


def test_results_of_one_name_are_refused(made, tmp_path):
    with pytest.raises(UserError, match="two results are called 'base'"):
        write_artifact(tmp_path / "out", [str(made / "base"), str(made / "base")])


def test_the_study_of_settings_of_which_a_part_is_set_again_or_varies_is_read_back(tmp_path):
    whole = ("workload.tunables.churn={limit: 60, batchcount: 30, shared: 8}", "tunables.churn.shared=4")
    axes = (Axis("tunables.churn.limit", ("60", "90")),)
    grid = make_grid(Design("one-node", "local-churn", (*QUICK, *whole), axes, metrics=("latency.mean",)))
    with Store.create(tmp_path / "s.db") as store:
        sweep(grid, store)
        study = study_of(store)
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    again = make_grid(read_experiment(tmp_path / "s.yaml"))
    assert [point.key(1) for point in again.points] == [point.key(1) for point in grid.points]
    assert [point.label for point in again.points] == [point.label for point in grid.points]


@pytest.mark.parametrize(("settings", "seeds"), [((), 2), (("trace.vary=none",), 2), (("trace.vary=start",), 1)])
def test_the_study_of_a_trace_says_what_the_seed_draws_of_it_as_the_sweep_did(tmp_path, settings, seeds):
    trace = gzip.decompress((shipped_folder("workloads") / "untar-rm.txt.gz").read_bytes()).decode().splitlines()[:1000]
    (tmp_path / "short.txt").write_text("\n".join(trace) + "\n")
    own, axes = str(tmp_path / "short.txt"), (Axis("core.ipc", ("x1", "x2")),)
    grid = make_grid(Design("one-node", own, settings, axes, seeds=seeds, metrics=("latency.mean",)))
    with Store.create(tmp_path / "s.db") as store:
        sweep(grid, store)
        study = study_of(store)
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    assert [p.label for p in make_grid(read_experiment(tmp_path / "s.yaml")).points] == [p.label for p in grid.points]


def test_a_store_of_uneven_seeds_is_refused(made, tmp_path):
    grid = make_grid(Design("one-node", "local-churn", QUICK, (Axis("dram.latency", ("x1", "x2")),), seeds=2))
    with Store.create(tmp_path / "s.db") as store:
        sweep(grid, store, seeds=(1, 2))
        sweep(grid, store, seeds=(3,), points=grid.points[:1])
        with pytest.raises(UserError, match="not every point has the same seeds"):
            study_of(store)


def test_the_point_that_a_store_compares_others_with_is_made_again_as_the_first(tmp_path):
    grid = make_grid(Design("one-node", "local-churn", QUICK, (Axis("tunables.churn.limit", ("8", "64")),), seeds=1))
    with Store.create(tmp_path / "s.db") as store:
        sweep(grid, store, base=grid.points[0])
        assert study_of(store)["points"] == [{"tunables.churn.limit": "8"}, {"tunables.churn.limit": "64"}]
        sweep(grid, store, base=grid.points[1])
        assert study_of(store)["points"] == [{"tunables.churn.limit": "64"}, {"tunables.churn.limit": "8"}]


def made_again(out, name):
    """Run an artifact's own commands for a store that it holds whole; what they print."""
    (out / "made").mkdir()
    lines = [line for line in (out / "all.sh").read_text().splitlines() if name in line]
    assert len(lines) == 2
    return "".join(ran_in(out, line) for line in lines)


def test_a_store_of_a_machine_of_ones_own_is_made_again_from_what_it_holds(tmp_path):
    machine = tmp_path / "mine.yaml"
    machine.write_text("extends: one-node\ndescription: mine\ncore: {ipc: 2.5}\n")
    trace = gzip.decompress((shipped_folder("workloads") / "untar-rm.txt.gz").read_bytes()).decode().splitlines()[:1000]
    (tmp_path / "short.txt").write_text("\n".join(trace) + "\n")
    axes = (Axis("dram.latency", ("x1", "x2")),)
    grid = make_grid(Design(str(machine), str(tmp_path / "short.txt"), (), axes, seeds=2, metrics=("latency.mean",)))
    with Store.create(tmp_path / "s.db") as store:
        sweep(grid, store)
    write_artifact(tmp_path / "out", [str(tmp_path / "s.db")], tmp_path)
    machine.unlink()
    (tmp_path / "short.txt").unlink()
    assert "4 of 4 runs: identical" in made_again(tmp_path / "out", "s.db")


def test_a_store_of_uneven_seeds_is_made_again_from_what_it_holds(tmp_path):
    grid = make_grid(Design("one-node", "local-churn", QUICK, (Axis("dram.latency", ("x1", "x2")),), seeds=2))
    with Store.create(tmp_path / "s.db") as store:
        sweep(grid, store)
        sweep(grid, store, seeds=(3,), points=grid.points[:1])
    write_artifact(tmp_path / "out", [str(tmp_path / "s.db")])
    assert "5 of 5 runs: identical" in made_again(tmp_path / "out", "s.db")


def test_a_store_with_a_result_that_cannot_be_read_is_refused(tmp_path):
    grid = make_grid(Design("one-node", "local-churn", QUICK, (Axis("dram.latency", ("x1", "x2")),), seeds=2))
    with Store.create(tmp_path / "s.db") as store:
        sweep(grid, store)
        sweep(grid, store, seeds=(3,), points=grid.points[:1])
        store.connection.execute("UPDATE runs SET measured = x'00' WHERE seed = 3")
        store.connection.commit()
    with pytest.raises(UserError, match="is damaged"):
        write_artifact(tmp_path / "out", [str(tmp_path / "s.db")])
    assert not (tmp_path / "out").exists()
