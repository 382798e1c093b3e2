"""Structure layouts and topologies of SLUB's recordings, and of changed ones."""

import json
from pathlib import Path

import pytest

from simslab.conform.records import read_rows
from simslab.conform.slub.layouts import check_layout, check_topology

GOLDEN = Path(__file__).parents[2] / "golden-slub"


def test_the_sizes_of_structures_have_constants_too():
    totals = {row["struct"] for row in read_rows(GOLDEN / "struct_layout.csv") if row["member"] == "(total)"}
    assert {"kmem_cache", "kmem_cache_cpu", "kmem_cache_node"} <= totals
    assert check_layout(GOLDEN / "struct_layout.csv").ok


def test_an_offset_that_differs_is_named(tmp_path):
    text = (GOLDEN / "struct_layout.csv").read_text()
    line = "kmem_cache,min_partial,long unsigned int,16"
    assert line in text
    (tmp_path / "struct_layout.csv").write_text(text.replace(line, f"{line[:-2]}24"))
    assert check_layout(tmp_path / "struct_layout.csv").difference == (
        "struct kmem_cache: min_partial: offset: expected 24, got 16"
    )


def test_a_member_that_is_not_in_the_layout_is_a_difference(tmp_path):
    path = tmp_path / "struct_layout.csv"
    path.write_text("struct,member,type,offset,size,cacheline,note\nkmem_cache,colour,int,136,4,2,\n")
    assert check_layout(path).difference.endswith("offset: expected 136, got absent")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda topology: topology["nodes"][1]["zonelist_order"].reverse(), "node 1: zonelist_order"),
        (lambda topology: topology.update(slub_max_order=4), "system: slub_max_order: expected 4"),
        (lambda topology: topology["nodes"][0]["cpus"].pop(), "node 0: cpus"),
    ],
)
def test_another_topology_is_told(tmp_path, change, told):
    recorded = json.loads((GOLDEN / "topology-4n8c.json").read_text())
    change(recorded)
    path = tmp_path / "topology-4n8c.json"
    path.write_text(json.dumps(recorded))
    assert told in check_topology(path).difference
