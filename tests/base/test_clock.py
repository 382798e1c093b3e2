from simslab.base.clock import KEY_SPACE, NEVER
from simslab.machine.description.cpulist import MAX_CPUS


def test_a_wake_up_key_of_never_fits_a_signed_word():
    assert NEVER * KEY_SPACE + KEY_SPACE - 1 < 1 << 63


def test_every_cpu_has_a_number_in_the_key():
    assert MAX_CPUS <= KEY_SPACE


def test_never_is_later_than_days_of_simulated_time():
    assert NEVER / 4e9 > 3 * 24 * 3600
