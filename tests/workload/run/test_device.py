"""Which packets a device drops, with stand-ins for the thread, the CPU and the slots."""

import types

import numpy as np
import pytest

from simslab.workload.run.device import ReceiveDevice
from simslab.workload.streams import operations as ops
from simslab.workload.streams.program import DeviceProgram


class Slots:
    """An executor that fills slots at once."""

    def __init__(self, count):
        self.address = [ops.EMPTY] * count
        self.since = [0] * count
        self.engine = types.SimpleNamespace(at=lambda time, callback: None, wake=lambda cpu, time: None)

    def address_in(self, slot):
        return self.address[slot]

    def changed_at(self, slot):
        return self.since[slot]

    def allocate(self, cpu, kind, slot):
        self.address[slot] = 4096
        self.since[slot] = cpu.now

    def drop(self, cpu, slot):
        self.address[slot] = ops.FAILED

    def free(self, slot, time):
        self.address[slot] = ops.EMPTY
        self.since[slot] = time


class FakeCpu:
    """A CPU; `late` holds what others do when they are let in."""

    def __init__(self):
        self.now = 100
        self.late = []

    def settle(self):
        actions, self.late = self.late, []
        for action in actions:
            action()

    def post_irq(self, time, vector):
        pass


class Nic:
    """A device of `packets` interrupts with two objects a packet."""

    def __init__(self, packets, ring, burst=1):
        self.cpu = FakeCpu()
        self.slots = Slots(2 * packets * burst)
        kinds = np.zeros(2 * packets * burst, dtype=np.int64)
        program = DeviceProgram("nic", 0, np.arange(packets), burst, kinds, 2, 0, ring)
        thread = types.SimpleNamespace(cpu=self.cpu, interrupts_left=0)
        self.device = ReceiveDevice(program, thread, self.slots, types.SimpleNamespace(napi_schedule=self.scheduled), 0)

    def scheduled(self, cpu, poll):
        """Poll at once, one burst only: what comes later needs an interrupt."""
        poll(cpu, self.device.program.burst)

    def receive(self, times=1):
        for _ in range(times):
            self.device.receive(self.cpu)
        return self.device.dropped


def test_a_packet_freed_by_a_cpu_that_is_behind_makes_room():
    nic = Nic(2, ring=1)
    nic.receive()
    nic.cpu.late = [lambda: nic.slots.free(0, 50), lambda: nic.slots.free(1, 60)]
    assert nic.receive() == 0


def test_every_packet_of_a_burst_lets_others_in():
    nic = Nic(1, ring=1, burst=2)

    def free_later():
        nic.cpu.late = [lambda: nic.slots.free(0, 50), lambda: nic.slots.free(1, 60)]

    nic.cpu.late = [free_later]
    assert nic.receive() == 0


@pytest.mark.parametrize(("freed", "dropped"), [(100, 0), (101, 1)])
def test_a_packet_freed_later_than_the_interrupt_still_waits(freed, dropped):
    nic = Nic(2, ring=1)
    nic.receive()
    nic.slots.free(0, 90)
    nic.slots.free(1, freed)
    assert nic.receive() == dropped


@pytest.mark.parametrize("left", [0, 1])
def test_a_packet_waits_until_all_its_objects_are_gone(left):
    nic = Nic(2, ring=1)
    nic.receive()
    nic.slots.free(1 - left, 90)
    assert nic.receive() == 1


def test_no_more_than_the_ring_ever_wait():
    assert Nic(10, ring=2).receive(10) == 8
