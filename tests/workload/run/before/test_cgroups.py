import pytest
from small_runs import workload

from simslab.base.errors import UserErrors
from simslab.kernel.bug import KernelBugError
from simslab.machine.library import load_machine
from simslab.result.result_file import from_json, to_json
from simslab.workload.run.before import cgroups
from simslab.workload.run.runner import run_workload

KEEP = {"pattern": "alloc", "cache": "c", "count": 300}


def run(limit="1 GiB", flags=("ACCOUNT",), **more):
    return run_workload(load_machine("two-socket"), charged(limit, flags, **more))


def charged(limit="1 GiB", flags=("ACCOUNT",), allocator="slab", gfp="GFP_KERNEL", **more):
    groups = [
        {"name": "a", "cpus": 0, "cgroup": "jobs", "steps": [KEEP | {"gfp": gfp}]},
        {"name": "b", "cpus": 1, "steps": [KEEP]},
    ]
    kernel = {"memcg": True, "allocator": allocator}
    caches = {"c": {"size": 512, "flags": list(flags)}}
    return workload(*groups, kernel=kernel, cgroups={"jobs": {"limit": limit}, "idle": {}}, caches=caches, **more)


@pytest.mark.parametrize("allocator", ["slab", "slub"])
def test_threads_of_a_cgroup_are_charged_and_others_not(allocator):
    jobs, idle = run(allocator=allocator).memcg
    assert (jobs.cgroup, jobs.charges, jobs.bytes, jobs.pages) == ("jobs", 300, 300 * 520, 64)
    assert (idle.charges, idle.limit_pages, idle.pages) == (0, None, 0)


def test_requests_are_charged_by_their_flags():
    assert run(flags=(), gfp="GFP_KERNEL_ACCOUNT").memcg[0].charges == 300
    assert run(flags=()).memcg[0].charges == 0


def test_at_the_limit_allocations_fail():
    measured = run(limit="40 KiB")
    jobs = measured.memcg[0]
    assert (jobs.limit_pages, jobs.pages, jobs.charges + jobs.failures) == (10, 10, 300)
    assert measured.conservation["failed"] == jobs.failures == 300 - 10 * 4096 // 520


def test_a_result_keeps_its_cgroups():
    measured = run()
    assert from_json(to_json(measured)).memcg == measured.memcg


def test_a_warm_up_is_not_counted_but_stays_charged():
    warm = {"pattern": "barrier", "begin_region": True}
    group = {"name": "a", "cpus": 0, "cgroup": "jobs", "steps": [KEEP, warm, KEEP]}
    load = workload(
        group, kernel={"memcg": True}, cgroups={"jobs": {}}, caches={"c": {"size": 512, "flags": ["ACCOUNT"]}}
    )
    (jobs,) = run_workload(load_machine("two-socket"), load).memcg
    assert (jobs.charges, jobs.bytes) == (300, 600 * 520)


def test_too_many_cgroups_for_a_machine_are_refused():
    load = charged().model_copy(update={"cgroups": {f"c{i}": charged().cgroups["idle"] for i in range(3000)}})
    with pytest.raises(UserErrors, match="no per-CPU memory for a memory cgroup"):
        run_workload(load_machine("two-socket"), load.model_copy(update={"threads": [load.threads[1]]}))


@pytest.mark.parametrize("allocator", ["slab", "slub"])
def test_injected_faults_are_for_the_threads_and_not_for_their_cgroups(allocator):
    measured = run(allocator=allocator, failslab={"probability": 100, "ignore_gfp_wait": False})
    assert measured.conservation["failed"] == 600
    assert measured.memcg[0].charges == 0


@pytest.mark.parametrize(("which", "place"), [("root", "cgroups"), ("jobs", "cgroups.jobs")])
def test_no_memory_for_a_cgroup_or_their_root_is_told_at_its_place(which, place, monkeypatch):
    made = cgroups.make_memcg

    def make(kernel, allocate, name, *more):
        if name == which:
            raise KernelBugError("no memory for a memory cgroup")
        return made(kernel, allocate, name, *more)

    monkeypatch.setattr(cgroups, "make_memcg", make)
    with pytest.raises(UserErrors) as caught:
        run()
    (problem,) = caught.value.problems
    assert (problem.path, problem.message) == (place, "no memory for a memory cgroup")
