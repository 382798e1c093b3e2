"""What the checks of golden tables have in common."""

from types import SimpleNamespace

import pytest

from simslab.base.errors import UserError
from simslab.conform import tables
from simslab.conform.records import Record, Row
from simslab.conform.slub.topologies import new_system
from simslab.conform.verdict import Verdict
from simslab.slub.creation.options import SlubOptions


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n3,4\n5,6\n")
    return path


def test_rows_are_compared_up_to_the_first_difference(table):
    verdict = tables.check_rows(
        table, "kind", lambda row: f"a {row['a']}", lambda row: {"b": min(int(row["a"]) + 1, 4)}
    )
    assert verdict.difference == "line 4: a 5: b: expected 6, got 4"
    assert verdict.rows == 3


def test_a_list_is_compared_in_number_and_row_by_row(tmp_path):
    path = tmp_path / "caches.csv"
    path.write_text("pos,name\n0,one\n1,two\n")
    verdict = Verdict(path.name, "caches")
    tables.compare_lists(verdict, path, ["one"], lambda position, name: {"pos": position, "name": name})
    assert verdict.difference == "list: number of caches: expected 2, got 1"
    assert verdict.rows == 1


def request(mode, name="c", size="104", flags="0"):
    cells = {"name": name, "req_size": size, "req_align": "0", "req_flags": flags, "ctor": "0", "usersize": "0"}
    return Row(cells | {"mode": mode}, "merge.csv", 2)


def test_a_single_request_is_undone_and_a_lasting_one_stays():
    system = new_system("1n1c", SlubOptions())
    for mode, left in (("single", 0), ("seq", 1)):
        known = len(system.caches)
        columns = tables.create_and_describe(system, request(mode), ("inuse",))
        assert (columns["merged_with"], columns["size"], columns["inuse"]) == ("none", 104, 104)
        assert len(system.caches) == known + left
    assert tables.create_and_describe(system, request("seq", "again"))["merged_with"] == "c"


def test_a_refused_request_has_an_error_alone():
    assert tables.create_and_describe(new_system("1n1c", SlubOptions()), request("seq", flags="1")) == {"err": -22}


def test_the_requests_beside_a_list_are_those_of_all_tables(tmp_path):
    (tmp_path / "merge.csv").write_text("mode,name\nsingle,a\n")
    assert tables.lasting_requests(tmp_path / "caches-after-merge-seq.csv") == []
    (tmp_path / "merge2.csv").write_text("mode,name\nseq,b\n")
    assert [row["name"] for row in tables.lasting_requests(tmp_path / "caches-after-merge-seq.csv")] == ["a", "b"]
    assert tables.without_requests(tmp_path / "x.csv").skipped


def test_kmalloc_rows_are_looked_up_by_size_and_flags(tmp_path):
    path = tmp_path / "kmalloc.csv"
    path.write_text("size,gfp,cache\n8,GFP_KERNEL,kmalloc-8\n")
    assert tables.check_kmalloc(path, lambda size, flags: {"cache": f"kmalloc-{size}"}).ok
    path.write_text("size,gfp,cache\n8,WHAT,kmalloc-8\n")
    with pytest.raises(UserError, match="WHAT"):
        tables.check_kmalloc(path, lambda size, flags: {})


def test_members_are_found_under_the_short_names_of_structures(tmp_path):
    path = tmp_path / "struct_layout.csv"
    path.write_text(
        "struct,member,offset,size\nthing_of_ours,__at[2],8,\nthing_of_ours,(total),,16\npage,(total),,56\n"
    )
    layout = SimpleNamespace(THING_AT=8, THING_BYTES=16, PAGE_STRIDE=56)
    assert tables.check_layout(path, layout, {"thing_of_ours": "THING"}).ok
    layout.THING_AT = 4
    assert "expected 8, got 4" in tables.check_layout(path, layout, {"thing_of_ours": "THING"}).difference


def test_zones_give_the_order_of_their_nodes():
    assert tables.in_order(Record({"z": ["1:Normal", "0:Normal", "0:DMA32"]}, "t.json", 1), "z") == [1, 0]
    with pytest.raises(UserError, match="a list of texts such as"):
        tables.in_order(Record({"z": ["Normal"]}, "t.json", 1), "z")


def test_a_topology_is_compared_with_the_booted_kernel():
    kernel = new_system("2n8c", SlubOptions()).kernel
    nodes = [{"nid": nid, **tables.node_fields(kernel, nid)} for nid in range(2)]
    for node in nodes:
        node["zonelist_order"] = [f"{nid}:Normal" for nid in node["zonelist_order"]]
    recorded = Record({**tables.system_fields(kernel), "own": 1, "nodes": nodes}, "t.json", 1)
    verdict = Verdict("t.json", "topology")
    tables.compare_topology(verdict, recorded, kernel, {"own": 1})
    assert verdict.ok
    assert verdict.checks == 4 + 1 + 2 * 3
    tables.compare_topology(verdict, recorded, kernel, {"own": 2})
    assert verdict.difference == "system: own: expected 1, got 2"
