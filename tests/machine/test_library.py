"""Machines by name, and what the shipped ones say of where their numbers come from."""

import re

import pytest

from simslab.base.documents.document import path_text
from simslab.base.documents.yamlfile import read_yaml
from simslab.base.errors import UserError
from simslab.base.shipped import find_shipped
from simslab.machine.description.catalogue import all_declared
from simslab.machine.description.parameter import Source
from simslab.machine.description.whole import MachineDescription
from simslab.machine.library import load_machine, load_machine_document, machine_names

DECLARED = all_declared(MachineDescription)
ALL_ESTIMATES = "Every number is an estimate"


def comments(document, path, lines):
    """Return the comments on a value's line, on those of the parts that it stands in, or else on the line before."""
    own = document.position(path).line
    numbers = [own, *(document.position(path[:depth], key=True).line for depth in range(len(path) - 1, 0, -1))]
    said = [lines[number - 1].partition("#")[2].strip() for number in (*numbers, own - 1)]
    return [comment for comment in said if comment]


def sourced(name):
    """Yield the path, the rule and the comments of each parameter that a shipped machine states."""
    file = find_shipped("machines", name)
    document, lines = read_yaml(file), file.read_text(encoding="utf-8").splitlines()
    if ALL_ESTIMATES in " ".join(line.lstrip("# ") for line in lines if line.startswith("#")):
        return
    for path in document.positions:
        declared = DECLARED.get(re.sub(r"\[\d+\]", "[*]", path_text(path)))
        if declared is not None:
            yield path, declared.rule.source, comments(document, path, lines)


@pytest.mark.parametrize("name", machine_names())
def test_every_measured_number_of_a_shipped_machine_has_its_source(name):
    bare = [path_text(path) for path, source, said in sourced(name) if source is not Source.CHOSEN and not said]
    assert bare == []


@pytest.mark.parametrize("name", machine_names())
def test_what_is_known_of_a_machine_is_no_estimate(name):
    rules = list(sourced(name))
    made_up = any(path[0] == "layout" and said[0].startswith("estimate") for path, _, said in rules if said)
    published = [(path_text(path), said[0]) for path, source, said in rules if source is Source.PUBLISHED]
    guessed = [path for path, comment in published if comment.startswith("estimate")]
    assert made_up or guessed == []


def test_most_machines_are_real():
    real = [name for name in machine_names() if list(sourced(name))]
    assert len(real) > len(machine_names()) / 2


def test_a_machine_has_the_name_of_its_file_where_it_has_none(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("extends: two-socket\ncore: {ipc: 2}\n")
    spec = load_machine(str(file))
    assert (spec.name, spec.core.ipc, spec.core.store_buffer) == (str(file), 2, 56)


def test_a_file_may_extend_one_beside_it(tmp_path):
    (tmp_path / "base.yaml").write_text("extends: two-socket\ncore: {ipc: 2}\n")
    (tmp_path / "mine.yaml").write_text("extends: base.yaml\ndram: {channels: 3}\n")
    spec = load_machine(str(tmp_path / "mine.yaml"))
    assert (spec.core.ipc, spec.dram.channels) == (2, 3)


def test_a_document_tells_where_each_value_came_from():
    document, spec = load_machine_document("two-socket", ["core.ipc=3"])
    assert spec.core.ipc == 3
    assert document.position(("l3", "ways")).file.endswith("two-socket.yaml")
    assert [override.path for override in document.overrides] == ["core.ipc"]


MATRIX = "idle_latency={impl: matrix, dram: [[90 ns, 140 ns], [140 ns, 90 ns]]}"
MESH = "mesh={hop: 1 ns, bandwidth: 10 GB/s}"
OF_THE_TABLE = [
    "links.upi.latency=60 ns",
    "links.upi.back_latency=60 ns",
    "mesh.hop=3 ns",
    "dram.latency=400 ns",
    "dram.row_miss=20 ns",
    "coherence.memory_ahead=5 ns",
]


@pytest.mark.parametrize("setting", OF_THE_TABLE)
def test_a_latency_that_a_table_has_in_it_cannot_be_set(setting):
    with pytest.raises(UserError, match=f"--set {setting}: changes no latency"):
        load_machine("two-socket", [MATRIX, MESH, setting])
    load_machine("two-socket", [MESH, setting])


@pytest.mark.parametrize("setting", ["links.upi.bandwidth=20 GB/s", "l3.latency=21 ns", "kernel.pause=9 cycles"])
def test_what_a_table_does_not_say_can_be_set_beside_it(setting):
    assert load_machine("two-socket", [MATRIX, setting]).idle_latency is not None


def test_an_unknown_machine_gives_the_near_miss():
    with pytest.raises(UserError, match="did you mean 'two-socket'"):
        load_machine("two-soket")


def test_the_five_promised_machines_are_shipped():
    assert {"one-node", "two-socket", "four-socket", "memory-only-node", "memoryless-node"} <= set(machine_names())
