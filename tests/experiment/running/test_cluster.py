import os
import socket
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from simslab.base.build import code_digest
from simslab.base.errors import UserError
from simslab.experiment.running.cluster import OtherCode, attempt_as, outcomes_on
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
    port = 40000 + os.getpid() % 20000
    address = f"tcp://127.0.0.1:{port}"
    options = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show"]
    processes = [subprocess.Popen([*dask, *options], **quiet)]
    worker = [sys.executable, "-W", "ignore", "-m", "distributed.cli.dask_worker", address, "--no-dashboard"]
    processes += [
        subprocess.Popen([*worker, "--nthreads", "1", "--no-nanny", "--name", f"w{n}"], **quiet) for n in range(2)
    ]
    until = time.monotonic() + 60
    while not listens(port) and time.monotonic() < until:
        time.sleep(0.2)
    yield address
    for process in processes:
        process.kill()
        process.wait()


def listens(port):
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def test_a_job_is_run_by_the_callers_code_alone():
    assert attempt_as(code_digest(), str, 1) == "1"
    assert attempt_as("0123456789abcdef", str, 1) == OtherCode(code_digest())


@pytest.mark.filterwarnings("ignore")
def test_workers_of_other_code_are_refused_and_leave_no_result(scheduler, small_grid, tmp_path, monkeypatch):
    monkeypatch.setattr("simslab.experiment.running.cluster.code_digest", lambda: "0123456789abcdef")
    told = rf"a worker runs other code \({code_digest()}\); expected the simslab of this sweep \(0123456789abcdef\)"
    with Store.create(tmp_path / "a.db") as store:
        with pytest.raises(UserError, match=told):
            sweep(small_grid(), store, scheduler=scheduler)
        assert store.cells() == []


@pytest.mark.filterwarnings("ignore")
def test_contents_are_the_same_on_a_scheduler_with_two_workers(scheduler, small_grid, swept, tmp_path):
    with Store.create(tmp_path / "a.db") as store:
        assert sweep(small_grid(), store, scheduler=scheduler).made == 4
    with Store.open(tmp_path / "a.db") as ours, Store.open(swept) as theirs:
        assert list(dump_lines(ours)) == list(dump_lines(theirs))


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_cannot_be_reached_is_one_message(monkeypatch):
    pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
    monkeypatch.setattr("simslab.experiment.running.cluster.PATIENCE", 1)
    with pytest.raises(UserError, match="cannot be reached"):
        list(outcomes_on("tcp://127.0.0.1:1", run_job, []))
