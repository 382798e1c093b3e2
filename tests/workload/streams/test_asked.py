"""What steps and devices ask for is known without a machine."""

import pytest
from pydantic import TypeAdapter

from simslab.workload.description.patterns import Step
from simslab.workload.description.spec import Device
from simslab.workload.streams.asked import Asked, asked_of, asks


def step(**fields):
    return TypeAdapter(Step).validate_python(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"pattern": "free"},
        {"pattern": "consume", "of": "a"},
        {"pattern": "barrier"},
        {"pattern": "shrink", "cache": "files"},
    ],
    ids=lambda fields: fields["pattern"],
)
def test_steps_that_follow_others_ask_for_no_number(fields):
    assert not asks(step(**fields))


def test_the_objects_with_which_rounds_begin_are_beside_them():
    bleed = step(pattern="bleed", kmalloc=8, live=2, rounds=3, replacements=10)
    assert asks(bleed)
    assert asked_of(bleed) == Asked(10, times=3, beside=4)


def test_a_device_asks_for_every_object_of_every_packet():
    nic = Device(name="nic", every="1 us", interrupts=20, burst=30, caches=["a"], kmalloc=64)
    assert asked_of(nic) == Asked(20, times=60)
