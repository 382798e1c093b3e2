from pathlib import Path

import pytest

from simslab.base.errors import UserError
from simslab.instruments.exchange.importer import import_hwloc
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.machine.topology.topology import build_topology

GIB = 1 << 30
SHARED = Path(__file__).resolve().parents[4] / "shared" / "hwloc"
REAL = {  # CPUs, cores, nodes, L3s or stand-ins
    "16amd64-8n2c-cpusets": (10, 10, 8, 6),
    "192em64t-24n8c2t": (384, 192, 24, 24),
    "24em64t-2n6c2t-pci": (24, 12, 2, 2),
    "32em64t-2n8c2t-pci-normalio": (32, 16, 2, 2),
    "96em64t-4n4d3ca2co-pci": (96, 96, 4, 16),
}


def cpus_of(spec):
    return {node.number: node.cpus for node in build_topology(spec).nodes}


@pytest.mark.parametrize("name", list(REAL))
def test_a_real_machine_is_imported_and_its_memory_can_be_read(name, tmp_path):
    source = SHARED / f"{name}.xml"
    if not source.exists():
        pytest.skip("no shared data here")
    target = tmp_path / "machine.yaml"
    target.write_text(import_hwloc(source))
    machine = build_machine(load_machine(str(target)))
    topology = machine.topology
    counts = (len(topology.cpus), len(topology.cores), len(topology.nodes), len(topology.domains))
    assert counts == REAL[name]
    for node in topology.nodes:
        before = machine.cpus[0].now
        if node.memory:
            machine.cpus[0].read(node.base + GIB // 2)
            assert machine.cpus[0].now > before


def test_memory_near_the_same_cpus_is_memory_only_except_the_plain_one(xml, imported):
    cpus = range(4)
    text = xml.machine(
        cpus,
        xml.package(
            0, cpus, xml.node(4, cpus, 2 * GIB, subtype="MCDRAM"), xml.node(0, cpus, 8 * GIB), *map(xml.core, cpus)
        ),
    )
    spec, _ = imported("hwloc", text)
    assert cpus_of(spec) == {0: (0, 1, 2, 3), 4: ()}
    assert build_topology(spec).nodes[1].gate == 0


def test_a_memory_side_cache_is_kept_with_its_node(xml, imported):
    side = xml.thing("MemCache", range(2), xml.node(0, range(2), GIB), cache_size=GIB // 4)
    spec, text = imported("hwloc", xml.machine(range(2), side, xml.package(0, range(2), xml.core(0), xml.core(1))))
    assert spec.nodes[0].memory_side_cache == GIB // 4
    assert "memory_side_cache: 256 MiB" in text


def test_disallowed_cpus_and_nodes_are_left_out(xml, imported):
    inside = [xml.package(n, [n], xml.node(n, [n], GIB), xml.core(n)) for n in range(3)]
    spec, text = imported("hwloc", xml.machine(range(3), *inside, allowed_cpuset="0x5", allowed_nodeset="0x6"))
    topology = build_topology(spec)
    assert [(node.number, node.cpus, node.memory) for node in topology.nodes] == [
        (0, (0,), 0),
        (1, (), GIB),
        (2, (1,), GIB),
    ]
    assert "# 1 disallowed CPUs are left out" in text


def test_cpus_that_no_memory_is_near_to_are_told(xml, imported):
    inside = [xml.package(0, [0], xml.node(1, [0], GIB), xml.core(0)), xml.package(1, [1], xml.core(1))]
    spec, text = imported("hwloc", xml.machine(range(2), *inside))
    assert cpus_of(spec) == {0: (1,), 1: (0,)}
    assert "# CPUs 1 are near to no memory in the file: node 0 without any here" in text


def test_numbers_of_nodes_keep_their_gaps(xml, imported):
    inside = [xml.package(n, [n], xml.node(8 * n, [n], GIB), xml.core(n)) for n in range(2)]
    tail = xml.distances([0, 8], [10, 17, 17, 10])
    spec, _ = imported("hwloc", xml.machine(range(2), *inside, tail=tail))
    assert cpus_of(spec) == {0: (0,), 8: (1,)}
    assert spec.distances == [[10, 17], [17, 10]]


def test_memory_that_reads_nothing_is_as_far_as_its_readers_say(xml, imported):
    packages = [xml.package(n, [n], xml.node(n, [n], GIB), xml.core(n)) for n in range(2)]
    tail = xml.distances([0, 1, 2], [10, 21, 60, 21, 10, 50, 255, 255, 10])
    spec, _ = imported("hwloc", xml.machine(range(2), *packages, xml.node(2, [], GIB), tail=tail))
    assert build_topology(spec).nodes[2].gate == 1


def test_l3s_smaller_than_a_package_become_dies(xml, imported):
    l3s = [xml.cache(3, [a, a + 1], xml.core(a), xml.core(a + 1), size=1 << 24) for a in (0, 2)]
    spec, _ = imported("hwloc", xml.machine(range(4), xml.node(0, range(4), GIB), xml.package(0, range(4), *l3s)))
    assert (spec.l3.scope, spec.l3.size, spec.layout.dies, spec.layout.cores) == ("die", 1 << 24, 2, 2)


def test_packages_need_not_be_alike(xml, imported):
    inside = [xml.package(0, [0, 1], xml.core(0, 1)), xml.package(1, [2, 3], xml.core(2), xml.core(3))]
    spec, _ = imported("hwloc", xml.machine(range(4), xml.node(0, range(4), GIB), *inside))
    assert [core.cpus for core in build_topology(spec).cores] == [(0, 1), (2,), (3,)]


def test_a_private_cache_that_cores_share_is_divided(xml, imported):
    shared = xml.cache(2, [0, 1], xml.core(0), xml.core(1), size=1 << 20)
    spec, text = imported("hwloc", xml.machine(range(2), xml.node(0, range(2), GIB), xml.package(0, range(2), shared)))
    assert spec.l2.size == 1 << 19
    assert "is shared by 2 cores" in text


def test_the_names_and_relative_distances_of_hwloc_1_are_read(xml, imported):
    def old_node(number, cpus):
        cache = xml.thing("Cache", cpus, xml.core(*cpus), depth=3, cache_size=1 << 23)
        return xml.node(number, cpus, 6 * GIB, xml.thing("Socket", cpus, cache, os_index=number))

    values = "".join(f'<latency value="{value}"/>' for value in ("1.0", "2.1", "2.1", "1.0"))
    table = f'<distances nbobjs="2" relative_depth="1" latency_base="10.0">{values}</distances>'
    nodes = [old_node(0, [0, 2]), old_node(1, [1, 3])]
    spec, _ = imported("hwloc", f"<topology>{xml.thing('Machine', range(4), table, *nodes, os_index=0)}</topology>")
    assert cpus_of(spec) == {0: (0, 2), 1: (1, 3)}
    assert (spec.l3.size, spec.layout.packages, spec.distances) == (1 << 23, 2, [[10, 21], [21, 10]])


def test_a_machine_without_nodes_has_one(xml, imported):
    spec, _ = imported("hwloc", xml.machine(range(2), xml.core(0), xml.core(1), local_memory=3 * GIB))
    assert [(node.cpus, node.memory) for node in build_topology(spec).nodes] == [((0, 1), 3 * GIB)]


def test_distances_that_the_kernel_would_refuse_are_left_out(xml, imported):
    inside = [xml.package(n, [n], xml.node(n, [n], GIB), xml.core(n)) for n in range(2)]
    spec, text = imported("hwloc", xml.machine(range(2), *inside, tail=xml.distances([0, 1], [10, 10, 10, 10])))
    assert spec.distances is None
    assert "as the kernel does" in text


def test_the_root_may_be_a_node(case):
    spec, _ = case("hwloc", "v1-root-is-a-node.xml")
    assert [(node.cpus, node.memory) for node in build_topology(spec).nodes] == [((0, 1), 2 * GIB)]
    assert spec.layout.packages == 1


def test_the_root_may_be_a_system_with_the_names_and_kilobytes_of_hwloc_0(xml, imported):
    units = [xml.thing("Core", [n], xml.thing("Proc", [n], os_index=n), os_index=n) for n in range(2)]
    cache = xml.thing("Cache", [0, 1], *units, depth=3, memory_kB=8192)
    node = xml.thing("Node", [0, 1], xml.thing("Socket", [0, 1], cache, os_index=0), os_index=0, memory_kB=1 << 20)
    spec, _ = imported("hwloc", f"<root>{xml.thing('System', [0, 1], node)}</root>")
    assert (cpus_of(spec), spec.nodes[0].memory, spec.l3.size) == ({0: (0, 1)}, GIB, 8 << 20)


def test_a_group_that_is_a_die_is_one(xml, imported):
    dies = [xml.thing("Group", [n], xml.cache(3, [n], xml.core(n), size=1 << 23), subtype="Die") for n in range(2)]
    text = xml.machine(range(2), xml.node(0, range(2), GIB), xml.package(0, range(2), *dies))
    assert imported("hwloc", text)[0].layout.dies == 2


def test_offline_cpus_are_left_out(xml, imported):
    inside = xml.package(0, range(2), xml.node(0, range(2), GIB), xml.core(0), xml.core(1))
    spec, text = imported("hwloc", xml.machine(range(2), inside, online_cpuset="0x1"))
    assert len(build_topology(spec).cpus) == 1
    assert "# 1 offline CPUs are left out" in text


def test_a_node_that_tells_no_memory_has_none_where_others_tell_theirs(xml, imported):
    silent = xml.thing("NUMANode", [1], os_index=1)
    inside = [xml.package(0, [0], xml.node(0, [0], GIB), xml.core(0)), xml.package(1, [1], silent, xml.core(1))]
    spec, text = imported("hwloc", xml.machine(range(2), *inside))
    assert [node.memory for node in spec.nodes] == [GIB, 0]
    assert "node 1 tells no memory" in text


def test_what_no_hwloc_writes_is_counted_and_told(xml, imported):
    inside = [xml.package(0, [0], xml.node(0, [0], GIB), xml.thing("Drawer", [0], xml.core(0)))]
    text = imported("hwloc", xml.machine([0], *inside, tail="<strange/><strange/>"))[1]
    assert "3 unknown parts left out: object of type 'Drawer' (1), <strange> (2)" in text


def test_what_is_told_of_cores_and_memory_but_not_modelled_is_told(xml, imported):
    tail = (
        '<cpukind cpuset="0x1"/><cpukind cpuset="0x2"/><memattr name="Bandwidth"><memattr_value value="1"/></memattr>'
    )
    inside = xml.package(0, range(2), xml.node(0, range(2), GIB), xml.core(0), xml.core(1))
    text = imported("hwloc", xml.machine(range(2), inside, tail=tail))[1]
    assert "2 kinds of cores in the file, all alike here" in text
    assert "memory attributes are left out: Bandwidth" in text


OURS = {
    "core": ("5", "tells a part 'core' that cannot be what it says"),
    "extends": ("&quot;two-socket&quot;", "tells a part 'extends' that no machine file has"),
    "l3": ("[]", "tells a part 'l3' that cannot be what it says"),
    "strange": ("1", "tells a part 'strange' that no machine file has"),
}


@pytest.mark.parametrize("part", list(OURS))
def test_an_info_that_looks_like_our_export_s_is_not_believed(part, xml, imported):
    value, message = OURS[part]
    info = f'<info name="simslab.{part}" value="{value}"/>'
    with pytest.raises(UserError, match=message):
        imported("hwloc", xml.machine([0], info, xml.package(0, [0], xml.node(0, [0], GIB), xml.core(0))))


def test_one_part_of_our_export_is_filled_up_from_the_template(xml, imported):
    info = '<info name="simslab.core" value="{&quot;frequency&quot;: 3000000000}"/>'
    spec, _ = imported("hwloc", xml.machine([0], info, xml.package(0, [0], xml.node(0, [0], GIB), xml.core(0))))
    assert (spec.core.frequency, spec.l1d.size) == (3_000_000_000, 32 << 10)


BAD = {
    "not XML": ("hello", "is not well-formed XML"),
    "nothing": ("", "is not well-formed XML"),
    "truncated": ("<topology><object type='Machine'>", "is not well-formed XML"),
    "another format": ("<html/>", "holds <html>, not <topology>"),
    "an entity bomb": ("<!DOCTYPE t [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><topology>&b;</topology>", "entities"),
    "an outside entity": ("<!DOCTYPE t [<!ENTITY a SYSTEM 'file:///x'>]><topology/>", "entities"),
    "no machine": ("<topology/>", "holds no machine"),
    "no CPU": ("<topology><object type='Machine'/></topology>", "holds no CPU"),
    "a bad number": (
        "<topology><object type='Machine'><object type='PU' os_index='x'/></object></topology>",
        "os_index='x'",
    ),
    "a cluster": (
        "<topology><object type='System'><object type='Machine'/><object type='Machine'/></object></topology>",
        "holds 2 machines",
    ),
    "a CPU twice": (
        "<topology><object type='Machine'><object type='PU' os_index='1'/><object type='PU' os_index='1'/>"
        "</object></topology>",
        "holds CPU 1 twice",
    ),
    "an unknown encoding": ("<?xml version='1.0' encoding='foo'?><topology/>", "is not XML"),
}


@pytest.mark.parametrize("what", list(BAD))
def test_bad_input_is_one_message(what, imported):
    text, message = BAD[what]
    with pytest.raises(UserError, match=message) as caught:
        imported("hwloc", text)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].file


def test_too_many_cpus_are_one_message(xml, imported):
    with pytest.raises(UserError, match=r"cannot be simulated: .* 1025") as caught:
        imported("hwloc", xml.machine(range(1025), xml.node(0, range(1025), GIB), *map(xml.core, range(1025))))
    assert len(caught.value.problems) == 1
