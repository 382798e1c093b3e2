"""Structure layouts and topologies against the golden data, and against data that was changed."""

import json
from pathlib import Path

import pytest

from simslab.conform.slab.layouts import check_layout, check_topology

GOLDEN = Path(__file__).parents[2] / "golden"


def test_every_recorded_offset_and_size_is_a_constant_of_the_layout():
    verdict = check_layout(GOLDEN / "struct_layout.csv")
    assert verdict.ok, str(verdict)
    assert verdict.checks == 57


def test_an_offset_that_differs_is_named(tmp_path):
    changed = tmp_path / "struct_layout.csv"
    text = (GOLDEN / "struct_layout.csv").read_text()
    changed.write_text(text.replace("kmem_cache,limit,unsigned int,12", "kmem_cache,limit,unsigned int,20"))
    assert check_layout(changed).difference == "struct kmem_cache: limit: offset: expected 20, got 12"


def test_a_member_that_is_not_in_the_layout_is_a_difference(tmp_path):
    changed = tmp_path / "struct_layout.csv"
    changed.write_text("struct,member,type,offset,size,cacheline,note\nkmem_cache,cpu_partial,int,136,4,2,\n")
    assert check_layout(changed).difference.endswith("offset: expected 136, got absent")


@pytest.mark.parametrize("topology", ["1n1c", "1n4c", "2n4c1m", "2n8c", "4n8c"])
def test_a_booted_system_has_the_recorded_nodes_and_zonelists(topology):
    verdict = check_topology(GOLDEN / f"topology-{topology}.json")
    assert verdict.ok, str(verdict)


def test_another_zonelist_order_is_named(tmp_path):
    recorded = json.loads((GOLDEN / "topology-4n8c.json").read_text())
    recorded["nodes"][1]["zonelist_order"].reverse()
    changed = tmp_path / "topology-4n8c.json"
    changed.write_text(json.dumps(recorded))
    assert check_topology(changed).difference == "node 1: zonelist_order: expected [2, 0, 3, 1], got [1, 3, 0, 2]"
