import pytest

from simslab.base.documents.yamlfile import load_model
from simslab.base.errors import UserError
from simslab.experiment.inputs import load_inputs
from simslab.workload.description.spec import Workload

GROUP = "threads: [{name: a, cpus: all, %s steps: [{pattern: alloc_free, kmalloc: 64, operations: 10}]}]"
PLAIN = GROUP % ""


def load(tmp_path, text):
    path = tmp_path / "w.yaml"
    path.write_text(text)
    return load_model(path, Workload)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"failslab: {{probability: 101}}\n{PLAIN}", "failslab.probability: 101"),
        (f"failslab: {{}}\n{PLAIN}", "failslab"),
        (f"failslab: {{probability: 1, intervall: 2}}\n{PLAIN}", "intervall.*did you mean 'interval'"),
        (f"failslab: {{probability: 1, times: -2}}\n{PLAIN}", "failslab.times: -2"),
        (f"kernel: {{init_on_aloc: true}}\n{PLAIN}", "init_on_aloc.*did you mean 'init_on_alloc'"),
        (f"kernel: {{slab_max_order: 11}}\n{PLAIN}", "kernel.slab_max_order: 11"),
        (f"kernel: {{allocator: slob}}\n{PLAIN}", "kernel.allocator: 'slob'"),
        (f"kernel: {{allocator: slub, noaliencache: true}}\n{PLAIN}", "'noaliencache' is not an option of SLUB"),
        (f"kernel: {{slub_max_order: 2}}\n{PLAIN}", "'slub_max_order' is not an option of SLAB"),
        (f"kernel: {{allocator: slub, slub_min_order: 11}}\n{PLAIN}", "kernel.slub_min_order: 11"),
        (
            f"kernel: {{allocator: slub, slub_debug: FX}}\n{PLAIN}",
            "kernel.slub_debug.*letters of F, Z, P, U, T, A, O",
        ),
        (
            f"kernel: {{numa_spinlock_threshold: 2 us}}\n{PLAIN}",
            "kernel.numa_spinlock_threshold: spinlocks that know nothing of nodes have no threshold",
        ),
        (f"kernel: {{slub_debug: F}}\n{PLAIN}", "'slub_debug' is not an option of SLAB"),
        (f"kernel: {{no_slub_debug: true}}\n{PLAIN}", "'no_slub_debug' is not an option of SLAB"),
        (
            f"kernel: {{allocator: slub, no_slub_debug: true, slub_debug: F}}\n{PLAIN}",
            "kernel.slub_debug: a kernel without CONFIG_SLUB_DEBUG takes no 'slub_debug'",
        ),
        (f"kernel: {{slub_nomerge: true}}\n{PLAIN}", "'slub_nomerge' is not an option of SLAB"),
        (f"kernel: {{allocator: slub}}\ntunables: {{dentry: {{limit: 9}}}}\n{PLAIN}", "not a tunable of SLUB"),
        (f"tunables: {{dentry: {{cpu_partial: 9}}}}\n{PLAIN}", "tunables.dentry.cpu_partial: .*not a tunable of SLAB"),
        (GROUP % "mempolicy: {mode: interleaved},", "mempolicy.mode.*did you mean 'interleave'"),
        (GROUP % "mempolicy: {mode: preferred, nodes: [0, 1]},", "a preferred policy has one node"),
        (GROUP % "mempolicy: {mode: bind, nodes: []},", r"mempolicy.nodes"),
        (GROUP % "mempolicy: {mode: bind, nodes: [1, 1]},", "node 1 is listed twice"),
        (GROUP % "cpuset: {mems: [0, 0]},", "node 0 is listed twice"),
        (GROUP % "cpuset: {mems: [0]}, mempolicy: {mode: bind, nodes: [1]},", "no node of the policy is in the cpuset"),
        (GROUP % "cpuset: {spread: true},", "did you mean 'spread_slab'"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_place(tmp_path, text, said):
    with pytest.raises(UserError, match=said) as error:
        load(tmp_path, text)
    assert all(problem.line > 0 for problem in error.value.problems)


@pytest.mark.parametrize("flags", ["__GFP_DMA", "GFP_KERNEL|__GFP_MEMALLOC", "GFP_ATOMIC|__GFP_NOMEMALLOC"])
def test_every_allocation_flag_of_5_10_may_be_named(tmp_path, flags):
    workload = load(tmp_path, PLAIN.replace("kmalloc: 64", f"kmalloc: 64, gfp: '{flags}'"))
    assert workload.threads[0].steps[0].gfp == flags


def test_one_node_needs_no_list(tmp_path):
    workload = load(tmp_path, GROUP % "mempolicy: {mode: bind, nodes: 1}, cpuset: {mems: 1},")
    assert workload.threads[0].mempolicy.nodes == workload.threads[0].cpuset.mems == [1]


def test_all_nodes_can_be_named_as_such(tmp_path):
    workload = load(tmp_path, GROUP % "mempolicy: {mode: interleave, nodes: all}, cpuset: {mems: all},")
    assert workload.threads[0].mempolicy.nodes == workload.threads[0].cpuset.mems == "all"


def test_a_variant_of_an_experiment_can_set_them():
    settings = [
        "workload.kernel.freelist_random=true",
        "workload.kernel.slab_max_order=0",
        "failslab={probability: 1}",
        "failslab.ignore_gfp_wait=false",
        "threads.workers.mempolicy={mode: interleave}",
    ]
    workload = load_inputs("two-socket", "mixed-remote", settings).workload
    assert (workload.kernel.freelist_random, workload.kernel.slab_max_order) == (True, 0)
    assert not workload.failslab.ignore_gfp_wait
    assert workload.threads[0].mempolicy.mode == "interleave"
