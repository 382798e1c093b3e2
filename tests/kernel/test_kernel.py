from typing import Any

from simslab.kernel.irq.softirq import NET_RX_SOFTIRQ
from simslab.kernel.kernel import Kernel


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
