"""`simslab measure` prints the parts that are asked for, as tables, as JSON or as a figure."""

import json

import pytest
from typer.testing import CliRunner

from simslab.base.errors import UserError
from simslab.cli.main import app

TABLE = """machine,metric,from,to,state,value,unit
two-socket,dram_idle_latency,node0,node0,random,{local},ns
two-socket,dram_idle_latency,node0,node1,random,131,ns
"""


def run(*arguments):
    result = CliRunner().invoke(app, ["measure", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def table(tmp_path, local=78.6):
    file = tmp_path / "t.csv"
    file.write_text(TABLE.format(local=local))
    return file


def test_only_the_parts_asked_for_are_printed():
    out = run("two-socket", "--part", "latency").output
    assert "idle latencies" in out
    assert "Bandwidth" not in out
    assert "Spinlock" not in out


def test_json_has_the_parts_asked_for():
    told = json.loads(run("one-node", "--part", "lock", "--part", "c2c", "--json").output)
    assert set(told) == {"machine", "nodes", "transfers", "homes", "ping_pong", "lock"}
    assert told["lock"]["throughput"][0]["cpus"] == 1


def test_the_section_of_the_lock_can_be_given():
    assert "critical section 50 ns" in run("one-node", "--part", "lock", "--section", "50 ns").output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--part", "latencies"), "no part called 'latencies'.*did you mean 'latency'"),
        (("--part", "lock", "--section", "50"), "--section 50: '50' has no unit"),
        (("--part", "lock", "--section", "1 s"), "too long"),
        (("--plot", "figure.txt"), "cannot draw 'figure.txt'"),
        (("--against", "nothing.csv"), "cannot read the table"),
    ],
)
def test_a_mistake_is_one_message(arguments, told):
    with pytest.raises(UserError, match=told):
        run("one-node", *arguments)


def test_a_machine_within_the_tolerances_passes(tmp_path):
    result = run("two-socket", "--against", table(tmp_path))
    assert (result.exit_code, "ok" in result.output) == (0, True)


def test_a_machine_beyond_them_fails(tmp_path):
    result = run("two-socket", "--against", table(tmp_path, local=100))
    assert (result.exit_code, "EXCEEDED" in result.output) == (1, True)


def test_a_setting_changes_what_is_measured(tmp_path):
    changes = ("--set", "dram.latency=72 ns", "--set", "links.upi.latency=15.5 ns")
    assert run("two-socket", *changes, "--against", table(tmp_path, local=100)).exit_code == 0


def test_every_row_of_many_nodes_is_measured_when_asked_for():
    first = json.loads(run("uv-2000", "--part", "bandwidth", "--json").output)["bandwidth"]
    assert [row[0] is not None for row in first] == [True] + [False] * (len(first) - 1)


def test_tables_show_the_numbers_of_nodes_as_the_file_has_them(tmp_path):
    from simslab.base.shipped import find_shipped

    text = find_shipped("machines", "two-socket").read_text()
    sparse = tmp_path / "sparse.yaml"
    nodes = "  - {package: 0, id: 3, memory: 8 GiB}\n  - {package: 1, id: 7, memory: 8 GiB}\n"
    text = text.replace("  - {each: package, memory: 8 GiB}  # estimate\n", nodes)
    sparse.write_text(text.replace("between: [0, 1]", "between: [3, 7]"))
    out = run(sparse, "--part", "latency", "--part", "c2c", "--part", "bandwidth").output
    heads = [line.split()[2:] for line in out.splitlines() if line.strip().startswith("Numa node") and len(line) > 20]
    assert heads == [["3", "7"]] * 3
    assert [line.split()[:2] for line in out.splitlines() if line.split()[:2] in (["3", "7"], ["7", "3"])] == [
        ["3", "7"],
        ["7", "3"],
    ]


def test_a_figure_is_drawn_the_same_twice(tmp_path):
    for name in ("a.svg", "b.svg"):
        run("one-node", "--part", "lock", "--part", "loaded", "--plot", tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
