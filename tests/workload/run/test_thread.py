"""What a thread's CPU does while it waits: interrupts of other CPUs are answered, late ticks do not come twice."""

import pytest
from small_runs import nothing_lost, run

from simslab.machine.library import load_machine
from simslab.workload.description.library import load_workload
from simslab.workload.run.runner import run_workload

SHRINK = {"pattern": "shrink", "cache": "kmalloc-1k"}
BARRIER = {"pattern": "barrier"}


@pytest.mark.parametrize("machine", ["one-node", "two-socket"])
def test_a_cpu_about_to_wait_at_a_barrier_answers_another_cpus_shrink(machine):
    for cycles in range(0, 6000, 900):
        work = [{"pattern": "work", "time": f"{cycles} cycles"}] if cycles else []
        nothing_lost(
            run(
                machine,
                {"name": "s", "cpus": [1], "steps": [SHRINK, BARRIER]},
                {"name": "w", "cpus": [0], "steps": [*work, BARRIER]},
            )
        )


def test_cpus_that_have_work_before_their_barrier_answer_a_shrink():
    churn = {"pattern": "alloc_free", "cache": "a", "operations": 2000, "live": 100}
    shrink = {"pattern": "shrink", "cache": "a"}
    work = {"pattern": "work", "time": "2 us"}
    nothing_lost(
        run(
            "two-socket",
            {"name": "s", "cpus": [1], "steps": [churn, shrink, BARRIER]},
            {"name": "w", "cpus": [0, 2, 3], "steps": [churn, work, BARRIER]},
            caches={"a": {"size": 256}},
        )
    )


@pytest.mark.parametrize("ring", [4, 300])
def test_a_cpu_about_to_wait_for_an_object_or_for_room_answers_a_shrink(ring):
    for cycles in range(50, 3000, 700):
        work = {"pattern": "work", "time": f"{cycles} cycles"}
        producer = {"pattern": "produce", "kmalloc": 64, "count": 8, "ring": ring}
        consumer = {"pattern": "consume", "of": "p"}
        nothing_lost(run("two-socket",
            {"name": "p", "cpus": [1], "steps": [SHRINK, producer, SHRINK]},
            {"name": "c", "cpus": [0], "steps": [work, consumer]},
        ))  # fmt: skip
        nothing_lost(run("two-socket",
            {"name": "p", "cpus": [1], "steps": [work, producer]},
            {"name": "c", "cpus": [0], "steps": [SHRINK, consumer, SHRINK]},
        ))  # fmt: skip


EVENT = " tar-1 [{cpu:03}] ..... {time:.6f}: {event}: call_site=a ptr={ptr}{sizes}\n"
SIZES = " bytes_req=10 bytes_alloc=16 gfp_flags=GFP_KERNEL"


def test_a_recorded_wait_may_last_beyond_the_moment_at_which_jiffies_pass_32_bits(tmp_path):
    """They do 300 s after boot."""
    lines = []
    for number, time in enumerate((100, 410)):
        lines.append(EVENT.format(cpu=0, time=time, event="kmalloc", ptr=hex(0xFFFF0 + number), sizes=SIZES))
        lines.append(EVENT.format(cpu=1, time=time + 0.0001, event="kfree", ptr=hex(0xFFFF0 + number), sizes=""))
    (tmp_path / "trace.txt").write_text("".join(lines))
    (tmp_path / "w.yaml").write_text("trace: {file: trace.txt, timing: recorded}\nkernel: {reap: false}\n")
    measured = run_workload(load_machine("one-node"), load_workload(str(tmp_path / "w.yaml")))
    assert measured.conservation["freed"] == 2
    assert 310 <= measured.cpus[0].clock / load_machine("one-node").core.frequency < 310.01
