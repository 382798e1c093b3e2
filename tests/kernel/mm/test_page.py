from hypothesis import given, settings
from hypothesis import strategies as st

from simslab.kernel.kernel import Kernel
from simslab.kernel.mm.page import MemMap, PageLists
from simslab.machine.machine import Machine, build_machine
from simslab.machine.spec import MachineSpec

ONE_CPU = {
    "name": "one",
    "core": {"frequency": "1 GHz", "ipc": 1},
    "l1d": {"size": "32 KiB", "ways": 8, "latency": "4 cycles"},
    "l2": {"size": "256 KiB", "ways": 8, "latency": "14 cycles"},
    "l3": {"size": "2 MiB", "ways": 16, "latency": "40 cycles", "other_core": "30 cycles"},
    "coherence": {"directory": "8 cycles", "snoop": "30 cycles"},
    "dram": {"latency": "60 cycles", "bandwidth": "20 GB/s"},
    "nodes": [{"package": 0, "memory": "64 MiB"}],
    "kernel": {
        **dict.fromkeys(("atomic", "irq_save", "irq_restore", "cli", "sti"), "10 cycles"),
        **dict.fromkeys(("irq_entry", "irq_exit", "ipi"), "100 cycles"),
        "clear_bytes_per_cycle": 32,
    },
}


def lists() -> tuple[Machine, PageLists]:
    machine = build_machine(MachineSpec.model_validate(ONE_CPU))
    mem_map = MemMap(1024, [0], [1 << 20])
    return machine, PageLists(mem_map, 2, 1 << 21, 16)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["add", "add_tail", "delete"]), st.integers(0, 1), st.integers(1, 12))))
def test_lists_behave_as_pythons(operations: list[tuple[str, int, int]]) -> None:
    machine, pages = lists()
    cpu = machine.cpus[0]
    model: list[list[int]] = [[], []]
    for name, which, pfn in operations:
        present = [i for i in (0, 1) if pfn in model[i]]
        if name == "delete":
            for i in present:
                pages.delete(cpu, i, pfn)
                model[i].remove(pfn)
        elif not present:
            getattr(pages, name)(cpu, which, pfn)
            model[which].insert(0 if name == "add" else len(model[which]), pfn)
        assert [pages.entries(0), pages.entries(1)] == model
        assert pages.first(cpu, which) == (model[which][0] if model[which] else -1)
        assert pages.last(cpu, which) == (model[which][-1] if model[which] else -1)


def test_struct_pages_are_56_bytes_apart_on_their_own_node(kernel: Kernel) -> None:
    mem_map = kernel.mem_map
    second = kernel.zones[-1]
    assert mem_map.page_addr(second.start + 1) - mem_map.page_addr(second.start) == 56
    assert mem_map.nid(second.start) == second.node
    assert mem_map.nid(mem_map.page_addr(second.start) >> 12) == second.node


def test_index_rows_are_reused_and_grow_on_demand() -> None:
    mem_map = MemMap(8192, [0], [1 << 20])
    for pfn in range(1, 3000):
        mem_map.slot_alloc(pfn)
        mem_map.freelist_set(pfn, 255, pfn & 0xFF)
    assert [mem_map.freelist_get(pfn, 255) for pfn in range(1, 3000)] == [pfn & 0xFF for pfn in range(1, 3000)]
    used = mem_map.slots_used
    mem_map.slot_free(7)
    mem_map.slot_alloc(4000)
    assert mem_map.slots_used == used
