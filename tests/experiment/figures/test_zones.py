"""What the zones of a run that is over hold."""

from logged_runs import logged

from simslab.kernel.mm.zone import NUMA_STAT_NAMES
from simslab.result.measurement import NUMASTAT


def test_the_zones_with_pages_are_told_by_node_and_zone():
    assert [(zone.node, zone.zone) for zone in logged()[2]] == [(0, "DMA"), (0, "DMA32"), (0, "Normal"), (1, "Normal")]


def test_the_zones_of_a_node_count_what_the_run_counted_of_it():
    measured, _, zones = logged()
    for row in measured.nodes:
        own = [zone.numa for zone in zones if zone.node == row.node]
        assert {name: sum(numa[name] for numa in own) for name in NUMASTAT} == row.numastat


def test_results_name_the_counters_as_the_kernel_does():
    assert NUMASTAT == NUMA_STAT_NAMES
