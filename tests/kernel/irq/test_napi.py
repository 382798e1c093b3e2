"""How much one run of the receive softirq takes, and from whom."""

import pytest

from simslab.kernel.irq.napi import NAPI_POLL_WEIGHT, NETDEV_BUDGET
from simslab.kernel.irq.softirq import NET_RX_SOFTIRQ


@pytest.fixture
def cpu(kernel):
    cpu = kernel.machine.cpus[0]
    cpu.in_interrupt = 1  # where devices are scheduled and polled
    return cpu


class Device:
    """One with so many packets waiting; notes how many it was offered."""

    def __init__(self, packets):
        self.packets = packets
        self.offered = []

    def poll(self, _cpu, weight):
        self.offered.append(weight)
        taken = min(weight, self.packets)
        self.packets -= taken
        return taken


def schedule(kernel, cpu, *devices):
    for device in devices:
        kernel.napi.napi_schedule(cpu, device.poll)


def test_a_device_with_few_packets_is_polled_once(kernel, cpu):
    device = Device(NAPI_POLL_WEIGHT - 1)
    schedule(kernel, cpu, device)
    kernel.napi.net_rx_action(cpu)
    assert (device.offered, device.packets) == ([NAPI_POLL_WEIGHT], 0)
    assert not kernel.napi.poll_list[cpu.id]


def test_one_that_takes_all_it_may_take_is_polled_again(kernel, cpu):
    device = Device(NAPI_POLL_WEIGHT)
    schedule(kernel, cpu, device)
    kernel.napi.net_rx_action(cpu)
    assert len(device.offered) == 2


def test_devices_take_turns(kernel, cpu):
    order = []
    devices = {name: Device(NAPI_POLL_WEIGHT + 1) for name in "ab"}
    for name, device in devices.items():
        kernel.napi.napi_schedule(cpu, lambda on, weight, n=name, d=device: order.append(n) or d.poll(on, weight))
    kernel.napi.net_rx_action(cpu)
    assert "".join(order) == "abab"


def test_a_run_ends_with_its_budget_and_asks_for_another(kernel, cpu):
    device = Device(10 * NETDEV_BUDGET)
    schedule(kernel, cpu, device)
    kernel.softirqs.pending[cpu.id] = 0
    kernel.napi.net_rx_action(cpu)
    assert len(device.offered) == -(-NETDEV_BUDGET // NAPI_POLL_WEIGHT)
    assert kernel.softirqs.pending[cpu.id] == 1 << NET_RX_SOFTIRQ
    assert len(kernel.napi.poll_list[cpu.id]) == 1


def test_a_budget_used_up_by_the_last_packet_asks_for_nothing(kernel, cpu):
    devices = [Device(NAPI_POLL_WEIGHT - 4) for _ in range(NETDEV_BUDGET // (NAPI_POLL_WEIGHT - 4))]
    schedule(kernel, cpu, *devices)
    kernel.softirqs.pending[cpu.id] = 0
    kernel.napi.net_rx_action(cpu)
    assert not kernel.softirqs.pending[cpu.id]


def test_a_device_is_polled_on_the_cpu_that_scheduled_it(kernel, cpu):
    device = Device(1)
    schedule(kernel, cpu, device)
    kernel.napi.net_rx_action(kernel.machine.cpus[1])
    assert device.offered == []
    assert kernel.softirqs.raised[NET_RX_SOFTIRQ] == 1
