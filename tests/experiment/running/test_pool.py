import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simslab.base.errors import UserError
from simslab.experiment.running import pool
from simslab.experiment.running.pool import outcomes
from simslab.experiment.running.worker import Failure, attempt

HERE = Path(__file__)


def double(job):
    return 2 * job


def refuse(job):
    raise UserError("is odd", file=f"job {job}", expected="an even one")


def divide(job):
    return 1 // job


def die(job):
    if job == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def leave(job):
    sys.exit(5)


def pid_of(job):
    time.sleep(0.05)
    return os.getpid()


# Workers import functions by name, so they must know this file.
@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setitem(sys.modules, "test_pool", sys.modules[__name__])
    for work in (double, refuse, divide, die, leave, pid_of):
        monkeypatch.setattr(work, "__module__", "test_pool")


@pytest.mark.parametrize("processes", [1, 2])
def test_every_job_comes_back_with_its_outcome(processes):
    assert sorted(outcomes(double, range(9), processes)) == [(job, 2 * job) for job in range(9)]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_users_mistake_comes_back_as_its_problems(processes):
    ((_, failure),) = outcomes(refuse, [7], processes)
    assert failure.problems[0].message == "is odd"
    assert failure.problems[0].expected == "an even one"


@pytest.mark.parametrize("processes", [1, 2])
def test_a_bug_comes_back_as_its_traceback(processes):
    ((_, failure),) = outcomes(divide, [0], processes)
    assert "ZeroDivisionError" in failure.message
    assert not failure.killed


def test_a_killed_worker_costs_its_job_alone():
    done = dict(outcomes(die, range(8), 2))
    assert done.pop(3) == Failure(
        "its process was killed by SIGKILL, as the kernel does when memory runs out", killed=True
    )
    assert done == {job: job for job in range(8) if job != 3}


def test_a_worker_that_leaves_is_told_with_its_status():
    ((_, failure),) = outcomes(leave, [1], 2)
    assert "ended with status 5" in failure.message


def test_workers_are_used_again_and_gone_at_the_end():
    pids = {pid for _, pid in outcomes(pid_of, range(8), 2)}
    assert len(pids) == 2
    assert os.getpid() not in pids
    assert not any(alive(pid) for pid in pids)


def test_workers_are_gone_when_the_caller_stops_early():
    for _, pid in outcomes(pid_of, range(100), 2):
        seen = pid
        break
    assert not alive(seen)


def test_a_tick_comes_while_jobs_run():
    ticks = []
    list(outcomes(pid_of, range(4), 2, lambda: ticks.append(1)))
    assert ticks


def test_an_attempt_keeps_what_was_made():
    assert attempt(double, 4) == 8


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
def test_workers_die_with_a_parent_that_is_killed(tmp_path, number):
    script = tmp_path / "parent.py"
    script.write_text(
        "import test_pool\nfrom simslab.experiment.running.pool import outcomes\n"
        "for job, pid in outcomes(test_pool.pid_of, range(100000), 2):\n    print(pid, flush=True)\n"
    )
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    pids = set()
    while len(pids) < 2:  # one may have done a good many before the other has begun
        pids.add(int(parent.stdout.readline()))
    parent.send_signal(number)
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, pids))


def no_memory(job):
    raise MemoryError


@pytest.mark.parametrize("processes", [1, 2])
def test_a_job_that_runs_out_of_memory_is_told_in_three_words(processes):
    [(_, failure)] = outcomes(no_memory, [0], processes)
    assert failure.message == "out of memory"


@pytest.fixture
def third_refused(monkeypatch):
    """Lets two workers start and refuses each further one with what it is given; returns those that started."""

    def refuse(error):
        begun = []
        real = pool._Worker.start

        def start():
            if len(begun) == 2:
                raise error
            begun.append(real())
            return begun[-1]

        monkeypatch.setattr(pool._Worker, "start", start)
        return begun

    return refuse


def test_more_processes_than_the_system_allows_are_told(third_refused):
    begun = third_refused(OSError(24, "Too many open files"))
    told = "--jobs: cannot start another process beside 2: Too many open files; expected fewer"
    with pytest.raises(UserError, match=told):
        list(outcomes(pid_of, range(8), 3))
    assert not any(alive(worker.process.pid) for worker in begun)


def test_what_came_of_a_job_is_told_before_no_process_can_replace_the_one_it_killed(third_refused):
    begun = third_refused(OSError(11, "Resource temporarily unavailable"))
    found = outcomes(die, [3] * 6, 2)  # each job kills its process
    told = []
    with pytest.raises(UserError, match="cannot start another process beside 1: Resource temporarily unavailable"):
        told.extend(found)
    assert [(job, outcome.killed) for job, outcome in told] == [(3, True)]
    assert not any(alive(worker.process.pid) for worker in begun)
