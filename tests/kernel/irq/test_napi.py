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


def run(kernel, cpu):
    """Let NET_RX_SOFTIRQ run once; whether it is to run again."""
    kernel.softirqs.pending[cpu.id] = 0
    kernel.napi.net_rx_action(cpu)
    return kernel.softirqs.pending[cpu.id] == 1 << NET_RX_SOFTIRQ


def test_one_that_takes_all_it_may_take_is_polled_again_by_the_next_run(kernel, cpu):
    device = Device(NAPI_POLL_WEIGHT)
    schedule(kernel, cpu, device)
    assert run(kernel, cpu)
    assert (len(device.offered), len(kernel.napi.poll_list[cpu.id])) == (1, 1)
    assert not run(kernel, cpu)
    assert (len(device.offered), len(kernel.napi.poll_list[cpu.id])) == (2, 0)


def test_devices_take_turns(kernel, cpu):
    order = []
    devices = {name: Device(NAPI_POLL_WEIGHT + 1) for name in "ab"}
    for name, device in devices.items():
        kernel.napi.napi_schedule(cpu, lambda on, weight, n=name, d=device: order.append(n) or d.poll(on, weight))
    while run(kernel, cpu):
        order.append("|")
    assert "".join(order) == "ab|ab"


def test_a_run_ends_with_its_budget_and_the_next_begins_with_those_it_did_not_poll(kernel, cpu):
    order = []
    for name in "abcdefg":
        device = Device(2 * NAPI_POLL_WEIGHT)
        kernel.napi.napi_schedule(cpu, lambda on, weight, n=name, d=device: order.append(n) or d.poll(on, weight))
    assert run(kernel, cpu)
    assert len(order) == -(-NETDEV_BUDGET // NAPI_POLL_WEIGHT)
    run(kernel, cpu)
    assert "".join(order) == "abcde" + "fgabc"


def test_a_run_ends_after_two_jiffies(kernel, cpu):
    slow = Device(1)
    jiffy = kernel.machine.frequency_hz // kernel.hz
    kernel.napi.napi_schedule(cpu, lambda on, weight: on.charge(0, 3 * jiffy) or 0)
    schedule(kernel, cpu, slow)
    assert run(kernel, cpu)
    assert slow.offered == []
    assert not run(kernel, cpu)
    assert slow.packets == 0


def test_a_device_scheduled_while_others_are_polled_comes_before_those_that_have_more(kernel, cpu):
    order = []
    late = Device(1)

    def first(on, weight):
        order.append("first")
        if len(order) == 1:
            kernel.napi.napi_schedule(on, lambda *polled: order.append("late") or late.poll(*polled))
        return weight if len(order) == 1 else 0

    kernel.napi.napi_schedule(cpu, first)
    assert run(kernel, cpu)
    run(kernel, cpu)
    assert order == ["first", "late", "first"]


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
