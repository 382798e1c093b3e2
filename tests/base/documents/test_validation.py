from enum import Enum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, PositiveInt, model_validator

from simslab.base.documents.validation import located
from simslab.base.documents.yamlfile import load_document, load_model, read_yaml
from simslab.base.errors import BadValue, BadValues, UserError
from simslab.base.units import Duration, Size


class Kind(Enum):
    DRAM = "dram"
    CXL = "cxl"


class Node(BaseModel):
    memory: Size
    cpus: list[int] = []
    kind: Kind = Kind.DRAM


class Curve(BaseModel):
    impl: Literal["curve"]
    points: PositiveInt


class Queue(BaseModel):
    impl: Literal["queue"]
    depth: int = 1


class Machine(BaseModel):
    nodes: list[Node]
    named: dict[str, Node] = {}
    latency: Duration | None = None
    protocol: Literal["mesif", "moesi"] = "mesif"
    nodes_of: Annotated[list[int], Field(min_length=1)] = [1]
    few: Annotated[list[int], Field(max_length=2)] = []
    word: Annotated[str, Field(min_length=1)] = "a"
    server: Annotated[Curve | Queue, Field(discriminator="impl")] | None = None

    @model_validator(mode="after")
    def cpus_are_listed_once(self):
        seen: set[int] = set()
        faults = []
        for i, node in enumerate(self.nodes):
            for j, cpu in enumerate(node.cpus):
                if cpu in seen:
                    faults.append(BadValue(f"CPU {cpu} is listed twice", at=("nodes", i, "cpus", j)))
                seen.add(cpu)
        if faults:
            raise BadValues(faults)
        return self


def complaints(tmp_path, text, *overrides):
    file = tmp_path / "m.yaml"
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        load_model(file, Machine, overrides)
    return [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems]


GOOD = "nodes:\n  - {memory: 1 GiB, cpus: [0, 1]}\n  - {memory: 1 GiB, cpus: [2]}\n"


def test_a_good_file_becomes_the_model_with_its_overrides(tmp_path):
    file = tmp_path / "m.yaml"
    file.write_text(GOOD)
    document, machine = load_document(file, Machine, ["nodes[1].memory=2 GiB", "server.impl=queue"])
    assert machine.nodes[1].memory == 2 << 30
    assert machine.server == Queue(impl="queue")
    assert [override.path for override in document.overrides] == ["nodes[1].memory", "server.impl"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("ndoes: 3", "4:1: ndoes: unknown key 'ndoes'; expected one of nodes, named, latency, protocol, nodes_of, few, "
                     "word, server; did you mean 'nodes'?"),
        ("named: {x: {memory: 1, cpu: 3}}", "4:24: named.x.cpu: unknown key 'cpu'; expected one of memory, cpus, kind; "
                                            "did you mean 'cpus'?"),
        ("named: {x: {cpus: []}}", "4:9: named.x: key 'memory' is missing; expected a size such as '32 KiB' or a whole "
                                   "number of bytes"),
        ("named: {x: {memory: 1, kind: DRM}}", "4:30: named.x.kind: 'DRM' is not a choice; expected 'dram' or 'cxl'; "
                                               "did you mean 'dram'?"),
        ("protocol: mosi", "4:11: protocol: 'mosi' is not a choice; expected 'mesif' or 'moesi'; "
                           "did you mean 'moesi'?"),
        ("server: {impl: cruve}", "4:16: server.impl: 'cruve' is not a choice; expected 'curve', 'queue'; "
                                  "did you mean 'curve'?"),
        ("server: {}", "4:1: server: key 'impl' is missing"),
        ("server: {impl: curve, points: 0}", "4:31: server.points: 0 cannot stand here; expected greater than 0"),
        ("server: {impl: curve, depth: 1, points: 1}", "4:23: server.depth: unknown key 'depth'; "
                                                       "expected one of impl, points"),
        ("server: {impl: queue, depth: x}", "4:30: server.depth: 'x' cannot stand here; expected a whole number"),
        ("nodes_of: []", "4:11: nodes_of: a list of 0 cannot stand here; expected at least 1 item"),
        ("few: [1, 2, 3]", "4:6: few: a list of 3 cannot stand here; expected at most 2 items"),
        ("word: ''", "4:7: word: '' cannot stand here; expected at least 1 character"),
        ("named: [1]", "4:8: named: a list cannot stand here; expected a mapping"),
        ("latency: 3 cyles", "4:10: latency: unknown unit 'cyles' in '3 cyles'; expected a time such as '89 ns' or "
                             "'14 cycles' (units: ps, ns, us, ms, s, cycles, cycle); did you mean 'cycles'?"),
    ],
)  # fmt: skip
def test_each_mistake_is_one_line_with_its_place(tmp_path, line, complaint):
    assert complaints(tmp_path, GOOD + line + "\n") == [complaint]


def test_a_fault_found_by_a_validator_is_placed_where_it_points(tmp_path):
    text = GOOD.replace("[2]", "[1, 0]")
    assert complaints(tmp_path, text) == [
        "3:28: nodes[1].cpus[0]: CPU 1 is listed twice",
        "3:31: nodes[1].cpus[1]: CPU 0 is listed twice",
    ]


def test_a_fault_found_later_is_placed_in_the_document(tmp_path):
    file = tmp_path / "m.yaml"
    file.write_text(GOOD)
    error = located(read_yaml(file), BadValue("no such CPU", at=("nodes", 1, "cpus", 0, "beyond")))
    assert str(error) == f"{file}:3:28: nodes[1].cpus[0]: no such CPU"


def test_a_wrong_override_is_named_instead_of_a_line(tmp_path):
    [first, second] = complaints(tmp_path, GOOD, "nodes[0].memroy=1", "nodes[7]=1")
    assert first.startswith("--set nodes[0].memroy=1: nodes[0].memroy: unknown key 'memroy'")
    assert second.startswith("--set nodes[7]=1: nodes has no member 7")


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path):
    text = "protocol: mesi\nnodes: [{memory: 5 Gib}]\nprotocol: moesi\nlatency: -3 ns\n"
    assert [line.split(":")[0] for line in complaints(tmp_path, text)] == ["1", "2", "3", "4"]
