"""The replay finds any change in a recorded line."""

import gzip
import json
from pathlib import Path

import pytest

from simslab.conform.slub.replay import check_trace

TRACE = Path(__file__).parents[2] / "golden-slub" / "trace-1n4c-debug-ogdc200.jsonl.gz"
PLAIN = Path(__file__).parents[2] / "golden-slub" / "trace-1n4c-s192t.jsonl.gz"


def altered(tmp_path, source, change, count=200):
    """The first lines of a trace, written again with `change` applied to each until it returns True once."""
    with gzip.open(source, "rt") as stream:
        lines = [json.loads(next(stream)) for _ in range(count)]
    assert any(change(line) for line in lines), "nothing to change"
    path = tmp_path / source.name.removesuffix(".gz")
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="ascii")
    return path


def test_an_unchanged_beginning_matches(tmp_path):
    verdict = check_trace(altered(tmp_path, PLAIN, lambda line: True))
    assert verdict.ok
    assert verdict.rows == 199


def set_first(key, place, value):
    """A change of one field of the first line that has it."""

    def change(line):
        if not line.get(key) or "hdr" in line:
            return False
        target = line[key]
        for step in place[:-1]:
            target = target[step]
        target[place[-1]] = value
        return True

    return change


CHANGES = {
    "the object returned": (set_first("r", [1], 99), "returned: expected"),
    "a CPU's slab": (set_first("c", [0, 0], 77), "CPU 77: slab: expected 77"),
    "a freelist's length": (set_first("c", [0, 1], 1234), "objects on the freelist: expected 1234"),
    "a node's counter": (set_first("n", [0, 2], 9), "nr_slabs: expected 9"),
    "a counter": (set_first("st", ["ALLOC_SLOWPATH"], 5), "counters: expected"),
    "a transaction number": (set_first("t", [0, 1], 7), "tids: expected"),
    "an event": (set_first("ev", [0], ["d", 0, 0]), "events: expected"),
    "a CPU freelist": (set_first("fl", [0, 1], [5, 6]), "CPU freelists: expected"),
    "a slab": (set_first("s", [0, 1], 2), "inuse: expected 2"),
}


@pytest.mark.parametrize(("change", "told"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_found_and_told(tmp_path, change, told):
    verdict = check_trace(altered(tmp_path, PLAIN, change))
    assert told in verdict.difference
    assert verdict.difference.startswith("operation ")


def test_a_changed_header_is_found(tmp_path):
    def change(line):
        line["cpu_partial"] = 31
        return True

    assert check_trace(altered(tmp_path, PLAIN, change)).difference == "header: cpu_partial: expected 31, got 30"


def test_another_operation_than_recorded_is_found(tmp_path):
    def change(line):
        if line.get("op") != "free":
            return False
        line["cpu"] = (line["cpu"] + 1) % 4
        return True

    assert not check_trace(altered(tmp_path, PLAIN, change)).ok


def test_the_full_list_of_a_debugged_cache_is_compared(tmp_path):
    def change(line):
        if "hdr" in line or not line["n"][0][5]:
            return False
        line["n"][0][5] = []
        return True

    assert "full list: expected []" in check_trace(altered(tmp_path, TRACE, change, 600)).difference
