import pytest

from simslab.base.errors import UserError
from simslab.kernel import layout
from simslab.kernel.mm.memblock import BootMemory, make_mem_map, nodes_with_memory, percpu_areas
from simslab.machine.machine import Machine

PAGE = layout.PAGE_SIZE


def test_memory_is_taken_from_the_top_of_a_node_in_whole_pages(machine: Machine) -> None:
    memory = BootMemory(machine.topology)
    top = memory.end[1]
    assert memory.take(1, 100) == top - PAGE
    assert memory.take(1, PAGE + 1) == top - 3 * PAGE
    assert memory.top[0] == memory.end[0]


def test_what_was_taken_is_reserved(machine: Machine) -> None:
    memory = BootMemory(machine.topology)
    memory.take(0, 5 * PAGE)
    first, last, reserved = memory.pages(0)
    assert (first, last - reserved) == (memory.base[0] // PAGE, 5)


def test_a_node_too_small_for_the_kernel_is_told(machine: Machine) -> None:
    memory = BootMemory(machine.topology)
    with pytest.raises(UserError, match="node 0 has too little memory"):
        memory.take(0, memory.end[0] - memory.base[0] + 1)


def test_struct_pages_lie_on_their_own_node(machine: Machine) -> None:
    memory = BootMemory(machine.topology)
    mem_map = make_mem_map(machine.topology, memory)
    for nid in nodes_with_memory(machine.topology):
        first, last, _ = memory.pages(nid)
        for pfn in (first, last - 1):
            assert memory.base[nid] <= mem_map.page_addr(pfn) < memory.end[nid]
            assert mem_map.nid(pfn) == nid


def test_every_cpu_has_its_own_area_on_its_node(machine: Machine) -> None:
    memory = BootMemory(machine.topology)
    areas = percpu_areas(memory, [0, 0, 1, 1], 4 * PAGE)
    assert len(set(areas)) == 4
    assert [memory.base[nid] <= area < memory.end[nid] for nid, area in zip([0, 0, 1, 1], areas, strict=True)]
