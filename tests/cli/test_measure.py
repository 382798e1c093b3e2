"""`simslab measure` prints the parts that are asked for, as tables, as JSON or as a figure."""

import json
import re

import pytest

from simslab.base.shipped import find_shipped

TABLE = """machine,metric,from,to,state,value,unit
two-socket,dram_idle_latency,node0,node0,random,{local},ns
two-socket,dram_idle_latency,node0,node1,random,131,ns
"""


@pytest.fixture
def measure(simslab):
    """Return a function that runs `simslab measure` to a good end: what it prints."""

    def run(*arguments):
        status, out, err = simslab("measure", *arguments)
        assert (status, err) == (0, "")
        return out

    return run


def table(tmp_path, local=78.6):
    file = tmp_path / "t.csv"
    file.write_text(TABLE.format(local=local))
    return file


def test_only_the_parts_asked_for_are_printed(measure):
    out = measure("two-socket", "--part", "latency")
    assert "idle latencies" in out
    assert "Bandwidth" not in out
    assert "Spinlock" not in out


def test_json_has_the_parts_asked_for(measure):
    told = json.loads(measure("one-node", "--part", "lock", "--part", "c2c", "--json"))
    assert set(told) == {"machine", "nodes", "transfers", "homes", "ping_pong", "lock"}
    assert told["lock"]["throughput"][0]["cpus"] == 1


def test_the_section_of_the_lock_can_be_given(measure):
    assert "critical section 50 ns" in measure("one-node", "--part", "lock", "--section", "50 ns")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--part", "latencies"), "no part called 'latencies'.*did you mean 'latency'"),
        (("--part", "lock", "--section", "50"), "--section 50: '50' has no unit"),
        (("--part", "lock", "--section", "1 s"), "too long"),
        (("--plot", "figure.txt"), "cannot draw 'figure.txt'"),
        (("--against", "nothing.csv"), "cannot be read: No such file"),
        (("--against", "t.csv", "--part", "latency"), "--part: says nothing about a comparison; expected --plot FILE"),
        (("--against", "t.csv", "--part", "latencies"), "no part called 'latencies'"),
        (("--against", "t.csv", "--section", "50 ns"), "--section: says nothing about a comparison"),
        (("--part", "cache", "--section", "50 ns"), "--section: is of the part lock"),
        (("--as", "x"), "--as: names a machine in a table"),
    ],
)
def test_a_mistake_is_one_message(refused, arguments, told):
    assert re.search(told, refused("measure", "one-node", *arguments))


def test_a_machine_within_the_tolerances_passes(measure, tmp_path):
    assert "ok" in measure("two-socket", "--against", table(tmp_path))


def test_a_machine_beyond_them_fails(simslab, tmp_path):
    status, out, _ = simslab("measure", "two-socket", "--against", table(tmp_path, local=100))
    assert (status, "EXCEEDED" in out) == (1, True)


def test_a_figure_beside_a_comparison_has_the_parts_asked_for(measure, tmp_path):
    out = measure("two-socket", "--against", table(tmp_path), "--plot", tmp_path / "a.svg", "--part", "latency")
    assert "ok" in out
    assert "idle latencies" not in out
    assert (tmp_path / "a.svg").stat().st_size


def test_a_setting_changes_what_is_measured(measure, tmp_path):
    changes = ("--set", "dram.latency=72 ns", "--set", "links.upi.latency=15.5 ns")
    assert measure("two-socket", *changes, "--against", table(tmp_path, local=100))


def test_every_row_of_many_nodes_is_measured_when_asked_for(measure):
    first = json.loads(measure("uv-2000", "--part", "bandwidth", "--json"))["bandwidth"]
    assert [row[0] is not None for row in first] == [True] + [False] * (len(first) - 1)


def test_tables_show_the_numbers_of_nodes_as_the_file_has_them(measure, tmp_path):
    text = find_shipped("machines", "two-socket").read_text()
    sparse = tmp_path / "sparse.yaml"
    nodes = "  - {package: 0, id: 3, memory: 8 GiB}\n  - {package: 1, id: 7, memory: 8 GiB}\n"
    text = text.replace("  - {each: package, memory: 8 GiB}  # estimate\n", nodes)
    sparse.write_text(text.replace("between: [0, 1]", "between: [3, 7]"))
    out = measure(sparse, "--part", "latency", "--part", "c2c", "--part", "bandwidth")
    heads = [line.split()[2:] for line in out.splitlines() if line.strip().startswith("Numa node") and len(line) > 20]
    assert heads == [["3", "7"]] * 3
    assert [line.split()[:2] for line in out.splitlines() if line.split()[:2] in (["3", "7"], ["7", "3"])] == [
        ["3", "7"],
        ["7", "3"],
    ]


def test_a_figure_is_drawn_the_same_twice(measure, tmp_path):
    for name in ("a.svg", "b.svg"):
        measure("one-node", "--part", "lock", "--part", "loaded", "--plot", tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
