"""Which node a CPU belongs to when several memories are near it."""

from dataclasses import replace

from simslab.instruments.exchange.hwloc.nodes import Memory, SideCache, assign_cpus, with_side_caches

GIB = 1 << 30
DRAM = Memory(0, frozenset({0, 1}), 4 * GIB, True, True, 0, {})


def nodes(memories, cpus=(0, 1), bits=None, packages=None):
    told = dict.fromkeys(cpus, frozenset()) | (bits or {})
    found = assign_cpus(frozenset(cpus), memories, told, packages or dict.fromkeys(cpus, 0))
    return [(node.number, node.cpus, node.memory) for node in found]


def test_a_cpu_belongs_to_ordinary_memory_before_special():
    fast = replace(DRAM, number=1, ordinary=False)
    assert nodes([fast, replace(DRAM, number=2)]) == [(1, (), 4 * GIB), (2, (0, 1), 4 * GIB)]


def test_what_is_near_to_fewer_cpus_comes_first():
    wide, narrow = replace(DRAM, number=0), replace(DRAM, number=1, near=frozenset({1}))
    assert nodes([wide, narrow]) == [(0, (0,), 4 * GIB), (1, (1,), 4 * GIB)]


def test_of_equals_the_lowest_number_has_the_cpus():
    assert nodes([replace(DRAM, number=3), replace(DRAM, number=2)]) == [(2, (0, 1), 4 * GIB), (3, (), 4 * GIB)]


def test_memory_that_cannot_be_used_is_kept_for_its_cpus_only():
    useless = replace(DRAM, usable=False)
    assert nodes([useless]) == [(0, (0, 1), 4 * GIB)]
    assert nodes([useless], cpus=(5,)) == [(0, (5,), 0)]


def test_cpus_near_to_no_memory_are_nodes_without_by_package():
    packages = {0: 0, 1: 0, 2: 1, 3: 2, 4: 2}
    assert nodes([DRAM], range(5), packages=packages) == [(0, (0, 1), 4 * GIB), (1, (2,), 0), (2, (3, 4), 0)]


def test_they_have_the_number_that_their_nodeset_tells():
    bits = {2: frozenset({7}), 3: frozenset({7}), 4: frozenset({0, 7})}
    assert nodes([DRAM], range(5), bits) == [(0, (0, 1), 4 * GIB), (1, (4,), 0), (7, (2, 3), 0)]


def test_a_number_that_has_memory_is_not_theirs():
    assert nodes([DRAM], (0, 1, 2), {2: frozenset({0})}) == [(0, (0, 1), 4 * GIB), (1, (2,), 0)]


def test_a_side_cache_is_shared_out_among_the_ordinary_memories_near_its_cpus():
    memories = [DRAM, replace(DRAM, number=1), replace(DRAM, number=2, ordinary=False)]
    notes = []
    found = with_side_caches(memories, [SideCache(frozenset({1}), GIB)], notes)
    assert [memory.side_cache for memory in found] == [GIB // 2, GIB // 2, 0]
    assert notes == []


def test_a_side_cache_near_to_nothing_is_told():
    notes = []
    with_side_caches([DRAM], [SideCache(frozenset({9}), 4096)], notes)
    assert notes == ["a memory-side cache of 4096 bytes is near to no memory: left out"]
