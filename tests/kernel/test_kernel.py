from typing import Any

from simslab.kernel.irq.softirq import NET_RX_SOFTIRQ
from simslab.kernel.kernel import Kernel
from simslab.kernel.mm import gfp
from simslab.machine.accounting import causes
from simslab.machine.core.cpu import Cpu


def test_a_kernel_boots_on_a_small_machine(kernel: Kernel) -> None:
    assert kernel.cpu_to_mem == [0, 0, 1, 1]
    assert kernel.zonelists == [[0, 1], [1, 0]]


def test_all_memory_is_free_or_reserved_after_boot(kernel: Kernel) -> None:
    for zone in kernel.zones:
        assert zone.free_pages() == zone.managed
        zone.buddy.check()


def test_kernel_data_lies_on_its_node_above_managed_memory(kernel: Kernel) -> None:
    topology = kernel.machine.topology
    managed_end = {zone.node: zone.end << 12 for zone in kernel.zones}
    for cpu, nid in enumerate(kernel.cpu_to_mem):
        address = kernel.percpu.address(cpu, 0)
        assert topology.node_of_address(address) == nid
        assert address >= managed_end[nid]
    for zone in kernel.zones:
        struct_page = kernel.mem_map.page_addr(zone.start)
        assert topology.node_of_address(struct_page) == zone.node
        assert struct_page >= managed_end[zone.node]


def test_jiffies_count_ticks_of_the_cpus_clock(kernel: Kernel) -> None:
    cpu = kernel.machine.cpus[0]
    start = kernel.jiffies(cpu)
    cpu.charge(18, 5 * kernel.cycles_per_jiffy)
    assert kernel.jiffies(cpu) == start + 5


def filled_list(kernel: Kernel, cpu: Cpu) -> Any:
    """Return the zone on whose list `cpu` has several batches of free pages."""
    pages = kernel.page_allocator
    taken = [pages.alloc_pages(cpu, gfp.GFP_KERNEL, 0, 0) for _ in range(300)]
    for pfn in taken:
        pages.free_pages(cpu, pfn, 0)
    zone = max(kernel.zones, key=lambda zone: zone.pageset[cpu.id].count)
    assert zone.pageset[cpu.id].count > zone.pageset[cpu.id].batch
    return zone


def test_the_pages_on_the_lists_of_a_cpu_that_is_gone_go_back_to_their_zones(kernel: Kernel) -> None:
    stays, goes = kernel.machine.cpus[:2]
    filled_list(kernel, goes)
    kernel.page_alloc_cpu_dead(stays, goes.id)
    assert [zone.pageset[goes.id].count for zone in kernel.zones] == [0] * len(kernel.zones)
    for zone in kernel.zones:
        assert zone.free_pages() + zone.cached_pages() == zone.managed
        zone.buddy.check()


def test_they_go_back_under_one_hold_of_the_lock_by_the_cpu_that_stays(kernel: Kernel) -> None:
    stays, goes = kernel.machine.cpus[:2]
    filled_list(kernel, goes)
    kernel.lock_stats.reset()
    before, spent = goes.now, stays.cause_owner[causes.PAGE_ALLOCATOR]
    kernel.page_alloc_cpu_dead(stays, goes.id)
    taken = [row["acquisitions"] for row in kernel.lock_stats.table() if row["site"] == "free_pcppages_bulk"]
    assert sum(map(int, taken)) == 1
    assert goes.now == before
    assert stays.cause_owner[causes.PAGE_ALLOCATOR] > spent
    assert (stays.irqs_off, stays.bill) == (0, causes.UNBILLED)


def test_devices_that_waited_on_a_cpu_that_goes_are_polled_by_the_one_that_stays(kernel: Kernel) -> None:
    stays, goes = kernel.machine.cpus[:2]
    polled: list[tuple[str, int]] = []

    def poll(name: str) -> Any:
        return lambda cpu, budget: polled.append((name, cpu.id)) or 0

    goes.irq_disable(0)
    for name in ("first", "second"):
        kernel.napi.napi_schedule(goes, poll(name))
    goes.irq_enable()
    kernel.cpu_down(stays, goes.id)
    assert kernel.workqueue.pending(goes) == 0
    kernel.run_due_work(stays)
    assert polled == [("first", stays.id), ("second", stays.id)]


def test_a_cpu_that_comes_back_serves_softirqs_again(kernel: Kernel) -> None:
    """Its ksoftirqd was left some when it went, which the flag of it must not outlive."""
    stays, goes = kernel.machine.cpus[:2]
    served: list[int] = []
    kernel.softirqs.open_softirq(NET_RX_SOFTIRQ, lambda cpu: served.append(cpu.id))
    kernel.softirqs.raise_softirq(goes, NET_RX_SOFTIRQ)
    kernel.cpu_down(stays, goes.id)
    kernel.cpu_up(goes.id)
    assert kernel.run_due_work(goes) == kernel.run_due_work(stays) == 0
    kernel.softirqs.raise_softirq(goes, NET_RX_SOFTIRQ)
    kernel.run_due_work(goes)
    assert served == [goes.id]
