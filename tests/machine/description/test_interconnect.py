import pytest
from pydantic import ValidationError

from simslab.machine.description.interconnect import LinkSpec


def link(between):
    return LinkSpec.model_validate({"between": between, "latency": "20 ns", "bandwidth": "30 GB/s"})


@pytest.mark.parametrize("between", ["all", "ring", [0, 1], [[0, 1], 2]])
def test_a_link_has_two_ends_or_is_a_set(between):
    assert link(between).between == between


@pytest.mark.parametrize("between", ["star", "mesh 0x2", [0], [0, 1, 2], [[], 1], 3])
def test_other_ends_are_one_mistake(between):
    with pytest.raises(ValidationError) as caught:
        link(between)
    assert [error["loc"] for error in caught.value.errors()] == [("between",)]
    assert "cannot stand here" in str(caught.value)
