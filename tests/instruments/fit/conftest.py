"""A shipped machine's own measurements as a table, and copies of it with other parameters."""

import pytest

from simslab.base.documents.yamlfile import read_yaml
from simslab.base.shipped import find_shipped
from simslab.instruments.reference.answers import Answers
from simslab.instruments.reference.reference import Row
from simslab.machine.library import load_machine

QUESTIONS = (
    ("dram_idle_latency", "node0", "node0", "random", "ns"),
    ("dram_idle_latency", "node0", "node1", "random", "ns"),
    ("dram_idle_latency", "node1", "node0", "random", "ns"),
    ("dram_idle_latency", "node1", "node1", "random", "ns"),
    ("l3_latency", "core", "local", "", "cycles"),
    ("c2c_latency", "node0", "node1", "HITM home=writer node", "ns"),
    ("c2c_latency", "node0", "node1", "HITM home=reader node", "ns"),
    ("c2c_latency", "core", "other core same socket", "HITM", "ns"),
)


@pytest.fixture(scope="session")
def own_rows():
    """Rows that two-socket itself measures."""
    rows = [Row(i + 2, "m", m, a, b, s, "1", u) for i, (m, a, b, s, u) in enumerate(QUESTIONS)]
    answers = Answers(load_machine("two-socket")).answer(rows)
    return [
        Row(r.line, r.machine, r.metric, r.source, r.target, r.state, f"{a.measured:.2f}", r.unit)
        for r, a in zip(rows, answers, strict=True)
    ]


@pytest.fixture(scope="session")
def perturbed(tmp_path_factory):
    """Return a function that writes two-socket with other numbers and returns its document."""

    def write(*changes):
        text = find_shipped("machines", "two-socket").read_text()
        for old, new in changes:
            assert text.count(old) == 1
            text = text.replace(old, new)
        file = tmp_path_factory.mktemp("perturbed") / "machine.yaml"
        file.write_text(text)
        return read_yaml(file)

    return write
