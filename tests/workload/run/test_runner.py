"""How a run is prepared, begun and ended, and how what goes wrong is told."""

import gc
from mmap import mmap
from types import SimpleNamespace
from weakref import ref

import numpy as np
import pytest
from small_runs import CHURN, check, group, run, workload

from simslab.base.errors import UserError
from simslab.machine.library import load_machine
from simslab.workload.description.spec import Workload
from simslab.workload.run.runner import GROWTH, StuckError, prepare, resident_bytes, run_workload

GROUP = {"name": "a", "cpus": "first 2"}
ASKED = "kmalloc: call_site=a ptr={} bytes_req={} bytes_alloc={} gfp_flags=GFP_KERNEL node={}"


def test_warm_up_is_not_counted_but_conserved():
    warm = CHURN | {"operations": 500, "live": 10, "order": "fifo"}
    measured = run("one-node", GROUP | {"steps": [warm, {"pattern": "barrier", "begin_region": True}, CHURN]})
    check(measured)
    assert sum(row.operations for row in measured.attribution) == 2 * 2000
    assert measured.conservation["allocated"] + measured.conservation["freed"] == 2 * 2500


def test_a_workload_that_cannot_go_on_names_who_waits():
    step = [{"pattern": "consume", "of": "b"}, {"pattern": "produce", "kmalloc": 8, "count": 5}]
    with pytest.raises(StuckError, match=r"a/0 on CPU 0 in 'a 1 consume' for object.*b/0 on CPU 7 in 'b 1 cons.*for"):
        run(
            "one-node",
            {"name": "a", "cpus": "first 1", "steps": step},
            {"name": "b", "cpus": "last 1", "steps": [step[0] | {"of": "a"}, step[1]]},
        )


def test_tuning_a_cache_that_is_not_there_is_told():
    with pytest.raises(UserError, match=r"tunables.kmaloc-64: there is no cache.*did you mean 'kmalloc-64'"):
        run("one-node", GROUP | {"steps": [CHURN]}, tunables={"kmaloc-64": {"limit": 4, "batchcount": 2}})


def test_too_few_cpus_is_told_with_the_place_in_the_file():
    with pytest.raises(UserError, match=r"threads\[0\].cpus: 'first 99' of 8 CPUs"):
        run("one-node", GROUP | {"cpus": "first 99", "steps": [CHURN]})


def of_trace(tmp_path, *events):
    file = tmp_path / "trace.txt"
    file.write_text("".join(f"t-1 [000] ..... 1.{time:06}: {event}\n" for time, event in enumerate(events)))
    workload = Workload.model_validate({"trace": {"file": str(file)}})
    return run_workload(load_machine("two-socket"), workload)


def test_kmalloc_of_nothing_makes_no_object(tmp_path):
    free = "kfree: call_site=a ptr={}"
    measured = of_trace(tmp_path, ASKED.format(10, 0, 0, -1), ASKED.format(20, 8, 8, -1), free.format(10))
    check(measured)
    assert measured.conservation["allocated"] == measured.conservation["live"] == 1
    assert sum(map(sum, (node.allocated for node in measured.nodes))) == 1


def test_a_recorded_node_that_the_machine_has_not_got_is_replayed(tmp_path):
    measured = of_trace(tmp_path, ASKED.format(20, 8, 8, 9), ASKED.format(30, 8, 8, 1))
    check(measured)
    assert [sum(column) for column in zip(*(node.allocated for node in measured.nodes), strict=True)] == [1, 1]


def test_a_standing_cache_of_another_size_than_recorded_is_told(tmp_path):
    asked = "kmem_cache_alloc: call_site=a ptr={} name=dentry bytes_req=312 bytes_alloc=320 gfp_flags=GFP_KERNEL"
    measured = of_trace(tmp_path, asked.format(10), asked.format(20))
    assert measured.trace.skipped["cache 'dentry': 312 bytes in 320 recorded, 192 in 192 simulated (not skipped)"] == 2


def test_a_recorded_size_that_kmalloc_refuses_is_left_out_and_told(tmp_path):
    measured = of_trace(tmp_path, ASKED.format(20, 10**17, 10**17, -1), ASKED.format(30, 8, 8, -1))
    check(measured)
    assert measured.trace.skipped["allocation of more than 4 MiB, which kmalloc of 5.10 does not serve"] == 1
    assert (measured.conservation["failed"], measured.conservation["allocated"]) == (0, 1)


@pytest.mark.parametrize("touch", [16384, 1 << 20])
def test_what_slub_takes_from_the_page_allocator_is_written_to_its_end_and_no_further(touch):
    def fetched(touch):
        kept = [{"pattern": "alloc", "kmalloc": 16384, "count": 1}, {"pattern": "free", "touch": touch}]
        measured = run("one-node", group(*kept, cpus="first 1"), kernel={"allocator": "slub"})
        return sum(row.lines for row in measured.transfers if row.source == "l2")

    assert fetched(touch) - fetched(0) == pytest.approx(16384 // 64, abs=4)


def test_a_cache_that_is_not_there_is_told_at_each_step_that_names_it(tmp_path):
    from simslab.workload.description.library import load_workload_document

    path = tmp_path / "w.yaml"
    step = "{pattern: alloc_free, cache: mixd, operations: 4}"
    path.write_text(
        f"caches: {{mixed: {{size: 64}}}}\nthreads:\n- name: a\n  cpus: 0\n  steps:\n  - {step}\n  - {step}\n"
    )
    document, workload = load_workload_document(str(path))
    with pytest.raises(UserError) as caught:
        run_workload(load_machine("one-node"), workload, document=document)
    assert [(p.line, p.path, p.near) for p in caught.value.problems] == [
        (6, "threads[0].steps[0].cache", "mixed"),
        (7, "threads[0].steps[1].cache", "mixed"),
    ]


def test_more_operations_than_memory_holds_are_refused_before_they_are_made():
    group = {"name": "a", "cpus": "all", "steps": [{"pattern": "alloc_free", "kmalloc": 64, "operations": 1 << 28}]}
    with pytest.raises(UserError, match=r"threads\[0\].steps\[0\].*operations up to here"):
        run("one-node", group)


def test_a_watcher_is_told_how_far_the_run_is_before_it_begins():
    shares = []
    run_workload(load_machine("one-node"), workload(group(CHURN)), watch=lambda share: shares.append((share, share())))
    ((share, (begun, total)),) = shares
    assert (begun, share()) == (0, (total, total))
    assert total >= 2 * 2000


def test_a_seed_that_is_given_replaces_the_workloads():
    small = workload(group(CHURN | {"operations": 40}), seed=5)
    machine = load_machine("one-node")
    assert [run_workload(machine, small, seed=seed).seed for seed in (None, 0, 9)] == [5, 0, 9]


def test_a_device_alone_on_its_cpu_has_a_thread_that_only_serves_it():
    nic = {"name": "nic", "cpu": 3, "every": "3 us", "interrupts": 5, "kmalloc": 64}
    prepared = prepare(load_machine("one-node"), workload(group({"pattern": "consume", "of": "nic"}), devices=[nic]))
    assert [thread.name for thread in prepared.threads] == ["a/0", "a/1", "nic/idle"]
    assert prepared.threads[2].cpu.id == 3


def test_a_device_beside_a_thread_shares_its_cpu():
    nic = {"name": "nic", "cpu": 0, "every": "3 us", "interrupts": 5, "kmalloc": 64}
    prepared = prepare(load_machine("one-node"), workload(group({"pattern": "consume", "of": "nic"}), devices=[nic]))
    assert [thread.name for thread in prepared.threads] == ["a/0", "a/1"]


def test_the_kernels_log_knows_who_runs_where():
    prepared = prepare(load_machine("one-node"), workload(group(CHURN, name="worker", cpus=[2, 5])))
    comm = prepared.system.kernel.log.comm
    assert (comm[2], comm[5]) == ("worker/0", "worker/1")


def test_merged_caches_are_told_by_the_name_that_was_asked_for():
    step = {"pattern": "alloc", "cache": "mine", "count": 10}
    asked = {"caches": {"mine": {"size": 256, "flags": ["HWCACHE_ALIGN"]}}}
    assert run("one-node", group(step), **asked).merged == {"mine": "pool_workqueue"}
    assert run("one-node", group(step), **asked, kernel={"slab_nomerge": True}).merged == {}


def run_twice(monkeypatch, growth):
    """How far a first run says it is after a second one, and whether its machine is still there."""
    monkeypatch.setattr("simslab.workload.run.runner.GROWTH", growth)
    machine, small = load_machine("one-node"), workload(GROUP | {"steps": [CHURN]})
    kept = []
    gc.collect()
    gc.disable()
    try:
        run_workload(machine, small, watch=kept.append, at_end=lambda system: kept.append(ref(system.machine)))
        run_workload(machine, small)
        share, booted = kept
        return share(), booted() is not None
    finally:
        gc.enable()


def test_earlier_runs_are_freed_once_the_process_has_grown_whoever_still_asks_how_far_they_are(monkeypatch):
    (done, length), there = run_twice(monkeypatch, growth=-(1 << 60))
    assert not there
    assert done == length > 0


def test_the_garbage_collector_is_not_called_for_less(monkeypatch):
    _, there = run_twice(monkeypatch, growth=1 << 60)
    assert there


def test_where_the_address_space_is_limited_earlier_runs_are_freed_at_once(monkeypatch):
    monkeypatch.setattr("resource.getrlimit", lambda of: (1 << 32, 1 << 32))
    _, there = run_twice(monkeypatch, growth=1 << 60)
    assert not there


def test_memory_of_the_process_is_told_in_bytes():
    # Pages of its own: the heap of a process that has run much holds freed memory that is resident already.
    size = 64 << 20
    with mmap(-1, size) as held:
        before = resident_bytes()
        held[::4096] = b"x" * (size // 4096)
        assert size // 2 < resident_bytes() - before < 2 * size


def test_a_host_that_does_not_tell_has_always_grown(monkeypatch):
    def refuse(*arguments, **options):
        raise OSError

    monkeypatch.setattr("builtins.open", refuse)
    assert resident_bytes() + GROWTH <= resident_bytes()


@pytest.mark.parametrize("growths", [0, 2])  # at boot, and in the run
def test_a_run_whose_memory_ends_in_the_middle_of_an_access_is_no_result(monkeypatch, growths):
    left = iter(range(growths))
    zeros = np.zeros

    def ending(*arguments, **options):
        if next(left, None) is None:
            raise MemoryError
        return zeros(*arguments, **options)

    monkeypatch.setattr("simslab.machine.memory.line_table.np", SimpleNamespace(zeros=ending, int64=np.int64))
    with pytest.raises(MemoryError):
        run("one-node", GROUP | {"steps": [CHURN | {"live": 3000, "operations": 10000}]})
