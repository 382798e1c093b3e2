import gzip
import json
from pathlib import Path

import pytest

from simslab.base.errors import UserError
from simslab.conform.dispatch import conform
from simslab.conform.slab.state import describe_difference, fnv1a_32

TRACE = Path(__file__).parents[2] / "golden" / "trace-1n1c-h256.jsonl.gz"


def altered(tmp_path, number, change):
    """Write the trace's first lines with line `number` changed; its path."""
    lines = gzip.decompress(TRACE.read_bytes()).decode().splitlines()[: number + 3]
    line = json.loads(lines[number])
    change(line)
    lines[number] = json.dumps(line, separators=(",", ":"))
    path = tmp_path / TRACE.name
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    return path


def test_a_wrong_state_is_told_with_operation_field_and_state_before(tmp_path):
    def more_free(line):
        line["n"][0][1] += 1

    difference = conform(altered(tmp_path, 5, more_free)).difference
    assert difference.startswith("operation 4 (")
    assert "node 0 free_objects: expected" in difference
    assert 'state before: "ac":[[' in difference


def test_a_wrong_object_is_told(tmp_path):
    def other_object(line):
        line["r"] = [0, 200]

    path = altered(tmp_path, 1, other_object)
    assert "returned: expected [0, 200], got" in conform(path).difference


def test_a_wrong_header_is_told(tmp_path):
    def other_number(line):
        line["num"] = 17

    assert conform(altered(tmp_path, 0, other_number)).difference == "header: num: expected 17, got 16"


def test_a_missing_event_is_told(tmp_path):
    def no_events(line):
        line.pop("ev", None)

    lines = gzip.decompress(TRACE.read_bytes()).decode().splitlines()
    grown = next(number for number, line in enumerate(lines) if '"ev"' in line)
    assert "slabs obtained (g) and destroyed (d)" in conform(altered(tmp_path, grown, no_events)).difference


def test_the_hash_is_fnv_1a():
    assert fnv1a_32("") == 2166136261
    assert fnv1a_32("a") == 0xE40C292C
    assert fnv1a_32("foobar") == 0xBF9CF968


def test_differences_name_the_cpu_or_node():
    before = '"ac":[[1,8,4,1]],"n":[[0,1,0,1,9,0,0,null,null,1,0,0]]'
    assert describe_difference(before, before.replace("[1,8", "[2,8")) == "CPU 0's array avail: expected 1, got 2"
    assert "node 0 length of slabs_partial" in describe_difference(before, before.replace("1,0,0]]", "2,0,0]]"))


def test_an_unreadable_file_is_the_users_mistake(tmp_path):
    broken = tmp_path / "trace-1n1c-x.jsonl"
    broken.write_text("not json\n")
    with pytest.raises(UserError, match=r"jsonl:1:1: is no JSON object"):
        conform(broken)


def test_an_unknown_kind_of_file_is_the_users_mistake(tmp_path):
    other = tmp_path / "notes.csv"
    other.write_text("a,b\n")
    with pytest.raises(UserError, match="not a known kind of golden file"):
        conform(other)


def test_a_missing_file_is_the_users_mistake(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        conform(tmp_path / "trace-none.jsonl")
