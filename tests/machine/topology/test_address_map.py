from simslab.machine.topology.address_map import SECTION_BYTES, SECTION_SHIFT, node_bases, section_nodes, sections

GIB = 1 << 30


def test_memory_is_counted_in_whole_sections():
    assert [sections(size) for size in (0, 1, SECTION_BYTES, SECTION_BYTES + 1)] == [0, 1, 1, 2]


def test_nodes_lie_one_after_another():
    assert node_bases([GIB, SECTION_BYTES // 2, GIB]) == [0, GIB, GIB + SECTION_BYTES]


def test_a_node_without_memory_has_the_base_of_the_next():
    assert node_bases([GIB, 0, GIB]) == [0, GIB, GIB]


def test_every_section_has_the_node_whose_memory_it_holds():
    memory = [2 * SECTION_BYTES, 0, SECTION_BYTES + 1]
    owners = section_nodes(memory)
    assert owners == [0, 0, 2, 2]
    assert [owners[base >> SECTION_SHIFT] for base in (node_bases(memory)[0], node_bases(memory)[2])] == [0, 2]
