import pytest

from simslab.base.documents.yamlfile import load_model
from simslab.base.errors import UserError
from simslab.workload.description.library import load_workload, workload_names
from simslab.workload.description.quantities import Distribution
from simslab.workload.description.spec import CacheSpec, Device, Workload

GROUP = "{name: a, cpus: all, steps: [%s]}"
DEVICE = (
    "devices: [{{name: nic, every: 1 us, interrupts: 1, kmalloc: 8, {}}}]\n"
    "threads: [{{name: a, cpus: all, steps: [{{pattern: consume, of: nic}}]}}]"
)
KEPT_IN_BULK = "{{pattern: alloc, kmalloc: 8, count: 4}}, {{pattern: free, {}}}"
CHURN = "{pattern: alloc_free, kmalloc: 64, operations: 10}"

MEMCG = "kernel: {memcg: true}\n"
IN_JOB = GROUP.replace("steps", "cgroup: job, steps") % CHURN


def load(tmp_path, text):
    path = tmp_path / "w.yaml"
    path.write_text(text)
    return load_model(path, Workload)


@pytest.mark.parametrize("name", workload_names())
def test_every_shipped_workload_is_valid_and_described(name):
    workload = load_workload(name)
    assert workload.name == name
    assert workload.description


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("threads: []", "the workload does nothing"),
        (f"treads: [{GROUP % CHURN}]", "unknown key 'treads'.*did you mean 'threads'"),
        (f"threads: [{GROUP % CHURN}]\ntrace: {{file: x}}", "either 'threads' or 'trace'"),
        ("trace: {file: a, warm_up: 1}", "warm_up: 1 cannot stand here.*less than 1"),
        ("scale: 1.5\ntrace: {file: a}", "scale: there is no more of a recording than all of it"),
        ("trace: {file: a, phases: {x: 0.1}}", "expected the first at 0"),
        ("trace: {file: a, phases: {x: 0, y: 0.5, z: 0.5}}", "each later than the one before"),
        ("trace: {file: a, then: [b], phases: {x: 0}}", "several traces are phases already"),
        (f"threads: [{GROUP % CHURN}, {GROUP % CHURN}]", "'a' is used twice"),
        (f"threads: [{GROUP % '{pattern: alloc_free, operations: 10}'}]", "neither 'cache' nor 'kmalloc'"),
        (f"threads: [{GROUP % '{pattern: alloc_free, kmalloc: 0, operations: 10}'}]", "sizes from 0 to 0"),
        (f"threads: [{GROUP % '{pattern: alloc_free, kmalloc: 64, operations: -1}'}]", "operations"),
        (f"threads: [{GROUP % '{pattern: consume, of: b}'}]", "'b' is unknown"),
        (f"threads: [{GROUP % '{pattern: produce, kmalloc: 8, count: 5}'}]", "nobody consumes what 'a' produces"),
        (
            f"threads: [{GROUP % '{pattern: alloc_free, kmalloc: 8, operations: 5, think: 3 parsecs}'}]",
            "unit 'parsecs'",
        ),
        (f"threads: [{GROUP % '{pattern: alloc_free, kmalloc: 8, operations: 5, gfp: GFP_KERNL}'}]", "GFP_KERNEL"),
        (f"cgroups: {{c: {{}}}}\nthreads: [{GROUP % CHURN}]", "no memory cgroups.*expected 'kernel: {memcg: true}'"),
        (f"{MEMCG}cgroups: {{root: {{}}}}\nthreads: [{GROUP % CHURN}]", "the 'root' cgroup is there already"),
        (f"{MEMCG}cgroups: {{jobs: {{}}}}\nthreads: [{IN_JOB}]", "'job' is unknown.*did you mean 'jobs'"),
        (f"threads: [{IN_JOB}]", "threads.0..cgroup: 'job' is unknown"),
        (f"{MEMCG}cgroups: {{c: {{limit: 1}}}}\nthreads: [{GROUP % CHURN}]", "cgroups.c.limit.*4096"),
        ("trace: {file: a, cgroup: jobs}", "trace.cgroup: 'jobs' is unknown"),
        ("caches: {c: {size: 64, flags: [HWCACHE]}}\n" + f"threads: [{GROUP % CHURN}]", "HWCACHE_ALIGN"),
        (
            "tunables: {c: {limit: 10, batchcount: 20}}\n" + f"threads: [{GROUP % CHURN}]",
            "batchcount 20 is above limit 10",
        ),
        (f"threads: [{{name: a, cpus: [1, 1], steps: [{CHURN}]}}]", "CPU 1 is listed twice"),
        (f"threads: [{{name: a, cpus: '0-3,2', steps: [{CHURN}]}}]", "CPU 2 is listed twice"),
        (f"threads: [{{name: a, cpus: al, steps: [{CHURN}]}}]", "'al' names no CPUs.*did you mean 'all'"),
        (
            f"threads: [{{name: a, cpus: 0-3, steps: [{CHURN}]}}, {{name: b, cpus: [4, 3], steps: [{CHURN}]}}]",
            "CPU 3 already runs a thread of 'a'",
        ),
        (f"threads: [{GROUP % '{pattern: free}'}]", "no 'alloc' step of 'a' keeps 'objects'"),
        (f"threads: [{GROUP % '{pattern: alloc, kmalloc: 8, count: 1, bulk: 2}'}]", "bulk calls take a cache"),
        (f"threads: [{GROUP % KEPT_IN_BULK.format('bulk: 2')}]", "'objects' are from kmalloc"),
        (f"threads: [{GROUP % KEPT_IN_BULK.format('bulk: 2, order: lifo')}]", "in the order of their allocation"),
        (f"threads: [{GROUP % '{pattern: bulk, cache: dentry, size: 4, repeat: 0}'}]", "repeat: 0 cannot stand here"),
        (DEVICE.format("gfp: GFP_KERNEL"), "GFP_KERNEL may sleep, an interrupt handler must not"),
        (DEVICE.format("cpu: '0,0'"), "CPU 0 is listed twice"),
        (f"scale: .nan\nthreads: [{GROUP % CHURN}]", "scale: nan.*expected a.*number"),
        (
            f"threads: [{GROUP % '{pattern: barrier}'}, {{name: b, cpus: all, steps: [{CHURN}]}}]",
            "meet at different barriers",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_place(tmp_path, text, said):
    with pytest.raises(UserError, match=said) as error:
        load(tmp_path, text)
    assert all(problem.line > 0 for problem in error.value.problems)


def test_a_bare_number_is_a_distribution_and_sizes_take_units(tmp_path):
    workload = load(tmp_path, f"threads: [{GROUP % '{pattern: alloc_free, kmalloc: 64, operations: 1, touch: 1 KiB}'}]")
    step = workload.threads[0].steps[0]
    assert step.kmalloc.fixed == 64
    assert step.touch == 1024


@pytest.mark.parametrize(
    "steps",
    [
        "{pattern: alloc, kmalloc: 8, count: 1}, {pattern: free}",
        "{pattern: alloc, kmalloc: 8, count: 1}, {pattern: free, of: a}",
    ],
)
def test_objects_that_were_kept_can_be_freed(tmp_path, steps):
    assert len(load(tmp_path, f"threads: [{GROUP % steps}]").threads[0].steps) == 2


@pytest.mark.parametrize("flags", ["GFP_ATOMIC", "GFP_NOWAIT", "GFP_ATOMIC|__GFP_ZERO"])
def test_a_device_may_use_flags_that_never_sleep(tmp_path, flags):
    assert load(tmp_path, DEVICE.format(f"gfp: {flags}")).devices[0].gfp == flags


def placed(cpus):
    return f"threads: [{{name: a, cpus: {cpus}, steps: [{CHURN}]}}]"


@pytest.mark.parametrize(
    ("cpus", "said"),
    [
        ("true", "true names no CPUs"),
        ("-1", "CPU -1 is out of range"),
        ("[]", "no CPU is named"),
        ("'0-99999'", "CPU 99999 is out of range"),
        ("'" + ",".join(["0-1023"] * 3000) + "'", "CPU 0 is listed twice"),
    ],
)
def test_cpus_that_no_machine_has_are_refused(tmp_path, cpus, said):
    with pytest.raises(UserError, match=said):
        load(tmp_path, placed(cpus))


@pytest.mark.parametrize("name", ['"a b"', '"a\\nb"', '""', '"\\e[2J"', "x" * 61])
def test_a_cache_name_that_breaks_slabinfo_is_refused(tmp_path, name):
    with pytest.raises(UserError, match="caches"):
        load(tmp_path, f"caches: {{{name}: {{size: 64}}}}\n{placed('all')}")


@pytest.mark.parametrize("what", ["touch: 1 TiB", "think: 11 s", "think: {exponential: 1000000 s}"])
def test_a_slip_of_a_unit_is_refused(tmp_path, what):
    with pytest.raises(UserError, match=what.split(":")[0]):
        load(tmp_path, f"threads: [{GROUP % CHURN.replace('}', f', {what}}}')}]")


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({64: float("inf")}, "the weights sum to no finite number"),
        ({64: 1e308, 128: 1e308}, "the weights sum to no finite number"),
        ({64: 0}, "the weights sum to 0"),
        ({1 << 63: 1}, "the value 9223372036854775808 cannot be drawn"),
        ({-5: 1}, "the value -5 cannot be drawn"),
    ],
)
def test_a_choice_that_cannot_be_drawn_is_refused(choice, said):
    with pytest.raises(ValueError, match=said):
        Distribution.model_validate({"choice": choice})


@pytest.mark.parametrize(
    ("kmalloc", "said"),
    [
        ({"exponential": 200}, "sizes need a bound"),
        (0, "sizes from 0 to 0"),
        ({"uniform": [1, 5_000_000]}, "sizes from 1 to 5000000"),
    ],
)
def test_sizes_of_a_device_are_checked_as_those_of_a_step(kmalloc, said):
    with pytest.raises(ValueError, match=said):
        Device.model_validate({"name": "eth", "every": "2 us", "interrupts": 3, "kmalloc": kmalloc})


def test_a_cache_that_says_its_size_only_can_be_merged_with_others():
    """No alignment, no flags, no constructor: any of them would keep it apart (mm/slab_common.c: slab_unmergeable)."""
    plain = CacheSpec.model_validate({"size": 100})
    assert (plain.align, plain.flags, plain.ctor) == (0, [], False)
