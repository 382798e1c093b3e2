from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine
from simslab.machine.parts import build_tlb


def machine(*overrides):
    return build_machine(load_machine("two-socket", list(overrides)))


def test_costs_of_a_core_are_those_of_the_timing():
    built = machine("kernel.sti=7 cycles", "kernel.pause=11 cycles")
    costs = built.cpus[0].costs.kernel
    assert (costs.sti, costs.pause) == (7, 11)


def test_caches_without_a_limit_have_no_ports():
    assert machine().memory.ports is None
    assert machine("l3.bandwidth=26 GB/s").memory.ports is not None


def test_without_a_tlb_there_is_none_to_build():
    built = machine("tlb=null")
    assert built.tlb is None
    assert build_tlb(built.topology, built.timing, None, built.memory) is None
