import pickle
import subprocess
import sys
from multiprocessing import Pipe
from threading import Thread

import pytest

from simslab.base.errors import SimslabError, UserError
from simslab.experiment.running.worker import Failure, attempt, serve


def raising(error):
    def work(job):
        raise error

    return work


def test_an_outcome_is_what_the_work_returns():
    assert attempt(len, "four") == 4


def test_a_users_mistake_keeps_its_problems():
    failure = attempt(raising(UserError("is odd", file="job 3", expected="an even one")), 3)
    assert [(problem.file, problem.expected) for problem in failure.problems] == [("job 3", "an even one")]


def test_an_error_of_ours_is_its_message():
    assert attempt(raising(SimslabError("no more")), 3) == Failure("no more")


def test_a_bug_is_its_traceback():
    failure = attempt(raising(ZeroDivisionError("of nothing")), 3)
    assert failure.message.startswith("Traceback")
    assert failure.message.endswith("ZeroDivisionError: of nothing\n")
    assert not failure.killed


def test_a_failure_can_be_sent():
    failure = attempt(raising(UserError("is odd", file="a")), 3)
    assert pickle.loads(pickle.dumps(failure)) == failure


@pytest.mark.parametrize("jobs", [[], ["a", "four"]])
def test_jobs_are_done_in_order_until_the_parents_end_closes(jobs):
    ours, theirs = Pipe()
    serving = Thread(target=serve, args=(theirs,))
    serving.start()
    for job in jobs:
        ours.send((len, job))
    assert [ours.recv() for _ in jobs] == [len(job) for job in jobs]
    ours.close()
    serving.join(timeout=60)
    assert not serving.is_alive()
    theirs.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal at a parent's death")
def test_a_worker_whose_parent_is_another_ends_at_once():
    code = "from simslab.experiment.running.worker import end_with; end_with(1 << 30); print('goes on')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
