"""Operations know who called for them: the recorded call site, or the step of the workload."""

from collections import Counter

import pytest
from logged_runs import logged

from simslab.machine.library import load_machine
from simslab.workload.description.spec import Workload
from simslab.workload.run.event_log import EventLog
from simslab.workload.run.runner import run_workload

EVENTS = (
    (0, "kmalloc: call_site=open_it+0x1/0x9 [a_module] ptr=10", 100),
    (1, "kmem_cache_alloc: call_site=make+0x24/0x30 ptr=20", 200),
    (0, "kfree: call_site=close_it+0x8/0x9 ptr=10", 0),
    (1, "kmalloc: call_site=open_it+0x1/0x9 [a_module] ptr=30", 300),
    (1, "kmem_cache_free: call_site=drop+0x2/0x7 ptr=20", 0),
    (0, "kfree: call_site=close_it+0x8/0x9 ptr=30", 0),
)


def log_of(tmp_path, **trace):
    """The log of a replay of EVENTS."""
    lines = []
    for time, (cpu, event, size) in enumerate(EVENTS):
        sizes = f" bytes_req={size} bytes_alloc={size} gfp_flags=GFP_KERNEL" if size else ""
        lines.append(f"t-1 [{cpu:03}] ..... 1.{time:06}: {event}{sizes}\n")
    file = tmp_path / "t.txt"
    file.write_text("".join(lines))
    log = EventLog(everything=True)
    load = Workload.model_validate({"trace": {"file": str(file), **trace}, "kernel": {"reap": False}})
    run_workload(load_machine("two-socket"), load, log=log, seed=3)
    return log


@pytest.mark.parametrize(
    "trace",
    [{}, {"cpus": "tasks"}, {"vary": "start"}, {"timing": "recorded"}, {"vary": "start", "timing": "recorded"},
     {"cpus": "modulo", "vary": "placement"}],
    ids=str,
)  # fmt: skip
def test_every_operation_of_a_replay_has_its_recorded_call_site(tmp_path, trace):
    log = log_of(tmp_path, **trace)
    found = Counter((each.site, each.operation) for each in log.operations)
    assert found == {
        ("open_it+0x1/0x9 [a_module]", "alloc"): 2,
        ("make+0x24/0x30", "alloc"): 1,
        ("close_it+0x8/0x9", "free"): 2,
        ("drop+0x2/0x7", "free"): 1,
    }
    assert Counter(each.site for each in log.objects) == Counter(each.site for each in log.operations)


def test_warm_up_shifts_no_call_site(tmp_path):
    log = log_of(tmp_path, warm_up=0.5)
    assert {(each.site, each.operation) for each in log.operations} == {
        ("open_it+0x1/0x9 [a_module]", "alloc"), ("close_it+0x8/0x9", "free"), ("drop+0x2/0x7", "free"),
    }  # fmt: skip
    assert len(log.operations) == 3


def test_operations_of_a_workload_have_its_steps():
    _, log, _ = logged()
    assert {each.site for each in log.operations} == {"w 3 lifetimes", "w 4 alloc_free"}
    assert Counter(each.site for each in log.operations)["w 4 alloc_free"] == 4 * 40
    assert {each.site for each in log.objects} == {""}


def test_operations_of_interrupts_are_their_handlers():
    log = EventLog(everything=True)
    steps = [{"pattern": "consume", "of": "nic"}]
    nic = {"name": "nic", "cpu": 0, "every": "1 us", "interrupts": 20, "kmalloc": 64}
    load = Workload.model_validate({"threads": [{"name": "c", "cpus": "last 1", "steps": steps}], "devices": [nic]})
    run_workload(load_machine("one-node"), load, log=log)
    assert {(each.site, each.operation) for each in log.operations} == {
        ("interrupt handler", "alloc"), ("c 1 consume", "free"),
    }  # fmt: skip
