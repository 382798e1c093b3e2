import pytest

from simslab.machine.topology.topology import build_topology

GIB = 1 << 30
MIB = 1 << 20


def test_cores_without_an_l3_do_not_get_one_of_their_own(case):
    spec, text = case("hwloc", "cores-without-l3.xml")
    assert (spec.l3.size, len(build_topology(spec).domains)) == (12 * MIB, 1)
    assert "CPUs 6-7 have no L3 in the file" in text


def test_an_l2_shared_by_some_cores_is_divided_and_told(case):
    spec, text = case("hwloc", "l2-shared-by-some.xml")
    assert spec.l2.size == 512 << 10
    assert "4 cores have 2097152 bytes shared by 4 cores, 524288 each" in text


@pytest.mark.parametrize(
    ("name", "size"), [("v1-memory-side-cache", 16 * GIB), ("v1-memory-side-cache-small", 269180928)]
)
def test_the_memory_side_cache_of_hwloc_1_is_no_l3(name, size, case):
    spec, text = case("hwloc", f"{name}.xml")
    assert spec.nodes[0].memory_side_cache == size
    assert (spec.l3.size, spec.l2.size) == (64 << 10, 512 << 10)
    assert "there is no L3" in text


def test_a_memory_side_cache_above_several_nodes_is_shared_out(xml, imported):
    side = [xml.thing("Cache", [0, 1], '<info name="Type" value="MemorySideCache"/>', depth=3, cache_size=GIB)]
    nodes = [xml.node(n, [n], GIB, xml.core(n)) for n in range(2)]
    text = xml.machine([0, 1], xml.thing("Package", [0, 1], *side, *nodes, os_index=0))
    assert [node.memory_side_cache for node in imported("hwloc", text)[0].nodes] == [GIB // 2, GIB // 2]


def test_l3s_of_two_sizes_are_told_with_what_that_makes(xml, imported):
    l3s = [xml.cache(3, [n], xml.core(n), size=(8 + 8 * n) * MIB) for n in range(2)]
    spec, text = imported("hwloc", xml.machine(range(2), xml.node(0, range(2), GIB), xml.package(0, range(2), *l3s)))
    assert spec.l3.size == 16 * MIB
    assert "each has 16777216 bytes here, 33554432 for 25165824" in text


def test_an_l4_and_lines_that_are_not_of_64_bytes_are_told(xml, imported):
    inside = xml.cache(4, [0], xml.cache(2, [0], xml.core(0), size=MIB, cache_linesize=128), size=128 * MIB)
    _, text = imported("hwloc", xml.machine([0], xml.node(0, [0], GIB), xml.package(0, [0], inside)))
    assert "1 L4 caches (134217728 bytes in all) are left out" in text
    assert "caches have lines of 128 bytes in the file" in text


def test_an_l1_of_unknown_ways_has_a_power_of_two_of_sets(xml, imported):
    l1 = xml.cache(1, [0], xml.core(0), size=24 << 10, cache_associativity=0)
    spec, _ = imported("hwloc", xml.machine([0], xml.node(0, [0], GIB), xml.package(0, [0], l1)))
    assert (spec.l1d.size // 64 // spec.l1d.ways).bit_count() == 1


def test_a_large_package_without_l3_has_stand_ins_by_shared_l2(xml, imported):
    tiles = [xml.cache(2, [n, n + 1], xml.core(n), xml.core(n + 1), size=MIB) for n in range(0, 68, 2)]
    text = xml.machine(range(68), xml.node(0, range(68), GIB), xml.package(0, range(68), *tiles))
    spec, written = imported("hwloc", text)
    assert len(build_topology(spec).domains) == 34
    assert "stand-ins for the L3 that is not there belong to the cores that share an L2" in written
