import pytest
from pydantic import BaseModel, ValidationError

from simslab.machine.description.parameter import (
    LATENCY,
    Counted,
    Source,
    parameter,
    per_instruction_q16,
    q10,
    rule_of,
)


class Part(BaseModel):
    given: int = parameter("one", within=(1, 8), fit=LATENCY)
    absent: int | None = parameter("another", None, source=Source.CHOSEN, counted=Counted(like="given"))
    name: str = ""


def test_a_parameter_without_a_default_must_be_given():
    with pytest.raises(ValidationError, match="given"):
        Part.model_validate({})
    assert Part.model_validate({"given": 3}).absent is None


@pytest.mark.parametrize("value", [0, 9])
def test_a_value_outside_of_the_range_is_refused(value):
    with pytest.raises(ValidationError):
        Part.model_validate({"given": value})


def test_the_rule_stays_with_the_field():
    rule = rule_of(Part.model_fields["given"])
    assert (rule.fit, rule.source, rule.counted) == (LATENCY, Source.STATED, Counted())
    assert rule_of(Part.model_fields["absent"]).counted.like == "given"


def test_what_is_no_parameter_has_no_rule():
    assert rule_of(Part.model_fields["name"]) is None


def test_the_rule_does_not_show_in_the_schema():
    assert Part.model_json_schema()["properties"]["given"] == {
        "description": "one", "maximum": 8, "minimum": 1, "title": "Given", "type": "integer"
    }  # fmt: skip


def test_rates_become_fractions_of_a_cycle():
    assert per_instruction_q16(4.0) == 65536 / 4
    assert q10(1.25) == 1280
