import json

import pytest
from sample_measurement import sample_measurement as sample

from simslab.base.errors import UserError
from simslab.result.result_file import from_json, to_json


def refusal(change):
    """Why a result is refused in which `change` was made."""
    document = json.loads(to_json(sample()))
    change(document["measurement"])
    with pytest.raises(UserError) as caught:
        from_json(json.dumps(document))
    return str(caught.value)


def test_what_a_run_wrote_is_sound():
    assert from_json(to_json(sample())) == sample()


@pytest.mark.parametrize(
    ("field", "value"),
    [("cycles", [1]), ("counts", []), ("counts", [0] * 50), ("cycles", [2, 1])],
)
def test_a_histogram_that_is_none_is_refused(field, value):
    def change(measurement):
        measurement["latency"][0][field] = value

    assert "measurement.latency[0]: is no histogram" in refusal(change)


@pytest.mark.parametrize("value", [-1, 1 << 62, 10**30])
def test_a_count_beyond_all_counting_is_refused(value):
    def change(measurement):
        measurement["cycles"] = value

    assert f"measurement.cycles: is {value}" in refusal(change)


def test_a_machine_without_a_clock_is_refused():
    def change(measurement):
        measurement["frequency_hz"] = 0

    assert "measurement.frequency_hz: is 0" in refusal(change)


def test_nodes_must_tell_of_one_another():
    def change(measurement):
        measurement["nodes"][0]["allocated"] = [1] * 9

    assert "measurement.nodes[0]: does not tell of every node" in refusal(change)
