"""What ships is listed, what a file is is found out, and schemas are told by name."""

import json

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import shipped_names
from simslab.cli.inventory import check_file, inventory_lines, schema_json


def test_every_shipped_file_is_listed_once_below_its_kind():
    lines = list(inventory_lines())
    listed = [line.split()[0] for line in lines if line.startswith("  ")]
    assert listed == [*shipped_names("machines"), *shipped_names("workloads")]
    assert [line for line in lines if not line.startswith("  ")] == ["machines:", "workloads:"]
    assert all(len(line.split(None, 1)) == 2 for line in lines if line.startswith("  "))  # each is described


def test_a_file_is_known_by_its_keys(tmp_path):
    assert check_file("two-socket") == "machine"
    assert check_file("mixed-remote") == "workload"
    wrong = tmp_path / "w.yaml"
    wrong.write_text("threads: []\ncaches: {}\nscael: 2\n")
    with pytest.raises(UserError, match=r"w\.yaml:3:1.*did you mean 'scale'"):
        check_file(str(wrong))


def test_a_trace_is_read_whole(tmp_path):
    trace = tmp_path / "t.txt"
    trace.write_text("nothing of use\n")
    with pytest.raises(UserError, match=r"t\.txt"):
        check_file(str(trace))


def test_a_misspelt_name_is_told_with_the_near_one():
    with pytest.raises(UserError, match=r"no file, machine or workload 'two-scoket'.*did you mean 'two-socket'"):
        check_file("two-scoket")


@pytest.mark.parametrize(("kind", "key"), [("machine", "layout"), ("workload", "threads"), ("result", "format")])
def test_a_schema_is_json(kind, key):
    assert key in json.loads(schema_json(kind))["properties"]


def test_an_unknown_schema_is_told_with_the_near_one():
    with pytest.raises(UserError, match=r"no schema 'machines'.*did you mean 'machine'"):
        schema_json("machines")
