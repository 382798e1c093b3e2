import pytest

from simslab.base.documents.yamlfile import parse_yaml
from simslab.base.units import parse_bandwidth, parse_size
from simslab.instruments.exchange.yaml_text import flow, machine_text, quantity


@pytest.mark.parametrize(
    "value", [0, 1, 4096, 1 << 30, 131_933 * (1 << 20) + (1 << 19), 123_456_789_000, (1 << 42) - 4096]
)
def test_a_size_is_written_exactly(value):
    assert parse_size(parse_yaml(quantity("memory", value)).value) == value


@pytest.mark.parametrize("value", [34_404_000_000, 1_234_567_000_000, 999_999, 17])
def test_a_bandwidth_is_written_exactly(value):
    assert parse_bandwidth(parse_yaml(quantity("bandwidth", value)).value) == value


@pytest.mark.parametrize("text", ["on", "1e3", "0x10", "null", "a: b", "x # y", "- z", "'", "", " a", "node 0", "Łódź"])
def test_text_stays_text(text):
    assert parse_yaml(f"a: {flow('', text)}").value == {"a": text}


def test_comments_stand_behind_their_values():
    text = machine_text(
        ["made\nby hand"], {"dram": {"latency": "50 ns"}, "nodes": [{"memory": 0}]}, {"dram.latency": "told"}
    )
    assert text == "# made by hand\ndram:\n  latency: 50 ns  # told\nnodes:\n  - {memory: 0}\n"
