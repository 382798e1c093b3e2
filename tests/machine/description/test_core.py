import pytest
from pydantic import ValidationError

from simslab.machine.description.core import CoreSpec
from simslab.machine.timing.integers import integers

GHZ = 10**9


def core(**other):
    return CoreSpec.model_validate({"frequency": "1 GHz", "ipc": 2} | other)


def test_an_instruction_takes_the_inverse_of_the_ipc():
    assert integers(core(), GHZ).cpi_q16 == 65536 // 2


def test_cold_code_has_the_pace_of_all_code_unless_told():
    assert integers(core(), GHZ).cpi_cold_q16 == 65536 // 2
    assert integers(core(ipc_cold=1), GHZ).cpi_cold_q16 == 65536


def test_without_a_store_buffer_the_divisor_stands_for_it():
    counted = integers(core(), GHZ)
    assert (counted.store_buffer, counted.store_divisor) == (0, 4)


def test_siblings_do_not_slow_one_another_unless_told():
    assert integers(core(), GHZ).smt_q10 == 0
    assert integers(core(smt_throughput=1.25), GHZ).smt_q10 == 1280


def test_prefetching_is_off_unless_told():
    assert integers(core(), GHZ).prefetch == 0
    assert integers(core(prefetch="next-line"), GHZ).prefetch == 1


@pytest.mark.parametrize("other", [{"ipc": 0}, {"outstanding": 0}, {"smt_throughput": 0.5}, {"frequency": 0}])
def test_what_no_core_has_is_refused(other):
    with pytest.raises(ValidationError):
        core(**other)
