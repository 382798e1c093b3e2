import json

import pytest

from simslab.base.errors import UserError
from simslab.result.measurement import Measurement
from simslab.result.nanoseconds import mean_nanoseconds, nanoseconds, ratio
from simslab.result.result_file import from_json, load, schema_text, shipped_schema, to_json

TYPES = {"string": str, "object": dict, "array": list, "null": type(None)}


def is_of_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def faults(value, schema, root, path="$"):
    """The places where `value` breaks `schema`: the part of JSON Schema that the shipped one uses."""
    if "$ref" in schema:
        return faults(value, root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root, path)
    if "anyOf" in schema:
        return [] if any(not faults(value, each, root, path) for each in schema["anyOf"]) else [f"{path}: no member"]
    if "const" in schema:
        return [] if value == schema["const"] else [f"{path}: not {schema['const']}"]
    if not is_of_type(value, schema["type"]):
        return [f"{path}: not of type {schema['type']}"]
    if isinstance(value, dict):
        known, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
        found = [f"{path}: no {name}" for name in schema.get("required", ()) if name not in value]
        for name, member in value.items():
            below = known.get(name, rest)
            if below is False:
                found.append(f"{path}: unknown {name}")
            elif below is not True:
                found += faults(member, below, root, f"{path}.{name}")
        return found
    if isinstance(value, list):
        return [f for i, member in enumerate(value) for f in faults(member, schema["items"], root, f"{path}[{i}]")]
    return [f"{path}: too small"] if "minimum" in schema and value < schema["minimum"] else []


def test_the_shipped_schema_accepts_a_result(measurement):
    schema = shipped_schema()
    assert faults(json.loads(to_json(measurement)), schema, schema) == []


def test_the_shipped_schema_accepts_an_empty_result():
    schema = shipped_schema()
    assert faults(json.loads(to_json(Measurement("m", "w", 1, 10**9, 0))), schema, schema) == []


def test_the_shipped_schema_refuses_a_changed_result(measurement):
    schema, document = shipped_schema(), json.loads(to_json(measurement))
    document["measurement"]["seed"] = "1"
    del document["derived"]["ns"]
    assert faults(document, schema, schema) == ["$.derived: no ns", "$.measurement.seed: not of type integer"]


def test_the_shipped_schema_says_what_the_model_says():
    def bare(part):
        """Without what pydantic words differently from version to version."""
        if isinstance(part, dict):
            return {key: bare(value) for key, value in part.items() if key not in ("title", "description")}
        return [bare(value) for value in part] if isinstance(part, list) else part

    assert bare(shipped_schema()) == bare(json.loads(schema_text()))


def test_a_result_reads_back_equal(measurement):
    assert from_json(to_json(measurement)) == measurement


def test_counts_stay_integers(measurement):
    row = json.loads(to_json(measurement))["derived"]["latency"][0]
    assert all(isinstance(value, int) for value in row["cycles"].values())


def test_the_same_measurement_gives_the_same_text(make_measurement):
    assert to_json(make_measurement()) == to_json(make_measurement())


def test_a_result_of_another_version_is_told_as_that(measurement):
    text = to_json(measurement).replace('"version": 1', '"version": 9', 1)
    with pytest.raises(UserError, match=r"^r\.json: is a result of version 9; expected a simslab-result of version 1$"):
        from_json(text, "r.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x00", '{"format": "other", "version": 1}'])
def test_what_is_no_result_is_refused(text, tmp_path):
    file = tmp_path / "result.json"
    file.write_text(text)
    with pytest.raises(UserError, match="is not a simslab result"):
        load(file)


def test_a_missing_result_is_told(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        load(tmp_path)


def test_times_are_rounded_half_up_to_picoseconds():
    assert nanoseconds(1, 3_000_000_000) == 0.333
    assert nanoseconds(2, 3_000_000_000) == 0.667
    assert mean_nanoseconds(1, 2000, 1_000_000_000) == 0.001  # half a picosecond


def test_nothing_of_nothing_is_zero():
    assert (mean_nanoseconds(0, 0, 10**9), ratio(5, 0)) == (0.0, 0.0)


def test_merged_caches_are_in_the_file_where_there_are_any(measurement):
    assert "merged" not in to_json(measurement)
    measurement.merged["mine"] = "pool_workqueue"
    assert from_json(to_json(measurement)).merged == {"mine": "pool_workqueue"}
