import pytest

GIB = 1 << 30


def old_table(values, depth, base):
    cells = "".join(f'<latency value="{value}"/>' for row in values for value in row)
    return f'<distances nbobjs="{len(values)}" relative_depth="{depth}" latency_base="{base}">{cells}</distances>'


def old_machine(xml, *tables):
    nodes = [xml.node(n, [n], GIB, xml.package(n, [n], xml.core(n))) for n in range(2)]
    return f"<topology>{xml.thing('Machine', range(2), *tables, *nodes, os_index=0)}</topology>"


def test_of_several_tables_of_hwloc_1_the_one_at_the_level_of_the_nodes_counts(case):
    assert case("hwloc", "v1-distances-of-packages.xml")[0].distances == [[10, 16], [16, 10]]


def test_a_table_of_packages_alone_tells_no_distances(xml, imported):
    text = old_machine(xml, old_table([[1, 8], [8, 1]], 2, 1))
    assert imported("hwloc", text)[0].distances is None


THREE = [[10, 12, 12], [12, 10, 12], [12, 12, 10]]


@pytest.mark.parametrize(("depth", "base"), [(1, 1), (4, 1), (1, 10)])
def test_a_table_of_more_objects_than_there_are_nodes_is_told(xml, imported, depth, base):
    table = old_table([[value / base for value in row] for row in THREE], depth, base)
    spec, text = imported("hwloc", old_machine(xml, table))
    assert spec.distances is None
    assert "a table of distances of 3 objects is left out: the file has 2 nodes for it" in text


def test_a_table_that_hwloc_2_wrote_for_1_is_told_though_another_level_has_as_many_objects(xml, imported):
    nodes = [xml.node(n, cpus, GIB, xml.package(n, cpus, *map(xml.core, cpus))) for n, cpus in enumerate(([0, 1], [2]))]
    inside = (old_table(THREE, 3, 1), *nodes)
    text = imported("hwloc", f"<topology>{xml.thing('Machine', range(3), *inside, os_index=0)}</topology>")[1]
    assert "a table of distances of 3 objects is left out" in text


def test_a_table_of_a_level_that_is_not_there_is_told(xml, imported):
    text = imported("hwloc", old_machine(xml, old_table([[1, 8], [8, 1]], 9, 1)))[1]
    told = "a table of distances of 2 objects is left out: it is of level 9, the last that the file has is 4"
    assert told in text


def test_a_table_of_fewer_objects_than_its_level_has_is_told(xml, imported):
    nodes = [xml.node(n, [n], GIB, xml.package(n, [n, n + 2], xml.core(n), xml.core(n + 2))) for n in range(2)]
    inside = (old_table([[1, 8], [8, 1]], 3, 10), *nodes)
    text = imported("hwloc", f"<topology>{xml.thing('Machine', range(4), *inside, os_index=0)}</topology>")[1]
    assert "a table of distances of 2 objects is left out: level 3, which it is of, has 4" in text


@pytest.mark.parametrize("base", [1, 10])
def test_a_table_without_some_of_its_cells_is_told_with_their_number(xml, imported, base):
    table = old_table([[1, 2], [2, 1]], 1, base).replace('<latency value="1"/>', "", 1)
    text = imported("hwloc", old_machine(xml, table))[1]
    assert "a table of distances is left out: it has 3 cells for 2 objects" in text


def test_a_table_of_other_objects_is_passed_over(xml, imported):
    assert "table of distances" not in imported("hwloc", old_machine(xml, old_table([[1, 8], [8, 1]], 2, 1)))[1]


def test_a_table_that_hwloc_2_wrote_for_1_counts_levels_otherwise(xml, imported):
    text = old_machine(xml, old_table([[10, 12], [12, 10]], 1, 1), old_table([[10, 32], [32, 10]], 2, 1))
    assert imported("hwloc", text)[0].distances == [[10, 32], [32, 10]]


def test_a_table_in_a_group_tells_of_the_nodes_below_it(xml, imported):
    nodes = [xml.node(n, [n], GIB, xml.package(n, [n], xml.core(n))) for n in range(3)]
    group = xml.thing("Group", range(2), old_table([[1, 1.5], [1.5, 1]], 1, 10), *nodes[:2], depth=0)
    text = f"<topology>{xml.thing('Machine', range(3), group, nodes[2], os_index=0)}</topology>"
    spec, written = imported("hwloc", text)
    assert spec.distances == [[10, 15, 15], [15, 10, 15], [15, 15, 10]]
    assert "distances that are not told are 15" in written


def test_a_table_of_the_system_counts_before_one_of_a_user(xml, imported):
    inside = [xml.package(n, [n], xml.node(n, [n], GIB), xml.core(n)) for n in range(2)]
    user = xml.distances([0, 1], [10, 99, 99, 10]).replace('kind="5"', 'kind="6"')
    text = xml.machine(range(2), *inside, tail=user + xml.distances([0, 1], [10, 21, 21, 10]))
    assert imported("hwloc", text)[0].distances == [[10, 21], [21, 10]]


def test_nodes_may_be_named_by_the_ids_of_hwloc_3(xml, imported):
    inside = [xml.package(n, [n], xml.node(4 * n, [n], GIB, id=f"obj{n + 7}"), xml.core(n)) for n in range(2)]
    tail = xml.distances([7, 8], [10, 21, 21, 10]).replace('indexing="os"', 'indexing="gp"')
    assert imported("hwloc", xml.machine(range(2), *inside, tail=tail))[0].distances == [[10, 21], [21, 10]]
