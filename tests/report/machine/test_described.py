import json

import pytest

from simslab.machine.library import load_machine
from simslab.machine.timing.cycles import build_timing
from simslab.machine.topology.topology import build_topology
from simslab.report.machine.describe import describe
from simslab.report.machine.described import described, described_json


@pytest.mark.parametrize("name", ["two-socket", "memory-only-node", "memoryless-node"])
def test_the_document_holds_the_figures_of_the_text(name):
    spec = load_machine(name)
    topology = build_topology(spec)
    timing = build_timing(spec, topology)
    document = described(spec, topology, timing)
    assert json.loads(described_json(spec, topology, timing)) == json.loads(json.dumps(document))
    text = describe(spec, topology, timing)
    assert document["cpus"] == len(topology.cpus)
    for node in document["nodes"]:
        assert f"node {node['node']} size: {node['memory_bytes'] >> 20} MB" in text
    matrix = text.split("idle DRAM latency")[1]
    for row in document["idle_dram_latency_ns"].values():
        assert all(f"{value:.1f}" in matrix for value in row.values())
