from simslab.machine.description.kernel_costs import KernelCostsSpec
from simslab.machine.timing.integers import integers

NAMES = ("atomic", "irq_save", "irq_restore", "cli", "sti", "irq_entry", "irq_exit", "ipi")
COSTS = dict.fromkeys(NAMES, "10 ns") | {"clear_bytes_per_cycle": 32}


def test_costs_are_cycles_of_the_core():
    counted = integers(KernelCostsSpec.model_validate(COSTS), 2 * 10**9)
    assert {getattr(counted, name) for name in NAMES} == {20}


def test_clearing_a_line_takes_its_bytes_over_the_pace():
    assert integers(KernelCostsSpec.model_validate(COSTS), 10**9).clear_q10 == 2 * 1024


def test_a_locked_exchange_of_two_words_costs_as_one_of_a_word_unless_told():
    assert integers(KernelCostsSpec.model_validate(COSTS), 2 * 10**9).cmpxchg16b == 20
    assert integers(KernelCostsSpec.model_validate(COSTS | {"cmpxchg16b": "32 cycles"}), 10**9).cmpxchg16b == 32


def test_the_tick_pause_and_the_exchange_of_two_words_have_defaults():
    counted = integers(KernelCostsSpec.model_validate(COSTS), 10**9)
    assert (counted.hz, counted.pause, counted.cmpxchg_double) == (250, 0, 12)
