from built_machines import built

from simslab.report.machine.describe import describe, size_text
from simslab.report.machine.drawing import draw_topology


def test_nodes_are_shown_as_numactl_shows_them():
    text = describe(*built("two-socket"))
    assert "available: 2 nodes (0-1)\nnode 0 cpus: 0 1 2 3" in text
    assert "node 1 size: 8192 MB\nnode distances:\nnode    0   1\n   0:  10  21\n   1:  21  10\n" in text


def test_idle_latencies_are_shown_by_node_pair():
    assert "   0:   78.8  131.2\n" in describe(*built("two-socket"))


def test_a_node_without_memory_has_no_dram_latency():
    assert "   0:   78.8      -\n" in describe(*built("memoryless-node"))


def test_translation_stores_siblings_and_pause_are_shown():
    text = describe(*built("one-node"))
    assert "TLB per core, direct map of 2M pages: 32 entries (4 ways)\n  page walk 12 cycles and 1 load\n" in text
    assert "store buffer: 18 entries per thread; 10 misses in flight; PAUSE 11 cycles\n" in text
    assert "busy threads of a core together: 1.25 times the pace of one\n" in text


def test_cache_bandwidths_are_shown_where_stated():
    assert "L3 151 GB/s, from L3 to a core 46 GB/s" in describe(*built("epyc-rome-nps4"))
    assert "cache bandwidth" not in describe(*built("one-node"))


def test_sizes_are_told_in_the_largest_unit_that_leaves_a_short_number():
    assert [size_text(size) for size in (100, 32 << 10, 22 << 20, 3 << 29)] == ["100 B", "32 KiB", "22 MiB", "1.5 GiB"]


def test_dollar_signs_in_names_are_drawn_as_they_stand(tmp_path):
    changes = (r"name='m $\frac{x$ y'", r"nodes=[{each: package, memory: 1 GiB, name: 'n $\foo{$ z'}]")
    draw_topology(*built("two-socket", *changes), tmp_path / "a.svg")
    assert (tmp_path / "a.svg").exists()


def test_what_silicon_hardly_is_comes_last_and_only_where_there_is_any():
    spec, topology, timing = built("two-socket", "l2.latency=80 ns")
    told = "\n\nodd: the L2 answers in 208 cycles, no sooner than the L3 (52)\n"
    assert describe(spec, topology, timing).endswith(told)
    assert "odd: " not in describe(*built("two-socket"))
