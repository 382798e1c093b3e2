import pytest
from pydantic import BaseModel

from simslab.base.errors import BadValue
from simslab.machine.description.cpulist import MAX_CPUS, CpuList, format_cpulist, parse_cpulist, show_cpulist


def test_cpu_lists_are_read_and_written_as_the_kernel_does():
    assert parse_cpulist("0-3,8") == (0, 1, 2, 3, 8)
    assert format_cpulist([8, 0, 1, 2, 3]) == "0-3,8"


def test_a_list_may_be_a_number_numbers_or_empty():
    assert parse_cpulist(5) == (5,)
    assert parse_cpulist([0, "2-3"]) == (0, 2, 3)
    assert parse_cpulist("") == ()


def test_the_order_written_and_what_is_named_twice_stay():
    assert parse_cpulist("3,1,1") == (3, 1, 1)


def test_a_list_out_of_order_is_shown_one_by_one():
    assert show_cpulist((0, 1, 2)) == "0-2"
    assert show_cpulist((2, 0, 1)) == "2,0,1"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("3-1", "runs backwards"),
        ("0-x", "not a CPU number or range"),
        (True, "not a list of CPUs"),
        ([True], "not a CPU number or range"),
        ({}, "not a list of CPUs"),
        (str(MAX_CPUS), f"CPU {MAX_CPUS} is out of range"),
    ],
)
def test_what_is_no_list_of_cpus_is_told(value, told):
    with pytest.raises(BadValue, match=told):
        parse_cpulist(value)


def test_a_model_reads_and_writes_lists():
    class Part(BaseModel):
        cpus: CpuList

    part = Part.model_validate({"cpus": "0-1,4"})
    assert part.cpus == (0, 1, 4)
    assert part.model_dump(mode="json") == {"cpus": "0-1,4"}
