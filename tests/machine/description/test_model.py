import pytest
from pydantic import ValidationError

from simslab.machine.description.model import NO_TIME, Count, Number, SpecModel, cycles


class Part(SpecModel):
    count: Count = 1
    number: Number = 1.0


def test_an_unknown_key_is_refused():
    with pytest.raises(ValidationError, match="extra"):
        Part.model_validate({"counts": 1})


@pytest.mark.parametrize("value", [True, "3"])
def test_truth_and_text_are_no_numbers(value):
    with pytest.raises(ValidationError, match="not a number"):
        Part.model_validate({"count": value})
    with pytest.raises(ValidationError, match="not a number"):
        Part.model_validate({"number": value})


def test_a_part_does_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        Part().count = 2


def test_default_times_are_cycles():
    assert cycles(7).cycles(1) == 7
    assert NO_TIME.cycles(10**9) == 0
