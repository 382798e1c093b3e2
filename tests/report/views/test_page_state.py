"""/proc/buddyinfo and /proc/vmstat of a run: the kernel's layout, and pages that add up."""

import re

from logged_runs import logged

from simslab.report.views.page_state import SlabPages, buddyinfo_text, vmstat_text

LINE = re.compile(r"Node (\d+), zone ([ A-Za-z0-9]{8}) ((?:[ \d]{6} ){11})")


def test_every_zone_is_a_line_with_eleven_orders():
    lines = buddyinfo_text(logged()[2]).splitlines()
    found = [LINE.fullmatch(line) for line in lines]
    assert [(match[1], match[2].strip()) for match in found] == [
        ("0", "DMA"), ("0", "DMA32"), ("0", "Normal"), ("1", "Normal"),
    ]  # fmt: skip


def test_free_blocks_add_up_to_the_free_pages():
    zones = logged()[2]
    for zone, line in zip(zones, buddyinfo_text(zones).splitlines(), strict=True):
        counts = map(int, LINE.fullmatch(line)[3].split())
        assert sum(count << order for order, count in enumerate(counts)) == zone.free_pages
    assert f"nr_free_pages {sum(zone.free_pages for zone in zones)}\n" in vmstat_text(zones, SlabPages())


def test_the_counters_of_numastat_are_the_sums_over_nodes():
    measured, _, zones = logged()
    told = dict(line.split() for line in vmstat_text(zones, SlabPages()).splitlines())
    names = {"numa_hit": "numa_hit", "numa_local": "local_node", "numa_other": "other_node"}
    for name, stored in names.items():
        assert int(told[name]) == sum(row.numastat[stored] for row in measured.nodes)


def test_lines_of_vmstat_have_the_kernels_order_and_slabs_their_pages():
    lines = [line.split() for line in vmstat_text(logged()[2], SlabPages(3, 40)).splitlines()]
    assert lines[0][0] == "nr_free_pages"
    assert lines[-2:] == [["nr_slab_reclaimable", "3"], ["nr_slab_unreclaimable", "40"]]
