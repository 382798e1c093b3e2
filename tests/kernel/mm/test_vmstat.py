from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.machine.accounting import causes


def test_a_node_counter_is_charged_to_the_page_allocator(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[0]
    before = cpu.instructions
    kernel.vmstat.mod_node_page_state(cpu, 1)
    assert cpu.instructions - before == 34
    assert cpu.cause_owner[causes.PAGE_ALLOCATOR] == cpu.now > 0
    assert cpu.bill == causes.UNBILLED


def test_an_update_that_found_its_lines_costs_less(kernel: Kernel) -> None:
    cpu, times = kernel.machine.cpus[0], []
    for _ in range(2):
        start = cpu.now
        kernel.vmstat.mod_node_page_state(cpu, 0)
        times.append(cpu.now - start)
    assert times[1] < times[0]


def test_pages_of_the_own_node_are_hits_and_local_and_others_are_not(kernel: Kernel) -> None:
    pages = kernel.page_allocator
    pages.alloc_pages(kernel.machine.cpus[0], gfp.GFP_KERNEL, 0, 0)
    pages.alloc_pages(kernel.machine.cpus[2], gfp.GFP_KERNEL, 0, 0)
    row = pages.numastat()[0]
    assert (row["numa_hit"], row["local_node"], row["other_node"]) == (2, 1, 1)
