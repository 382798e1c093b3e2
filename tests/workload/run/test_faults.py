"""Workloads make mistakes on purpose, and the kernel's log of the run tells what a debug kernel found."""

import pytest
import small_runs
from small_runs import group

from simslab.base.documents.yamlfile import load_model
from simslab.base.errors import UserError
from simslab.kernel.bug import KernelBugError
from simslab.machine.library import load_machine
from simslab.report.run.summary import summary_text
from simslab.workload.description.library import load_workload, workload_names
from simslab.workload.description.spec import Workload
from simslab.workload.run.runner import run_workload

CHURN = {"pattern": "alloc_free", "cache": "mine", "operations": 400, "live": 20, "order": "random"}


def run(*faults, steps=(CHURN,), cpus="first 1", seed=1, debug_slab=True, **kernel):
    worker = group(*steps, name="worker", cpus=cpus)
    more = {"caches": {"mine": {"size": 40}}, "faults": list(faults)}
    return small_runs.run("two-socket", worker, seed=seed, kernel={"debug_slab": debug_slab, **kernel}, **more)


def log(measured):
    return "\n".join(measured.dmesg)


def test_a_debug_kernel_says_nothing_of_a_workload_without_mistakes():
    measured = run()
    assert measured.dmesg == []
    assert measured.events["slab_errors"] == 0
    assert "<error>" in measured.slabinfo


@pytest.mark.parametrize("name", [name for name in workload_names() if name != "memory-bugs"])
def test_no_shipped_workload_makes_a_mistake(name):
    workload = load_workload(name, ["kernel.debug_slab=true", "scale=0.01"])
    measured = run_workload(load_machine("two-socket"), workload)
    assert [line for line in measured.dmesg if "SLAB: Unable" not in line] == []
    kept = measured.conservation
    assert kept["allocated"] - kept["freed"] == kept["live"]


def test_without_debug_slab_there_are_no_statistics_and_no_counts():
    measured = run(debug_slab=False)
    assert "globalstat" not in measured.slabinfo
    assert not {"slab_errors", "faults_injected"} & measured.events.keys()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"kind": "overrun"}, "verify_redzone_free(): cache `mine': memory outside object was overwritten"),
        ({"kind": "underrun", "bytes": 1}, "memory outside object was overwritten"),
        ({"kind": "use_after_free", "offset": 8, "bytes": 2}, "000: 6b 6b 6b 6b 6b 6b 6b 6b 41 41 6b"),
        ({"kind": "use_after_free", "bytes": 1, "value": 0x6A}, "Run memtest86+ or a similar memory test tool."),
        ({"kind": "double_free"}, "verify_redzone_free(): cache `mine': double free detected"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_a_mistake_at_one_free_is_reported(fault, told):
    measured = run({**fault, "cache": "mine", "at": 7})
    assert measured.events["faults_injected"] == 1
    assert measured.events["slab_errors"] >= 1
    assert told in log(measured)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"kind": "overrun"}, "BUG mine (Not tainted): Right Redzone overwritten"),
        ({"kind": "underrun", "bytes": 1}, "BUG mine (Not tainted): Left Redzone overwritten"),
        ({"kind": "use_after_free", "offset": 8, "bytes": 2}, "BUG mine (Not tainted): Poison overwritten"),
        ({"kind": "double_free"}, "BUG mine (Not tainted): Object already free"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_slub_finds_them_too(fault, told):
    measured = run({**fault, "cache": "mine", "at": 7}, debug_slab=False, allocator="slub", slub_debug="FZPU")
    assert measured.events["faults_injected"] == 1
    assert measured.events["slab_errors"] >= 1
    assert told in log(measured)
    assert "INFO: Allocated in worker" in log(measured)


def test_slub_looks_for_objects_freed_twice_only_when_told():
    with pytest.raises(ValueError, match="would go round in circles"):
        run({"kind": "double_free", "cache": "mine", "at": 7}, debug_slab=False, allocator="slub", slub_debug="Z")
    with pytest.raises(ValueError, match="in debug kernels only"):
        run({"kind": "overrun", "cache": "mine", "at": 7}, debug_slab=False, allocator="slub")


def test_the_report_names_the_thread_and_comes_at_its_time():
    measured = run({"kind": "use_after_free", "cache": "mine", "at": 7})
    assert "Last user: (worker" in log(measured)
    assert all(line.startswith("[    0.0") for line in measured.dmesg)


def test_mistakes_at_a_rate_are_drawn_from_the_seed():
    fault = {"kind": "overrun", "cache": "mine", "rate": 0.1}
    first = run(fault, seed=3)
    assert 8 <= first.events["faults_injected"] == first.events["slab_errors"] <= 40
    assert first.dmesg == run(fault, seed=3).dmesg
    assert first.dmesg != run(fault, seed=4).dmesg


def test_kmalloc_and_bulk_frees_make_mistakes_too():
    bulk = {"pattern": "bulk", "cache": "mine", "size": 8, "repeat": 5}
    assert run({"kind": "overrun", "cache": "mine", "at": 3}, steps=[bulk]).events["slab_errors"] == 1
    kmalloc = {"pattern": "alloc_free", "kmalloc": 90, "operations": 100, "live": 4}
    measured = run({"kind": "use_after_free", "cache": "kmalloc-96", "at": 3, "offset": 80}, steps=[kmalloc])
    assert "Slab corruption (Not tainted): kmalloc-96" in log(measured)


def test_a_mistake_that_the_kernel_cannot_survive_ends_the_run_with_its_log():
    keep = {"pattern": "alloc", "cache": "mine", "count": 200}
    give_back, shrink = {"pattern": "free"}, {"pattern": "shrink", "cache": "mine"}
    with pytest.raises(KernelBugError, match=r"(?s)kernel BUG.*double free detected.*slab error in verify_redzone"):
        run({"kind": "double_free", "cache": "mine", "at": 1}, steps=[keep, give_back, shrink])


def test_the_summary_ends_with_the_kernels_log():
    measured = run({"kind": "overrun", "cache": "mine", "rate": 1})
    text = summary_text(measured)
    assert "Kernel log:\n[    0.0" in text
    assert "lines more (dmesg.txt)" in text


YAML = """
kernel: {{debug_slab: {0}}}
threads: [{{name: a, cpus: 0, steps: [{{pattern: alloc_free, kmalloc: 8, operations: 5}}]}}]
faults:
  - {{{1}}}
"""


@pytest.mark.parametrize(
    ("debug", "fault", "said"),
    [
        (
            "false",
            "kind: overrun, cache: kmalloc-32, at: 1",
            r"w.yaml:\d+:\d+: faults: .*expected kernel: \{debug_slab",
        ),
        ("true", "kind: overun, cache: kmalloc-32, at: 1", "overrun"),
        ("true", "kind: overrun, cache: kmalloc-32", "neither 'at' nor 'rate' is given"),
        ("true", "kind: overrun, cache: kmalloc-32, at: 1, rate: 0.5", "both 'at' and 'rate' are given"),
        ("true", "kind: double_free, cache: kmalloc-32, at: 1, bytes: 3", "'bytes' says nothing about double_free"),
        ("true", "kind: underrun, cache: kmalloc-32, at: 1, offset: 3", "'offset' says nothing about underrun"),
        ("true", "kind: overrun, cache: kmalloc-32, at: 0", "at"),
        ("true", "kind: overrun, cache: kmalloc-32, rate: 2", "rate"),
        ("true", "kind: overrun, at: 1", "cache"),
    ],
)
def test_a_fault_that_cannot_be_is_told_with_its_place(tmp_path, debug, fault, said):
    path = tmp_path / "w.yaml"
    path.write_text(YAML.format(debug, fault))
    with pytest.raises(UserError, match=said):
        load_model(path, Workload)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "overrun", "cache": "mime", "at": 1}, r"faults\[?.?0.*there is no cache 'mime'.*did you mean 'mine'"),
        (
            {"kind": "use_after_free", "cache": "mine", "at": 1, "offset": 36},
            "8 bytes at offset 36 leave an object of 40",
        ),
    ],
)
def test_a_fault_that_fits_no_cache_is_told_before_the_run(fault, said):
    with pytest.raises(UserError, match=said):
        run(fault)


def test_options_of_the_kernel_reach_the_allocator():
    measured = run(
        debug_slab=False, init_on_alloc=True, init_on_free=True, freelist_random=True, freelist_hardened=True
    )
    assert measured.conservation["failed"] == 0
    assert run(debug_slab=False, init_on_free=True).cycles > run(debug_slab=False).cycles
