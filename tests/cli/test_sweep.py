import csv
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest
from typer.testing import CliRunner

from simslab.cli.main import app
from simslab.experiment.store.dump import dump_lines
from simslab.experiment.store.store import Store

COMMON = ["sweep", "one-node", "local-churn", "--set", "scale=0.005", "--jobs", "1"]
LIMITS = ["--axis", "tunables.churn.limit=8,64", "--metric", "latency.p99,memory.arrays"]
PLOTTED = ["--plot", "a.svg", "--axis", "core.ipc=2,4"]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def test_a_sweep_prints_every_point_with_its_interval_and_what_is_best(simslab):
    status, out, _ = simslab(*COMMON, *LIMITS, "--seeds", "3")
    assert status == 0
    assert "latency.p99 (ns), lower is better" in out
    assert "tunables.churn.limit=8 " in out
    assert "tunables.churn.limit=64" in out
    assert "95 % Bonferroni-t" in out
    assert "paired by seed" in out


def test_the_same_command_runs_nothing_again(simslab):
    def times():
        with Store.open("sweep.db") as store:
            return store.connection.execute("SELECT key, seconds FROM runs ORDER BY key").fetchall()

    first = simslab(*COMMON, *LIMITS)
    made = times()
    assert len(made) == 2
    assert simslab(*COMMON, *LIMITS) == first
    assert times() == made


def figures_of(out):
    """Return the lines of a cell and metric; behind them stand those of a point and metric, and what may be claimed."""
    return [row for row in map(json.loads, out.splitlines()) if "seed" in row]


def test_results_as_json_lines(simslab):
    _, out, _ = simslab(*COMMON, *LIMITS, "--json")
    rows = figures_of(out)
    assert len(rows) == 4
    assert {row["metric"] for row in rows} == {"latency.p99", "memory.arrays"}


def test_json_lines_have_the_intervals_that_the_table_prints(simslab):
    _, out, _ = simslab(*COMMON, *LIMITS, "--seeds", "3", "--correct", "--json")
    rows = [row for row in map(json.loads, out.splitlines()) if "point" in row]
    assert [(row["metric"], row["tunables.churn.limit"], row["verdict"]) for row in rows[2:]] == [
        ("memory.arrays", rows[0]["tunables.churn.limit"], ""),
        ("memory.arrays", rows[1]["tunables.churn.limit"], rows[3]["verdict"]),
    ]
    assert rows[0]["point"] == rows[1]["base"]
    assert rows[1]["difference_low"] < rows[1]["difference"] < rows[1]["difference_high"]
    assert rows[1]["low"] < rows[1]["mean"] < rows[1]["high"]
    assert rows[1]["correction"] == "Bonferroni-t, 1 comparisons"


def test_json_lines_of_a_shard_have_no_intervals(simslab):
    _, out, _ = simslab(*COMMON, *LIMITS, "--seeds", "3", "--shard", "1/2", "--json")
    assert not any("point" in json.loads(line) for line in out.splitlines())


def test_json_lines_are_of_the_points_that_were_asked_for_whatever_else_the_store_holds(simslab):
    simslab(*COMMON, *LIMITS)
    _, out, _ = simslab(*COMMON, "--axis", "tunables.churn.limit=16,64", "--metric", "latency.p99", "--json")
    assert {row["tunables.churn.limit"] for row in figures_of(out)} == {"16", "64"}


def test_json_lines_are_of_the_seeds_and_metrics_that_were_asked_for(simslab):
    simslab(*COMMON, *LIMITS, "--seeds", "3")
    _, out, _ = simslab(*COMMON, *LIMITS[:2], "--metric", "latency.p99", "--seeds", "2", "--json")
    rows = figures_of(out)
    assert sorted((row["tunables.churn.limit"], row["seed"]) for row in rows) == [
        ("64", 1),
        ("64", 2),
        ("8", 1),
        ("8", 2),
    ]
    assert {row["metric"] for row in rows} == {"latency.p99"}


FOUR = ("--axis", "tunables.churn.limit=8,16,24,64", "--metric", "latency.mean")


def test_table_figure_and_json_lines_are_over_the_seeds_that_a_precision_took(simslab, tmp_path):
    _, out, _ = simslab(*COMMON, *FOUR, "--precision", "10%", "--plot", "a.svg")
    assert "reached (4 seeds" in out
    first = next(line for line in out.splitlines() if line.startswith("tunables.churn.limit=8 "))
    assert first.split()[1] == "4"
    with (tmp_path / "a.csv").open() as file:
        assert {row["seeds"] for row in csv.DictReader(file) if row["x"] == "8"} == {"4"}
    _, out, _ = simslab(*COMMON, *FOUR, "--precision", "10%", "--json")
    assert {row["seed"] for row in figures_of(out)} == {1, 2, 3, 4}
    assert "reached (4 seeds" in json.loads(out.splitlines()[-1])["notes"][-1]


def test_a_precision_of_intervals_that_hold_together_takes_more_seeds(simslab):
    assert "reached (2 seeds" in simslab(*COMMON, *FOUR, "--precision", "30%")[1]
    assert "reached (4 seeds" in simslab(*COMMON, *FOUR, "--precision", "30%", "--correct")[1]


def test_an_experiment_file_says_the_same(simslab, tmp_path):
    (tmp_path / "study.yaml").write_text(
        "machine: one-node\nworkload: local-churn\nset: {scale: 0.005}\n"
        "axes: {tunables.churn.limit: [8, 64]}\nmetrics: [latency.p99, memory.arrays]\n"
    )
    assert simslab("sweep", "study.yaml", "--jobs", "1")[1] == simslab(*COMMON, *LIMITS)[1]


def test_an_axis_stands_before_what_the_file_sets_and_a_setting_before_its_axis(simslab, tmp_path):
    (tmp_path / "study.yaml").write_text(
        "machine: one-node\nworkload: local-churn\nset: {scale: 0.005, core.ipc: 2}\n"
        "axes: {tunables.churn.limit: [8, 64]}\nmetrics: [throughput]\n"
    )
    options = ["--axis", "core.ipc=3", "--set", "tunables.churn.limit=16", "--jobs", "1"]
    status, out, _ = simslab("sweep", "study.yaml", *options)
    assert status == 0
    assert "everywhere: scale=0.005, tunables.churn.limit=16\n" in out
    with Store.open("sweep.db") as store:
        (cell,) = store.cells()
    assert (cell.parameters["core.ipc"], cell.parameters["tunables.churn.limit"]) == ("3", "16")


@pytest.mark.parametrize(
    ("kind", "text", "options"),
    [
        ("experiment", "machine: one-node\nworkload: local-churn\nset: {scale: 0.005}\naxes: {core.ipc: [2, 4]}\n", []),
        (
            "machine",
            "extends: one-node\nname: mine\ndescription: mine\n",
            ["--axis", "workload=local-churn", "--set", "scale=0.005"],
        ),
    ],
)
def test_what_comes_by_a_pipe_is_swept(simslab, tmp_path, kind, text, options):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=(text,))
    writer.start()
    status, out, _ = simslab("sweep", "pipe", *options, "--metric", "throughput", "--jobs", "1")
    writer.join()
    assert (status, "throughput" in out) == (0, True)


def test_options_stand_before_what_the_file_says(simslab, tmp_path):
    (tmp_path / "study.yaml").write_text(
        "machine: one-node\nworkload: local-churn\nset: {scale: 0.005}\n"
        "axes: {tunables.churn.limit: [8, 64]}\nmetrics: [latency.p99]\n"
    )
    options = ["--axis", "tunables.churn.limit=16", "--seeds", "2", "--metric", "throughput", "--jobs", "1"]
    simslab("sweep", "study.yaml", *options)
    with Store.open("sweep.db") as store:
        cells = store.cells()
    assert [(cell.parameters["tunables.churn.limit"], cell.seed) for cell in cells] == [("16", 1), ("16", 2)]
    assert set(cells[0].figures) == {"throughput"}


def test_machine_as_an_axis_leaves_the_workload_to_be_named(simslab):
    axis = ["--axis", "machine=one-node,two-socket", "--metric", "throughput"]
    assert simslab("sweep", "local-churn", "--set", "scale=0.005", *axis, "--jobs", "2")[0] == 0
    with Store.open("sweep.db") as store:
        assert [cell.parameters["machine"] for cell in store.cells()] == ["one-node", "two-socket"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--metric", "latncy.p99"], "did you mean 'latency.p99'"),
        (["--axis", "tunables.churn.limit="], "an axis needs values"),
        (["--axis", "core.frequncy=1 GHz"], "--axis core.frequncy: 1 GHz"),
        (["--axis", "core.ipc=1,2", "--where", "ipc > 3"], "no point is left of 2"),
        (["--axis", "core.ipc=1,2", "--where", "ipcs > 3"], "did you mean 'ipc'"),
        (["--base", "core.ipc=7"], "--base"),
        (["--shard", "3/2"], "--shard"),
        (["--precision", "fast"], "--precision"),
        (["--vary", "starts"], "--vary"),
        (["--store", "/proc/no/sweep.db"], "cannot be written"),
        (["--store", "."], "."),
        (["--kind", "bars"], "--kind bars: draws nothing; expected --plot FILE as well"),
        ([*PLOTTED, "--kind", "bogus"], "--kind bogus: is unknown"),
        ([*PLOTTED, "--kind", "cdf"], "--kind cdf: a store's runs are drawn as points"),
        ([*PLOTTED, "--kind", "heat-map"], "only core.ipc varies; expected --kind lines"),
        ([*PLOTTED[:-1], "core.ipc=2"], "nothing varies in it"),
        (PLOTTED, "plots do not fit on a page (at most 12); expected fewer with --metric\n"),
        (["--axis", "scale=0.1,1"], "--set scale=0.005: 'scale' varies, and is set for all points"),
        (["--axis", "workload.scale=0.1,1"], "--set scale=0.005: 'scale' varies, and is set for all points"),
    ],
)
def test_a_mistake_is_one_message_and_status_2(simslab, options, message, tmp_path):
    status, out, err = simslab(*COMMON, *options)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "sweep.db").exists()


def test_a_store_of_settings_in_another_order_is_told_as_such(simslab):
    first, second = ("--set", "tunables.kmalloc-64.limit=30"), ("--set", "tunables.kmalloc-96.limit=30")
    assert simslab(*COMMON, *first, *second)[0] == 0
    status, out, err = simslab(*COMMON, *second, *first)
    assert (status, out) == (2, "")
    assert "its machine or workload has changed, or the order of what is set in it" in err
    assert err.endswith("expected a new store, or the files and the order of --set as they were\n")


def test_too_few_or_too_many_names_are_told(simslab):
    for names in ([], ["one-node"], ["one-node", "local-churn", "larson"]):
        status, _, err = simslab("sweep", *names, "--axis", "core.ipc=1,2")
        assert status == 2
        assert "MACHINE and WORKLOAD" in err


def test_an_experiment_that_is_not_there_is_told_with_the_near_one(simslab):
    status, _, err = simslab("sweep", "topolgy")
    assert status == 2
    assert "there is no experiment 'topolgy'; expected MACHINE and WORKLOAD, or an experiment: a file, or" in err
    assert "did you mean 'topology'?" in err


def test_a_file_that_is_no_experiment_is_told_as_such(simslab, tmp_path):
    (tmp_path / "study.yaml").write_text("axis: {core.ipc: [1, 2]}\n")
    status, _, err = simslab("sweep", "study.yaml")
    assert status == 2
    assert err.startswith(
        "simslab: study.yaml: is no experiment; expected MACHINE and WORKLOAD, or a YAML mapping with"
    )


def test_failed_cells_are_told_and_give_status_1(simslab):
    status, out, err = simslab(*COMMON, "--axis", "threads[0].cpus=first 1,0-63", "--metric", "throughput")
    assert status == 1
    assert "throughput" in out
    assert err.count("simslab: failed: ") == 1
    assert "the machine has no CPU" in err


def test_a_trace_says_what_its_seeds_draw(simslab):
    trace = ["sweep", "one-node", "untar-rm", "--set", "scale=0.02", "--seeds", "2", "--jobs", "1"]
    _, out, _ = simslab(*trace, "--axis", "core.ipc=2,4", "--metric", "throughput")
    assert "start jitter" in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_sweep_and_its_workers_and_keeps_what_is_done(tmp_path, number):
    command = [sys.executable, "-m", "simslab", "sweep", "two-socket", "mixed-remote", "--jobs", "2", "--seeds", "50"]
    options = ["--set", "scale=0.05", "--metric", "throughput", "--store", str(tmp_path / "a.db")]
    sweeping = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True, env=os.environ)
    until = time.monotonic() + 60
    while not done(tmp_path / "a.db") and time.monotonic() < until:
        time.sleep(0.1)
    workers = children(sweeping.pid)
    sweeping.send_signal(number)
    _, err = sweeping.communicate(timeout=30)
    assert sweeping.returncode == 128 + number
    assert f"{tmp_path / 'a.db'}: interrupted; what is done is kept, and the same command goes on from there\n" in err
    assert len(workers) == 2
    assert not any(os.path.exists(f"/proc/{pid}") for pid in workers)
    assert 0 < done(tmp_path / "a.db") < 50


# Killed twice it is in tests/experiment/test_sweep.py.
@pytest.mark.slow
def test_a_sweep_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(tmp_path):
    times = 50
    axes = ["--axis", "tunables.mixed.limit=20,60", "--seeds", str(4 * times), "--jobs", "2"]
    base = [sys.executable, "-m", "simslab", "sweep", "two-socket", "mixed-remote", "--set", "scale=0.02", *axes]
    moments = random.Random(times)
    kept, before = tmp_path / "kept.db", 0
    for number in range(times):
        sweeping = subprocess.Popen([*base, "--store", kept], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if number % 3 == 0:  # in the midst of its work
            until = time.monotonic() + 60
            while done(kept) == before and sweeping.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
        with suppress(subprocess.TimeoutExpired):  # or at any moment, its beginning included
            sweeping.wait(moments.uniform(0.1, 2.0))
        sweeping.kill()
        sweeping.wait()
        assert done(kept) >= before  # nothing is lost
        before = done(kept)
    assert before > 0
    for store, jobs in ((kept, "2"), (tmp_path / "whole.db", "2")):
        run = subprocess.run([*base, "--jobs", jobs, "--store", store], capture_output=True, text=True, env=os.environ)
        assert run.returncode == 0, run.stderr
    with Store.open(kept) as ours, Store.open(tmp_path / "whole.db") as theirs:
        assert list(dump_lines(ours)) == list(dump_lines(theirs))


def done(path):
    if not path.exists():
        return 0
    try:
        with Store.open(path) as store:
            return len(store.cells())
    except Exception:
        return 0


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def test_help_does_not_load_what_a_simulation_needs():
    code = (
        "import sys; from simslab.cli.main import app; "
        "print([n for n in ('numpy', 'pydantic', 'scipy', 'sqlite3', 'matplotlib') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_help_tells_the_options():
    assert "--axis" in CliRunner().invoke(app, ["sweep", "--help"], env={"COLUMNS": "200"}).output


def test_a_sweep_ends_in_its_figure_and_a_stored_one_is_drawn_again_the_same(simslab, tmp_path):
    command = (*COMMON, *LIMITS, "--seeds", "2", "--plot", "a.svg", "--correct")
    status, out, _ = simslab(*command)
    assert status == 0
    assert "held together" in out
    again = ("plot", "sweep.db", "--metric", "latency.p99,memory.arrays", "--correct", "--out", "b.svg")
    assert simslab(*again) == (0, "", "")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()


def test_a_sweep_of_machines_is_drawn_as_its_store_is(simslab, tmp_path):
    axes = ("--axis", "machine=one-node,two-socket", "--axis", "core.ipc=x1,x2", "--metric", "throughput")
    common = ("sweep", "local-churn", "--set", "scale=0.005", "--jobs", "1")
    assert simslab(*common, *axes, "--plot", "a.svg")[0] == 0
    assert simslab("plot", "sweep.db", "--out", "b.svg")[0] == 0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()


@pytest.mark.parametrize("options", [(), ("--base", "core.ipc=x2,tunables.churn.limit=8")])
def test_a_figure_of_the_store_compares_with_the_base_of_the_sweep(simslab, tmp_path, options):
    axes = ("--axis", "tunables.churn.limit=64,8", "--axis", "core.ipc=x2,x1", "--metric", "latency.p99")
    assert simslab(*COMMON, *axes, *options, "--seeds", "2", "--kind", "effects", "--plot", "a.svg")[0] == 0
    assert simslab("plot", "sweep.db", "--kind", "effects", "--out", "b.svg")[0] == 0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "a.csv").read_text() == (tmp_path / "b.csv").read_text()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--kind", "heat-map"), "only tunables.churn.limit varies"),
        (("--kind", "cdf"), "expected lines or bars or heat-map or effects"),
        (("--metric", "throughput"), "no throughput is stored"),
        (("--at", "limit=9"), "no cell has '9'"),
    ],
)
def test_what_a_store_does_not_hold_is_not_drawn(simslab, tmp_path, options, told):
    assert simslab(*COMMON, *LIMITS)[0] == 0
    status, _, error = simslab("plot", "sweep.db", *options, "--out", "a.svg")
    assert status == 2
    assert told in error
    assert not (tmp_path / "a.svg").exists()


def test_a_figure_of_more_metrics_than_a_page_has_room_for_is_refused_before_the_work(simslab, tmp_path):
    status, _, err = simslab(*COMMON, *LIMITS[:2], "--plot", "a.pdf")
    assert status == 2
    assert "19 plots do not fit on a page (at most 12); expected fewer with --metric\n" in err
    assert not (tmp_path / "sweep.db").exists()
