import gzip
import os
import random
import subprocess
import sys
import time

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.experiment.grid.axes import Axis
from simslab.experiment.grid.design import Design, make_grid
from simslab.experiment.running.pool import outcomes
from simslab.experiment.running.worker import Failure
from simslab.experiment.store.dump import dump_lines
from simslab.experiment.store.merge import merge
from simslab.experiment.store.store import DONE, FAILED, KILLED, Store
from simslab.experiment.sweep import Shard, parse_shard, sweep


def dumped(path):
    with Store.open(path) as store:
        return list(dump_lines(store))


def run(grid, path, **how):
    with Store.create(path) as store:
        return sweep(grid, store, **how)


def test_every_cell_is_stored_with_parameters_and_figures(swept):
    with Store.open(swept) as store:
        cells = store.cells()
    assert [(cell.parameters["tunables.churn.limit"], cell.seed) for cell in cells] == [
        ("64", 1), ("64", 2), ("8", 1), ("8", 2),
    ]  # fmt: skip
    assert {cell.status for cell in cells} == {DONE}
    assert all(cell.parameters["machine"] == "one-node" and cell.parameters["scale"] == "0.005" for cell in cells)
    assert all(set(cell.figures) == {"latency.mean", "throughput", "memory.arrays:churn"} for cell in cells)


def test_contents_are_the_same_with_one_process_two_and_two_shards_merged(small_grid, swept, tmp_path):
    grid = small_grid()
    run(grid, tmp_path / "two.db", processes=2)
    for index in (2, 1):
        run(grid, tmp_path / f"shard{index}.db", shard=Shard(index, 2))
    merge(tmp_path / "merged.db", [tmp_path / "shard2.db", tmp_path / "shard1.db"])
    assert dumped(tmp_path / "two.db") == dumped(tmp_path / "merged.db") == dumped(swept)


def test_what_is_there_is_not_made_again(small_grid, tmp_path):
    assert run(small_grid(seeds=1), tmp_path / "a.db").made == 2
    again = run(small_grid(seeds=1), tmp_path / "a.db")
    assert (again.made, again.found) == (0, 2)


def test_seeds_values_and_axes_can_be_added_later(small_grid, tmp_path):
    run(small_grid(["8"], seeds=1), tmp_path / "a.db")
    assert run(small_grid(["8", "64"], seeds=2), tmp_path / "a.db").made == 3
    more = run(small_grid(["8"], seeds=1, axes=(Axis("links", ("[]",)),)), tmp_path / "a.db")
    assert more.made == 0  # an axis at the value that stands there anyway is the same run under another name
    with Store.open(tmp_path / "a.db") as store:
        assert len(store.cells()) == 5
        assert len(store.statuses()) == 4


def test_metrics_can_be_added_later_without_running_again(small_grid, tmp_path):
    run(small_grid(["8"], seeds=1, metrics=["throughput"]), tmp_path / "a.db")
    assert run(small_grid(["8"], seeds=1, metrics=["latency.p99.9:free"]), tmp_path / "a.db").made == 0
    with Store.open(tmp_path / "a.db") as store:
        assert set(store.cells()[0].figures) == {"throughput", "latency.p99.9:free"}


def test_a_cell_that_fails_is_stored_with_its_error_and_not_tried_again(small_grid, tmp_path):
    bad = {"axes": (Axis("threads[0].cpus", ("first 1", "0-63")),), "limits": ["8"], "seeds": 1}
    swept = run(small_grid(**bad), tmp_path / "a.db", processes=2)
    assert swept.made == 1
    assert "the machine has no CPU" in swept.failures[0]
    again = run(small_grid(**bad), tmp_path / "a.db")
    assert (again.made, len(again.failures)) == (0, 1)
    with Store.open(tmp_path / "a.db") as store:
        assert sorted(store.statuses().values()) == [DONE, FAILED]
        assert "the machine has no CPU" in next(cell.error for cell in store.cells() if cell.status == FAILED)
    assert len(run(small_grid(**bad), tmp_path / "a.db", retry=True).failures) == 1


def test_failures_are_told_without_reading_every_cell_for_each(small_grid, tmp_path, monkeypatch):
    bad = {"axes": (Axis("threads[0].cpus", ("0-63", "0-64")),), "limits": ["8"], "seeds": 1}
    monkeypatch.setattr(Store, "cells", None)
    first, second = run(small_grid(**bad), tmp_path / "a.db").failures
    assert '"threads[0].cpus": "0-63"' in first
    assert '"threads[0].cpus": "0-64"' in second
    assert all(told.endswith("expected CPUs 0-7") for told in (first, second))


def test_a_killed_process_is_told_and_its_cell_made_by_the_next_sweep(small_grid, swept, tmp_path, monkeypatch):
    def killing(work, jobs, processes, tick):
        for number, (job, outcome) in enumerate(outcomes(work, jobs, processes, tick)):
            yield job, Failure("its process was killed by SIGKILL", killed=True) if number == 1 else outcome

    monkeypatch.setattr("simslab.experiment.sweep.outcomes", killing)
    assert "killed by SIGKILL" in run(small_grid(), tmp_path / "a.db").failures[0]
    monkeypatch.undo()
    with Store.open(tmp_path / "a.db") as store:
        assert KILLED in store.statuses().values()
    assert run(small_grid(), tmp_path / "a.db").made == 1
    assert dumped(tmp_path / "a.db") == dumped(swept)


@pytest.fixture
def own_grid(tmp_path):
    """Return a function that makes a grid of the files `mine.yaml` and `load.yaml` in `tmp_path`."""
    (tmp_path / "load.yaml").write_text((shipped_folder("workloads") / "local-churn.yaml").read_text())

    def make(machine, limits=("8",), **more):
        (tmp_path / "mine.yaml").write_text(machine)
        names = [str(tmp_path / name) for name in ("mine.yaml", "load.yaml")]
        axes = (Axis("tunables.churn.limit", tuple(limits)),)
        return make_grid(Design(*names, ("scale=0.002",), axes, metrics=("throughput",), **more))

    return make


ANOTHER = "extends: one-node\ndescription: another\n"


@pytest.mark.parametrize("more", [{}, {"first_seed": 9}, {"limits": ["16"]}])
def test_a_changed_file_is_refused_in_a_store_that_has_results_of_it(own_grid, tmp_path, more):
    run(own_grid("extends: one-node\n"), tmp_path / "a.db")
    changed = r"a\.db: holds results of another machine .*mine\.yaml: description was not there, is another; expected"
    with pytest.raises(UserError, match=changed):
        run(own_grid(ANOTHER, **more), tmp_path / "a.db")
    assert len(dumped(tmp_path / "a.db")) == 1 + 2 + 2 + 1


def test_a_changed_workload_is_told_by_the_value_that_changed(own_grid, tmp_path):
    run(own_grid("extends: one-node\n"), tmp_path / "a.db")
    load = tmp_path / "load.yaml"
    load.write_text(load.read_text().replace("size: 256", "size: 128"))
    with pytest.raises(UserError, match=r"workload .*load\.yaml: caches\.churn\.size was 256, is 128;"):
        run(own_grid("extends: one-node\n", first_seed=9), tmp_path / "a.db")


def test_a_trace_that_was_cut_is_refused_with_other_seeds(tmp_path):
    trace = tmp_path / "mine.txt"
    with gzip.open(shipped_folder("workloads") / "untar-rm.txt.gz", "rt") as file:
        lines = file.readlines()

    def grid(count, **more):
        trace.write_text("".join(lines[:count]))
        return make_grid(Design("one-node", str(trace), ("scale=0.1",), metrics=("throughput",), **more))

    run(grid(400), tmp_path / "a.db")
    with pytest.raises(UserError, match=r"holds results of another trace .*mine\.txt: SHA-256 was \w+, is"):
        run(grid(300, first_seed=9), tmp_path / "a.db")


def test_a_comment_in_a_file_changes_nothing(own_grid, tmp_path):
    run(own_grid("extends: one-node\n"), tmp_path / "a.db")
    assert run(own_grid("# mine\nextends:   one-node\n", limits=["8", "16"]), tmp_path / "a.db").made == 1


def test_shards_of_a_file_that_changed_meanwhile_are_not_merged(own_grid, tmp_path):
    run(own_grid("extends: one-node\n"), tmp_path / "a.db")
    run(own_grid(ANOTHER, first_seed=9), tmp_path / "b.db")
    with pytest.raises(UserError, match=r"b\.db: was made from another machine .*mine\.yaml than the other stores"):
        merge(tmp_path / "both.db", [tmp_path / "a.db", tmp_path / "b.db"])
    assert not (tmp_path / "both.db").exists()
    merge(tmp_path / "both.db", [tmp_path / "a.db"])
    with pytest.raises(UserError, match=r"b\.db: was made from another machine .*mine\.yaml than the other stores"):
        merge(tmp_path / "both.db", [tmp_path / "b.db"])


def test_progress_tells_done_failed_and_total(small_grid, tmp_path):
    steps = []
    run(small_grid(["8"]), tmp_path / "a.db", progress=lambda *step: steps.append(step))
    assert steps[0] == (0, 0, 2)
    assert steps[-1] == (2, 0, 2)


@pytest.mark.parametrize("text", ["", "0/2", "3/2", "1", "1/2/3", "a/b", "-1/2"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(UserError, match="--shard"):
        parse_shard(text)


COMMAND = [
    sys.executable, "-m", "simslab", "sweep", "one-node", "local-churn", "--set", "scale=0.005", "--set",
    "workload.kernel.slab_nomerge=true", "--axis", "tunables.churn.limit=8,64", "--seeds", "2", "--jobs", "2",
    "--metric", "latency.mean,throughput,memory.arrays:churn", "--store",
]  # fmt: skip


def kill_at(path, seconds):
    sweeping = subprocess.Popen([*COMMAND, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=path.parent)
    time.sleep(seconds)
    sweeping.kill()
    return sweeping.wait()


def killed_and_resumed(path, times):
    random.seed(5)
    for _ in range(times):
        kill_at(path, random.uniform(0.2, 2.5))
    subprocess.run([*COMMAND, path], check=True, stdout=subprocess.DEVNULL, cwd=path.parent)


def test_a_sweep_that_is_killed_goes_on_with_the_same_command(swept, tmp_path):
    killed_and_resumed(tmp_path / "a.db", 2)
    assert dumped(tmp_path / "a.db") == dumped(swept)


@pytest.mark.slow
def test_a_sweep_that_is_killed_50_times_loses_and_doubles_nothing(swept, tmp_path):
    killed_and_resumed(tmp_path / "a.db", 50)
    assert dumped(tmp_path / "a.db") == dumped(swept)


def test_two_sweeps_into_one_store_are_one_clear_error(small_grid, tmp_path):
    with Store.create(tmp_path / "a.db"):
        done = subprocess.run([*COMMAND, tmp_path / "a.db"], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "another sweep is writing to this store" in done.stderr


def test_a_store_holds_each_metric_of_all_runs_whichever_sweep_asked_for_it(small_grid, tmp_path):
    with Store.create(tmp_path / "a.db") as store:
        sweep(small_grid(metrics=("latency.mean",), seeds=1), store)
        sweep(small_grid(metrics=("latency.p99",), seeds=2), store)
        assert [set(cell.figures) for cell in store.cells()] == 4 * [{"latency.mean", "latency.p99"}]
