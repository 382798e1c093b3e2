"""/sys/kernel/slab against what a real kernel recorded of its caches, and of one cache after every operation."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from simslab.conform.slub.replay import TraceReplay
from simslab.kernel.mm import gfp
from simslab.slub.housekeeping.attributes import SHOWS, by_node, create_unique_id, sysfs_text
from simslab.slub.stat_item import STAT_ITEMS

GOLDEN = Path(__file__).parents[2] / "golden-slub"
COLUMNS = {  # attribute -> column of the recorded list of caches
    "slab_size": "size",
    "object_size": "object_size",
    "objs_per_slab": "oo_objects",
    "order": "oo_order",
    "min_partial": "min_partial",
    "cpu_partial": "cpu_partial",
    "align": "align",
    "usersize": "usersize",
}
FLAGS = {
    "hwcache_align": "HWCACHE_ALIGN",
    "reclaim_account": "RECLAIM_ACCOUNT",
    "destroy_by_rcu": "TYPESAFE_BY_RCU",
    "cache_dma": "CACHE_DMA",
    "red_zone": "RED_ZONE",
    "poison": "POISON",
    "store_user": "STORE_USER",
    "sanity_checks": "CONSISTENCY_CHECKS",
    "trace": "TRACE",
}


def shown(allocator, cache, name):
    return SHOWS[name](allocator, cache)


def recorded(row):
    """What a real kernel shows of a recorded cache, by attribute."""
    flags = row["flags_decoded"].split("|")
    refcount, ratio = int(row["refcount"]), int(row["remote_node_defrag_ratio"])
    return {
        **{name: row[column] for name, column in COLUMNS.items()},
        **{name: str(int(flag in flags)) for name, flag in FLAGS.items()},
        "aliases": str(max(refcount - 1, 0)),
        "remote_node_defrag_ratio": str(ratio // 10),
    }


@pytest.mark.parametrize("topology", ["1n1c", "2n8c"])
def test_the_standing_caches_show_what_a_real_kernel_recorded(booted, topology):
    allocator = booted(topology, standing=True)
    with (GOLDEN / f"caches-{topology}.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row, cache in zip(rows, allocator.caches, strict=True):
        expected = recorded(row)
        assert {name: shown(allocator, cache, name).removesuffix("\n") for name in expected} == expected, row["name"]


class Reading(TraceReplay):
    """A replay that reads the attributes after every operation and compares them with the recorded state."""

    def check_state(self, line):
        return super().check_state(line) and all(
            self.same(line, name, text, shown(self.allocator, self.cache, name))
            for name, text in self.told(line).items()
        )

    def told(self, line):
        """What the attributes show of a recorded state: `c` are CPUs, `n` nodes, `s` slabs (of all lines so far)."""
        slabs = self.expected["s"]
        node_of = {number: self.before["s"][number][5] for number in slabs}
        on_cpus, lists = Counter(), [(cpu, entries[0]) for cpu, (_, _, entries) in enumerate(line["c"]) if entries]
        for page, _, entries in line["c"]:
            if page >= 0:
                on_cpus[node_of[page]] += 1
                if entries:
                    on_cpus[node_of[entries[0][0]]] += entries[0][1]
        listed = [(node, number) for node, _, _, _, numbers, *_ in line["n"] for number in numbers]
        total = f"{sum(head[2] for _, head in lists)}({sum(head[1] for _, head in lists)})"
        return {
            "partial": by_node((node, partial) for node, partial, *_ in line["n"]),
            "slabs": by_node((node, slabs) for node, _, slabs, *_ in line["n"]),
            "total_objects": by_node((node, total) for node, _, _, total, *_ in line["n"]),
            "objects_partial": by_node((node, slabs[number][1]) for node, number in listed),
            "cpu_slabs": by_node(on_cpus.items()),
            "slabs_cpu_partial": total + "".join(f" C{cpu}={head[2]}({head[1]})" for cpu, head in lists) + "\n",
            "min_partial": f"{self.cache.min_partial}\n",
        }


@pytest.mark.parametrize("name", ["trace-1n4c-s192t", "trace-2n4c1m-rcu128"])
def test_what_a_trace_records_after_every_operation_is_read_back(name):
    verdict = Reading(GOLDEN / f"{name}.jsonl.gz").run()
    assert verdict.difference == ""
    assert verdict.rows > 100


@pytest.fixture
def used(booted):
    """An allocator of two nodes and a cache of which CPU 0 freed ten of 100 objects."""
    allocator = booted("2n8c", slab_nomerge=True)
    cache, cpu = allocator.kmem_cache_create("c", 200), allocator.kernel.machine.cpus[0]
    objects = [allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) for _ in range(100)]
    for objp in objects[:10]:
        allocator.kmem_cache_free(cpu, cache, objp)
    return allocator, cache


def test_counters_are_summed_and_shown_by_cpu(used):
    allocator, cache = used
    assert shown(allocator, cache, "alloc_fastpath") == "95 C0=95\n"
    assert shown(allocator, cache, "order_fallback") == "0\n"
    assert {name.lower() for name in STAT_ITEMS} <= set(SHOWS)


def test_objects_on_cpus_count_as_in_use(used):
    allocator, cache = used
    assert shown(allocator, cache, "objects") == shown(allocator, cache, "total_objects") == "100 N0=100\n"


def test_what_is_only_written_shows_nothing(used):
    assert shown(*used, "shrink") == shown(*used, "validate") == ""


def test_a_constructor_is_shown_by_a_symbol_and_its_lack_by_nothing(used):
    allocator, cache = used
    made = allocator.kmem_cache_create("made", 200, ctor=1)
    assert shown(allocator, made, "ctor") == "made_ctor+0x0/0x40\n"
    assert shown(allocator, cache, "ctor") == ""


def test_caches_with_the_letter_a_are_shown_as_marked_for_failslab(booted):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="A,c")
    marked, other = (allocator.kmem_cache_create(name, 200) for name in ("c", "d"))
    assert [shown(allocator, cache, "failslab") for cache in (marked, other)] == ["1\n", "0\n"]


def test_who_allocated_and_freed_is_shown_where_it_is_kept(booted, used):
    allocator = booted("1n1c", slab_nomerge=True, slub_debug="U")
    cache, cpu = allocator.kmem_cache_create("c", 200), allocator.kernel.machine.cpus[0]
    objp = allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL)
    allocator.kmem_cache_free(cpu, cache, objp)
    assert allocator.kmem_cache_alloc(cpu, cache, gfp.GFP_KERNEL) == objp
    assert shown(allocator, cache, "alloc_calls") == "      1 swapper/0+0x10/0x40 age=0 pid=1\n"
    assert shown(allocator, cache, "free_calls") == "      1 swapper/0+0x20/0x40 age=0 pid=1\n"
    assert shown(*used, "alloc_calls") == shown(*used, "free_calls") == ""


def test_the_directory_of_a_cache_that_may_be_shared_is_its_id(booted):
    allocator = booted("1n1c")
    cache = allocator.kmem_cache_create("mine", 192, flags=0x20000)
    assert allocator.kmem_cache_create("yours", 192, flags=0x20000) is cache
    assert create_unique_id(cache) == ":a-0000192"
    lines = sysfs_text(allocator).splitlines()
    assert "/sys/kernel/slab/mine -> :a-0000192" in lines
    assert "/sys/kernel/slab/yours -> :a-0000192" in lines
    assert "/sys/kernel/slab/:a-0000192/aliases:1" in lines
    assert "/sys/kernel/slab/kmalloc-64/object_size:64" in lines


def test_a_cache_that_was_not_destroyed_for_its_objects_has_one_alias_too_few_as_in_the_kernel(used):
    allocator, cache = used[:2]
    assert shown(allocator, cache, "aliases") == "0\n"
    assert allocator.kmem_cache_destroy(cache) < 0
    assert shown(allocator, cache, "aliases") == "-1\n"


def test_without_merging_every_directory_has_its_caches_name(used):
    text = sysfs_text(used[0])
    assert " -> " not in text
    assert "/sys/kernel/slab/c/slab_size:200" in text
