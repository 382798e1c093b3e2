import os
import subprocess
import sys
import time

import pytest

from simslab.base.errors import UserError
from simslab.experiment.running.cluster import outcomes_on
from simslab.experiment.store.dump import dump_lines
from simslab.experiment.store.store import Store
from simslab.experiment.sweep import run_job, sweep


def test_a_cluster_without_dask_is_one_message(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r"pip install '\.\[cluster\]'"):
        list(outcomes_on("tcp://127.0.0.1:1", run_job, []))


@pytest.fixture(scope="module")
def scheduler():
    """A real scheduler on loopback with two worker processes."""
    pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-W", "ignore", "-m", "distributed.cli.dask_scheduler"]
    address = f"tcp://127.0.0.1:{40000 + os.getpid() % 20000}"
    options = ["--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-dashboard", "--no-show"]
    processes = [subprocess.Popen([*dask, *options], **quiet)]
    worker = [sys.executable, "-W", "ignore", "-m", "distributed.cli.dask_worker", address, "--no-dashboard"]
    processes += [
        subprocess.Popen([*worker, "--nthreads", "1", "--no-nanny", "--name", f"w{n}"], **quiet) for n in range(2)
    ]
    yield address
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.filterwarnings("ignore")
def test_contents_are_the_same_on_a_scheduler_with_two_workers(scheduler, small_grid, swept, tmp_path):
    until = time.monotonic() + 60
    while True:
        try:
            with Store.create(tmp_path / "a.db") as store:
                assert sweep(small_grid(), store, scheduler=scheduler).made == 4
            break
        except UserError:
            if time.monotonic() > until:
                raise
            time.sleep(1)
    with Store.open(tmp_path / "a.db") as ours, Store.open(swept) as theirs:
        assert list(dump_lines(ours)) == list(dump_lines(theirs))


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_cannot_be_reached_is_one_message(monkeypatch):
    pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
    monkeypatch.setattr("simslab.experiment.running.cluster.PATIENCE", 1)
    with pytest.raises(UserError, match="cannot be reached"):
        list(outcomes_on("tcp://127.0.0.1:1", run_job, []))
