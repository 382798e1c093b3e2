import pytest

from simslab.machine.accounting import causes
from simslab.machine.library import load_machine
from simslab.machine.machine import build_machine


@pytest.mark.parametrize(("wait", "takes"), [(1, 140), (140, 140), (141, 280), (0, 0)])
def test_a_spinning_cpu_notices_at_the_end_of_a_pause(wait, takes):
    cpu = build_machine(load_machine("two-socket")).cpus[0]
    assert cpu.spin(wait, causes.LOCK_WAIT) == takes
    assert cpu.now == cpu.cause_owner[causes.LOCK_WAIT] == takes


def test_without_a_stated_pause_it_notices_at_once():
    cpu = build_machine(load_machine("two-socket", ["kernel.pause=0 cycles"])).cpus[0]
    assert cpu.spin(77, causes.LOCK_WAIT) == 77
