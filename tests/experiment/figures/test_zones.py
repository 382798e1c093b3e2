"""What the zones of a run that is over hold."""

from logged_runs import logged
from small_runs import workload

from simslab.experiment.figures.zones import slab_pages
from simslab.kernel.mm.zone import NUMA_STAT_NAMES
from simslab.machine.library import load_machine
from simslab.result.measurement import NUMASTAT
from simslab.workload.run.runner import run_workload


def test_the_zones_with_pages_are_told_by_node_and_zone():
    assert [(zone.node, zone.zone) for zone in logged()[2]] == [(0, "DMA"), (0, "DMA32"), (0, "Normal"), (1, "Normal")]


def test_the_zones_of_a_node_count_what_the_run_counted_of_it():
    measured, _, zones = logged()
    for row in measured.nodes:
        own = [zone.numa for zone in zones if zone.node == row.node]
        assert {name: sum(numa[name] for numa in own) for name in NUMASTAT} == row.numastat


def test_results_name_the_counters_as_the_kernel_does():
    assert NUMASTAT == NUMA_STAT_NAMES


def test_pages_of_slabs_are_told_by_whether_they_are_accounted_as_reclaimable():
    found = []

    def at_end(system):
        sizes = {name: system.allocator.parked(system.find_cache(name)).pages for name in ("mine", "others")}
        found.append(
            (slab_pages(system), sizes, sum(system.allocator.parked(c).pages for c in system.allocator.caches))
        )

    steps = [{"pattern": "alloc_free", "cache": name, "operations": 400, "live": 200} for name in ("mine", "others")]
    caches = {"mine": {"size": 1000, "flags": ["RECLAIM_ACCOUNT"]}, "others": {"size": 1000}}
    load = workload({"name": "w", "cpus": "first 1", "steps": steps}, caches=caches, kernel={"slab_nomerge": True})
    run_workload(load_machine("one-node"), load, at_end=at_end)
    ((slabs, sizes, total),) = found
    assert slabs.reclaimable >= sizes["mine"] > 0
    assert slabs.unreclaimable >= sizes["others"] > 0
    assert slabs.reclaimable + slabs.unreclaimable == total
