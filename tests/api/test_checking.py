"""What a file is is found out, with every mistake in it."""

import pytest

from simslab.api.checking import ANY_MACHINE, BY_NODES, check_file, check_together
from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.machine.library import load_machine
from simslab.workload.description.kernel_options import KernelOptions
from simslab.workload.description.library import load_workload
from simslab.workload.run.runner import run_workload
from simslab.workload.run.system import boot_system


def test_a_file_is_known_by_its_keys(tmp_path):
    assert check_file("two-socket") == "machine"
    assert check_file("mixed-remote") == "workload"
    wrong = tmp_path / "w.yaml"
    wrong.write_text("threads: []\ncaches: {}\nscael: 2\n")
    with pytest.raises(UserError, match=r"w\.yaml:3:1.*did you mean 'scale'"):
        check_file(str(wrong))


def test_a_machine_that_silicon_hardly_is_is_told_and_runs_all_the_same(tmp_path):
    odd = tmp_path / "odd.yaml"
    odd.write_text("extends: two-socket\nname: odd\nl2: {latency: 80 ns}\n")
    told = check_file(str(odd))
    assert told == "machine\n  odd: the L2 answers in 208 cycles, no sooner than the L3 (52)"
    assert check_together({told: str(odd), "workload": "local-churn"}) == f"local-churn on {odd}: ok"


def test_a_trace_is_read_whole(tmp_path):
    trace = tmp_path / "t.txt"
    trace.write_text("nothing of use\n")
    with pytest.raises(UserError, match=r"t\.txt"):
        check_file(str(trace))


EVENT = (
    " tar-1 [000] ..... 1.000001: kmalloc: call_site=a ptr=0xffff1 bytes_req=192 bytes_alloc=192 gfp_flags=GFP_KERNEL"
)


@pytest.mark.parametrize("name", ["boot.log", "boot.trace", "boot", "boot.txt"])
def test_a_trace_is_known_by_its_content(tmp_path, name):
    trace = tmp_path / name
    trace.write_text(EVENT + "\n")
    assert check_file(str(trace)).splitlines()[0] == "kmem trace, 1 events in 1 lines, 0 lines skipped"


@pytest.mark.parametrize("name", ["trace.dat", "trace.log", "trace"])
def test_a_binary_trace_is_told_with_what_reads_it(tmp_path, name):
    trace = tmp_path / name
    trace.write_bytes(b"\x17\x08\x44tracing6\0")
    with pytest.raises(UserError, match="a binary trace-cmd file; expected the output of `trace-cmd report`"):
        check_file(str(trace))
    workload = tmp_path / "w.yaml"
    workload.write_text(f"trace: {{file: {name}}}")
    with pytest.raises(UserError, match="a binary trace-cmd file; expected the output of `trace-cmd report`"):
        check_file(str(workload))


def test_a_trace_is_checked_as_a_run_would_read_it(tmp_path):
    trace = tmp_path / "t.txt"
    trace.write_text(
        EVENT + "\nCPU:0 [LOST 3 EVENTS]\nrubbish\n tar-1 [000] ..... 1.000001: kfree: call_site=a ptr=7\n"
    )
    assert check_file(str(trace)).splitlines() == [
        "kmem trace, 2 events in 4 lines, 1 lines skipped",
        "  events lost while recording: 3",
        "  free of an object allocated before the recording: 1",
        "  line that does not parse: 1",
        "  never freed (allocated, not skipped): 1",
        "  line not understood: rubbish",
    ]


def test_events_earlier_than_the_one_before_are_told_by_check_as_by_run(tmp_path):
    trace = tmp_path / "t.txt"
    trace.write_text(EVENT + "\n" + EVENT.replace("1.000001", "0.9").replace("0xffff1", "0xffff2") + "\n")
    assert "  earlier than the event before (in file order, not skipped): 1" in check_file(str(trace)).splitlines()


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ("bytes_req=192 bytes_alloc=192", []),
        ("bytes_req=312 bytes_alloc=320", ["312 bytes in 320 recorded, 192 in 192 simulated"]),
    ],
)
def test_a_standing_cache_of_another_size_than_recorded_is_told_by_check_as_by_run(tmp_path, sizes, told):
    trace = tmp_path / "t.txt"
    event = EVENT.replace("kmalloc", "kmem_cache_alloc").replace(
        "bytes_req=192 bytes_alloc=192", f"name=dentry {sizes}"
    )
    trace.write_text(event + "\n")
    assert [line for line in check_file(str(trace)).splitlines() if "dentry" in line] == [
        f"  cache 'dentry': {sentence} (not skipped): 1" for sentence in told
    ]


def test_the_cache_whose_size_depends_on_the_machine_is_left_to_the_run(tmp_path):
    trace = tmp_path / "t.txt"
    sizes = "name=kmem_cache bytes_req=152 bytes_alloc=192"
    trace.write_text(EVENT.replace("kmalloc", "kmem_cache_alloc").replace("bytes_req=192 bytes_alloc=192", sizes))
    assert "simulated" not in check_file(str(trace))


def test_no_other_standing_cache_depends_on_the_number_of_nodes():
    one, four = (
        {
            cache.name: (cache.object_size, cache.size)
            for cache in boot_system(machine, KernelOptions(), quantum=0).allocator.caches
        }
        for machine in map(load_machine, (ANY_MACHINE, "four-socket"))
    )
    assert {name for name in one | four if one.get(name) != four.get(name)} == BY_NODES


def test_objects_that_nothing_frees_are_told_by_check_as_by_run(tmp_path):
    trace = tmp_path / "t.txt"
    trace.write_text(EVENT + "\n" + EVENT + "\n")
    assert check_file(str(trace)).splitlines()[1:] == [
        "  never freed (allocated, not skipped): 1",
        "  pointer allocated again without a recorded free (the object before stays, not skipped): 1",
    ]


FAULTS = {
    "no size": EVENT.split(" bytes_req")[0].replace("kmalloc", "kmem_cache_alloc"),
    "size 0": EVENT.replace("192", "0").replace("kmalloc", "kmem_cache_alloc"),
    "no flags": EVENT.replace("GFP_KERNEL", "FOO"),
    "null flags": EVENT.replace("GFP_KERNEL", "(null)"),
    "half a number": EVENT + "|0xg",
    "64 bits of flags": EVENT.replace("GFP_KERNEL", "0xffffffffffffffff"),
    "frees only": " tar-1 [000] ..... 1.000001: kfree: call_site=a ptr=0xffff1",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("timing", ["asap", "recorded"])
def test_a_trace_that_cannot_be_replayed_is_refused_by_check_and_run_alike(tmp_path, fault, timing):
    (tmp_path / "t.txt").write_text(FAULTS[fault] + "\n")
    workload = tmp_path / "w.yaml"
    workload.write_text(f"trace: {{file: t.txt, timing: {timing}}}")
    with pytest.raises(UserError) as checked:
        check_file(str(workload))
    with pytest.raises(UserError) as ran:
        run_workload(load_machine("one-node"), load_workload(str(workload)))
    assert str(checked.value) == str(ran.value)


def test_a_device_without_end_is_refused_at_once():
    with pytest.raises(UserError, match="is larger than 8 MiB"):
        check_file("/dev/zero")


def test_a_misspelt_name_is_told_with_the_near_one():
    with pytest.raises(UserError, match=r"no file, machine or workload 'two-scoket'.*did you mean 'two-socket'"):
        check_file("two-scoket")


def test_the_traces_of_a_workload_are_told_by_name(tmp_path):
    for name in ("a.txt.gz", "b.txt.gz"):
        (tmp_path / name).write_bytes((shipped_folder("workloads") / "untar-rm.txt.gz").read_bytes())
    (tmp_path / "w.yaml").write_text("trace: {file: a.txt.gz, then: [b.txt.gz]}\n")
    lines = check_file(str(tmp_path / "w.yaml")).splitlines()
    assert lines[0] == "workload of 2 traces"
    assert [line.split(",")[0] for line in lines if "kmem trace" in line] == [
        "a.txt.gz: kmem trace",
        "b.txt.gz: kmem trace",
    ]


@pytest.mark.parametrize(("cpus", "each"), [("0-1", 1 << 27), ("[3, 5]", 1 << 27), ("all", 1 << 28)])
def test_more_operations_than_run_on_any_machine_are_refused_alone(tmp_path, cpus, each):
    """As many as run at most are not: CPUs that are not named by number may be one."""
    file = tmp_path / "w.yaml"

    def written(operations):
        text = f"{{pattern: alloc_free, kmalloc: 64, operations: {operations}}}"
        file.write_text(f"threads:\n- name: a\n  cpus: {cpus}\n  steps:\n  - {text}\n")
        return str(file)

    assert check_file(written(each)) == "workload"
    with pytest.raises(UserError) as checked:
        check_file(written(each + 1))
    assert "w.yaml:5:5: threads[0].steps[0]: 268,435,45" in str(checked.value)
    if cpus == "all":
        machine = load_machine("one-node", ["layout.cores=1", "layout.threads=1"])
        with pytest.raises(UserError) as ran:
            run_workload(machine, load_workload(str(file)))
        assert str(ran.value).endswith(str(checked.value).partition(": ")[2])


@pytest.mark.parametrize(("kernel", "told"), [("{}", True), ("{memcg: true}", False)])
def test_a_flag_that_the_kernel_does_not_know_is_told(tmp_path, kernel, told):
    load = tmp_path / "w.yaml"
    cache = "{size: 64, flags: [SLAB_ACCOUNT]}"
    step = "{pattern: alloc, cache: a, count: 1}"
    load.write_text(f"kernel: {kernel}\ncaches: {{a: {cache}}}\nthreads: [{{name: t, cpus: 0, steps: [{step}]}}]\n")
    said = check_file(str(load))
    assert said.startswith("workload")
    assert ("SLAB_ACCOUNT of a is 0 without 'kernel: {memcg: true}', and counts for nothing" in said) is told
