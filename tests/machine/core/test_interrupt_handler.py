from simslab.machine.core.interrupt_handler import InterruptHandler


def test_a_machine_without_a_kernel_handles_nothing_and_takes_no_time():
    assert InterruptHandler().handle(object(), 3) == 0
