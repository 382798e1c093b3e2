"""What ships is listed, and schemas are told by name."""

import json

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import KINDS, shipped_names
from simslab.cli.inventory import checked_json, inventory_json, inventory_lines, schema_json


def test_every_shipped_file_is_listed_once_below_its_kind():
    lines = list(inventory_lines())
    listed = [line.split()[0] for line in lines if line.startswith("  ")]
    assert listed == [name for kind in KINDS for name in shipped_names(kind)]
    assert [line for line in lines if not line.startswith("  ")] == [f"{kind}:" for kind in KINDS]
    assert all(len(line.split(None, 1)) == 2 for line in lines if line.startswith("  "))  # each is described


@pytest.mark.parametrize(("kind", "key"), [("machine", "layout"), ("workload", "threads"), ("result", "format")])
def test_a_schema_is_json(kind, key):
    assert key in json.loads(schema_json(kind))["properties"]


def test_an_unknown_schema_is_told_with_the_near_one():
    with pytest.raises(UserError, match=r"no schema 'machines'.*did you mean 'machine'"):
        schema_json("machines")


def test_descriptions_are_listed_whole_for_programs_too():
    document = json.loads(inventory_json())
    lines = "\n".join(inventory_lines())
    assert sorted(document) == sorted(KINDS)
    for entries in document.values():
        assert all(f"{entry['name']} " in lines and entry["description"] in lines for entry in entries)
        assert all(entry["description"] for entry in entries)


def test_what_silicon_hardly_is_stands_apart_from_the_kind_of_a_file(tmp_path):
    odd = tmp_path / "odd.yaml"
    l2 = "{size: 1 MiB, ways: 16, latency: 200 cycles}"
    odd.write_text(f"extends: two-socket\nname: odd\ndescription: slow\nl2: {l2}\n")
    told, good = checked_json([str(odd), "two-socket"])
    files = json.loads(told)["files"]
    assert good
    assert [file["kind"] for file in files] == ["machine", "machine"]
    assert [file["notes"] for file in files] == [["odd: the L2 answers in 200 cycles, no sooner than the L3 (52)"], []]
