"""Memory policies, cpusets, reserves, injected faults and kernel options of a workload, seen in what a run measures."""

import pytest
from small_runs import workload

from simslab.base.errors import UserError
from simslab.machine.library import load_machine
from simslab.workload.description.spec import Workload
from simslab.workload.run.runner import prepare, run_workload

KEEP = {"pattern": "alloc", "cache": "c", "count": 300, "touch": 64}


def keeping(group=None, step=None, **more):
    """A workload of one thread that allocates 300 objects."""
    caches = more.pop("caches", {"c": {"size": 512}})
    one = {"name": "a", "cpus": 0, "steps": [KEEP | (step or {})], **(group or {})}
    return workload(one, caches=caches, **more)


def run(group=None, step=None, machine="two-socket", **more):
    return run_workload(load_machine(machine), keeping(group, step, **more))


def by_node(measured):
    """Objects allocated by home node."""
    return [sum(column) for column in zip(*(node.allocated for node in measured.nodes), strict=True)]


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ({}, [300, 0]),
        ({"mempolicy": {"mode": "preferred", "nodes": 1}}, [0, 300]),
        ({"mempolicy": {"mode": "bind", "nodes": [1]}}, [0, 300]),
        ({"mempolicy": {"mode": "interleave"}}, [150, 150]),
        ({"mempolicy": {"mode": "interleave"}, "cpuset": {"mems": [1]}}, [0, 300]),
        ({"cpuset": {"spread_slab": True}}, [300, 0]),
    ],
)
def test_objects_come_from_the_nodes_of_the_policy(group, expected):
    assert by_node(run(group)) == expected


def test_a_cpuset_spreads_caches_with_the_flag_over_its_nodes():
    caches = {"c": {"size": 512, "flags": ["MEM_SPREAD"]}}
    assert by_node(run({"cpuset": {"spread_slab": True}}, caches=caches)) == [150, 150]
    assert by_node(run({"cpuset": {"spread_slab": True, "mems": 1}}, caches=caches)) == [0, 300]


def test_user_memory_stays_inside_the_cpuset_and_the_kernel_s_own_may_leave_it():
    confined = {"cpuset": {"mems": 1}}
    assert by_node(run(confined, {"gfp": "GFP_USER", "kmalloc": 3000, "cache": None})) == [0, 300]
    assert by_node(run(confined, {"kmalloc": 3000, "cache": None})) == [300, 0]


@pytest.mark.parametrize(
    ("group", "said"),
    [
        ({"mempolicy": {"mode": "bind", "nodes": [0, 7]}}, r"mempolicy.nodes\[1\]: the machine has no node 7.*0, 1"),
        ({"cpuset": {"mems": 9}}, r"cpuset.mems\[0\]: the machine has no node 9"),
    ],
)
def test_nodes_that_the_machine_has_not_got_are_told(group, said):
    with pytest.raises(UserError, match=said):
        run(group)


def test_a_node_without_memory_cannot_be_asked_for():
    with pytest.raises(UserError, match=r"node 1 has no memory.*nodes with memory: 0"):
        run({"mempolicy": {"mode": "bind", "nodes": 1}}, machine="memoryless-node")


def test_injected_faults_hit_requests_that_cannot_sleep_unless_told_otherwise():
    spare = run(failslab={"probability": 20})
    assert spare.conservation["failed"] == 0
    atomic = run(step={"gfp": "GFP_ATOMIC"}, failslab={"probability": 20})
    assert 30 < atomic.conservation["failed"] < 90
    anyone = run(failslab={"probability": 20, "ignore_gfp_wait": False, "times": 7})
    assert anyone.conservation["failed"] == 7


def test_injected_faults_keep_to_the_caches_named():
    faults = {"probability": 100, "ignore_gfp_wait": False}
    assert run(failslab=faults | {"cache_filter": ["kmalloc-64"]}).conservation["failed"] == 0
    assert run(failslab=faults | {"cache_filter": ["c"]}).conservation["failed"] == 300
    with pytest.raises(UserError, match=r"failslab.cache_filter\[0\]: there is no cache 'kmaloc-64'.*'kmalloc-64'"):
        run(failslab=faults | {"cache_filter": ["kmaloc-64"]})


def test_injected_faults_repeat_with_the_seed():
    faults = {"probability": 30, "ignore_gfp_wait": False}
    counts = [run(failslab=faults, seed=seed).conservation["failed"] for seed in (1, 1, 2, 3, 4)]
    assert counts[0] == counts[1]
    assert len(set(counts)) > 1


def test_zeroing_costs_time():
    plain, zeroed = run().cycles, run(kernel={"init_on_alloc": True}).cycles
    assert zeroed > plain
    free = {"steps": [KEEP, {"pattern": "free"}]}
    assert run(free, kernel={"init_on_free": True}).cycles > run(free).cycles


def test_options_reach_the_allocator():
    kernel = {
        "slab_nomerge": True,
        "debug_vm": True,
        "noaliencache": True,
        "slab_max_order": 0,
        "freelist_random": True,
        "freelist_hardened": True,
        "memalloc_sockets": True,
    }
    prepared = prepare(load_machine("two-socket"), keeping({"memalloc": True}, kernel=kernel), seed=5)
    allocator, reserves = prepared.system.allocator, prepared.system.kernel.reserves
    options = allocator.options
    assert (options.slab_nomerge, options.noaliencache, options.slab_max_order) == (True, True, 0)
    assert options.debug_vm
    assert (options.freelist_random, options.freelist_seed, options.freelist_hardened) == (True, 5, True)
    assert allocator.pages.randomizer is not None
    assert allocator.freeing.hardened == 1
    assert reserves.sk_memalloc_socks == 1
    assert [reserves.flags_owner[cpu] != 0 for cpu in (0, 1)] == [True, False]


@pytest.fixture(scope="module")
def sparse():
    """A machine whose nodes are 0 and 16."""
    return load_machine("two-socket", ["nodes[0].memory=1 GiB", "links[0].between=all", "layout.cores=2", NODES])


NODES = 'nodes=[{package: 0, memory: "1 GiB"}, {package: 1, id: 16, memory: "1 GiB"}]'


@pytest.mark.parametrize(
    ("group", "step"),
    [
        ({}, {"node": 16}),
        ({"cpus": "node16"}, {}),
        ({"mempolicy": {"mode": "bind", "nodes": [16]}}, {}),
        ({"cpuset": {"mems": 16}}, {"gfp": "GFP_USER", "kmalloc": 3000, "cache": None}),
    ],
)
def test_nodes_go_by_their_own_numbers(group, step, sparse):
    measured = run_workload(sparse, keeping(group, step))
    assert [row.node for row in measured.nodes] == [0, 16]
    assert by_node(measured)[1] >= 300
    assert by_node(measured)[0] == 0


@pytest.mark.parametrize(
    ("group", "step", "said"),
    [
        ({}, {"node": 1}, "the machine has no node 1; expected 'any' or one of the nodes 0,16"),
        ({"cpus": "node1"}, {}, "the machine has no node 1; expected a node with CPUs: 0, 16"),
        (
            {"mempolicy": {"mode": "bind", "nodes": [1]}},
            {},
            "the machine has no node 1; expected nodes with memory: 0, 16",
        ),
    ],
)
def test_a_number_that_no_node_has_is_refused(group, step, said, sparse):
    with pytest.raises(UserError, match=said):
        run_workload(sparse, keeping(group, step))


def test_cpus_and_transfers_tell_the_numbers_of_nodes(sparse):
    measured = run_workload(sparse, keeping({"cpus": "node16"}))
    assert {row.node for row in measured.cpus} == {16}
    assert {row.node for row in measured.transfers} == {16}


ON_EMPTY = {
    "kernel": {"slab_nomerge": True, "reap": False},
    "caches": {"obj": {"size": 256, "flags": ["HWCACHE_ALIGN"]}},
    "threads": [
        {
            "name": "on-empty",
            "cpus": [8],
            "steps": [{"pattern": "alloc_free", "cache": "obj", "operations": 2000, "live": 200}],
        }
    ],
}


def paths(measured):
    counted = {}
    for row in measured.attribution:
        counted[row.operation, row.path] = counted.get((row.operation, row.path), 0) + row.operations
    return counted


def test_without_memoryless_nodes_a_cpu_of_one_falls_back_every_time_and_frees_to_aliens():
    counted = paths(run_workload(load_machine("memoryless-node"), Workload.model_validate(ON_EMPTY)))
    assert counted["alloc", "fallback"] == 1000
    assert sum(count for (_, path), count in counted.items() if path.startswith("alien")) == 1000
    assert ("alloc", "hit") not in counted


def test_with_memoryless_nodes_a_cpu_of_one_takes_the_nearest_node_for_its_own():
    document = ON_EMPTY | {"kernel": ON_EMPTY["kernel"] | {"have_memoryless_nodes": True}}
    counted = paths(run_workload(load_machine("memoryless-node"), Workload.model_validate(document)))
    assert counted["alloc", "hit"] > 900
    assert ("alloc", "fallback") not in counted


MERGED = {
    "caches": {"mine": {"size": 256, "flags": ["HWCACHE_ALIGN"]}},
    "tunables": {"mine": {"limit": 30, "batchcount": 15, "shared": 2}},
    "threads": [{"name": "w", "cpus": [0], "steps": [{"pattern": "alloc", "cache": "mine", "count": 100}]}],
}


def test_a_cache_that_the_kernel_merges_is_told_and_whose_tunables_went_elsewhere():
    measured = run_workload(load_machine("two-socket"), Workload.model_validate(MERGED))
    assert measured.merged == {"mine": "pool_workqueue"}
    assert measured.tuned_merged == ["mine"]


def test_a_cache_kept_apart_is_not_told():
    document = MERGED | {"kernel": {"slab_nomerge": True}}
    measured = run_workload(load_machine("two-socket"), Workload.model_validate(document))
    assert (measured.merged, measured.tuned_merged) == ({}, [])


def test_without_cgroups_the_allocator_has_no_hooks():
    group = {"name": "a", "cpus": 0, "steps": [KEEP]}
    load = workload(group, kernel={"memcg": True}, caches={"c": {"size": 512}})
    ready = prepare(load_machine("two-socket"), load)
    assert ready.collector.cgroups == []
    assert ready.system.allocator.memcg is None
