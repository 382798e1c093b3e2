import pytest

from simslab.machine.description.layout import LayoutSpec
from simslab.machine.validation.layout import layout_faults

AT = ("layout", "cpu_numbers")
FAULTS = {
    "too many": ({"packages": 64, "cores": 17}, ("layout",), "1088 CPUs"),
    "none": ({"cpu_numbers": [""]}, ("layout",), "0 CPUs"),
    "another number of cores": ({"cores": 2, "cpu_numbers": ["0"]}, AT, "1 entries for 2 cores"),
    "more threads than there are": ({"cpu_numbers": ["0,1"]}, (*AT, 0), "2 CPU numbers for 1 threads"),
    "a CPU twice": ({"cores": 2, "cpu_numbers": ["0", "0"]}, (*AT, 1), "CPU 0 is listed twice"),
    "a gap": ({"cores": 2, "cpu_numbers": ["0", "2"]}, (*AT, 1), "there is no CPU 2"),
    "an empty package": ({"packages": 2, "cpu_numbers": ["0", ""]}, AT, "package 1 has no CPU"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_an_impossible_layout_is_told_at_its_place(what, told):
    layout, at, message = FAULTS[what]
    assert told(layout_faults(LayoutSpec.model_validate(layout))) == [(at, message)]


def test_any_order_of_all_numbers_is_sound():
    numbers = {"packages": 2, "cores": 2, "threads": 2, "cpu_numbers": ["4,1", "0", "3,2", ""]}
    assert layout_faults(LayoutSpec.model_validate(numbers)) == []
