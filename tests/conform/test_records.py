"""What stands in a golden file and cannot be meant is refused where it stands, before compiled code sees it."""

import gzip
import json
from pathlib import Path

import pytest

from simslab.base.errors import UserError
from simslab.conform import records
from simslab.conform.dispatch import conform

GOLDEN = Path(__file__).parents[1] / "golden"
OF_SLUB = Path(__file__).parents[1] / "golden-slub"


def lines_in(path, count):
    return gzip.decompress(path.read_bytes()).decode().splitlines()[:count]


def changed(tmp_path, source, number, **fields):
    """The first lines of a trace, with fields of line `number` (from 1) set."""
    lines = lines_in(source, number)
    lines[number - 1] = json.dumps(json.loads(lines[number - 1]) | fields, separators=(",", ":"))
    path = tmp_path / source.name.removesuffix(".gz")
    path.write_text("\n".join(lines) + "\n")
    return path


def first_of(source, **wanted):
    """The number of the first line whose fields are as wanted."""
    for number, text in enumerate(lines_in(source, 10_000), start=1):
        line = json.loads(text)
        if number > 1 and all(line.get(name) == value for name, value in wanted.items()):
            return number
    raise AssertionError(wanted)


def refusal(path):
    with pytest.raises(UserError) as caught:
        conform(path)
    return str(caught.value).removeprefix(str(path))


SLAB = GOLDEN / "trace-2n8c-noalien-a1500p512.jsonl.gz"
SLUB = OF_SLUB / "trace-4n8c-s192.jsonl.gz"


@pytest.mark.parametrize("source", [SLAB, SLUB])
@pytest.mark.parametrize(
    ("operation", "field", "value"),
    [
        ("alloc_node", "node", 4294967296),
        ("alloc_node", "node", -2),
        ("alloc", "cpu", 8),
        ("alloc", "cpu", True),
        ("alloc", "gfp", "X"),
        ("alloc", "gfp", None),
        ("alloc", "op", "melt"),
        ("free", "o", [0, 4096]),
        ("free", "o", [-1, 0]),
        ("free", "o", 7),
    ],
)
def test_an_operation_that_cannot_be_is_refused_with_its_line_and_field(tmp_path, source, operation, field, value):
    number = first_of(source, op=operation)
    assert refusal(changed(tmp_path, source, number, **{field: value})).startswith(f":{number}:1: {field}: ")


@pytest.mark.parametrize("source", [SLAB, SLUB])
def test_an_object_freed_twice_is_refused(tmp_path, source):
    number = first_of(source, op="free")
    path = changed(tmp_path, source, number)
    text = path.read_text().splitlines()
    path.write_text("\n".join([*text, text[-1]]) + "\n")
    told = refusal(path)
    assert told.startswith(f":{number + 1}:1: o: the object [")
    assert "is not in use" in told


@pytest.mark.parametrize(
    ("field", "value"),
    [("topo", None), ("topo", "9n9c"), ("req_size", -8), ("req_size", "8"), ("name", ""), ("reap_node", [99] * 8)],
)
def test_a_header_that_cannot_be_is_refused(tmp_path, field, value):
    assert refusal(changed(tmp_path, SLAB, 1, **{field: value}))


def test_a_header_without_a_field_is_refused(tmp_path):
    path = tmp_path / "trace-2n8c-y.jsonl"
    path.write_text('{"topo":"2n8c"}\n')
    assert refusal(path) == ":1:1: has no 'name'; expected a record of its kind"


def test_an_empty_trace_is_refused(tmp_path):
    path = tmp_path / "trace-2n8c-y.jsonl"
    path.write_text("")
    assert refusal(path) == ": is empty; expected a header and operations"


def test_damaged_gzip_data_are_refused(tmp_path):
    path = tmp_path / "trace-2n8c-x.jsonl.gz"
    path.write_bytes(b"\x1f\x8b\x08\x00garbagegarbage")
    assert refusal(path).startswith(": cannot be read: ")


def test_a_line_without_end_is_refused_before_it_is_held(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "LONGEST", 1000)
    path = tmp_path / "trace-2n8c-bomb.jsonl.gz"
    path.write_bytes(gzip.compress(b"a" * 5000))
    assert refusal(path).startswith(":1:1: a line of more than")


def test_a_table_of_too_many_rows_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "MOST_ROWS", 3)
    assert "has more than 3 rows" in refusal(GOLDEN / "kmalloc.csv.gz")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("cachenodes-1n1c.csv", "name,nid,free_limit\nkmem_cache,7,1\n", ":2:1: nid: is '7'"),
        ("cachenodes-1n1c.csv", "name,nid\nkmem_cache\n", ":2:1: has no 'nid'"),
        ("kmalloc.csv", "size,gfp\n,GFP_KERNEL\n", ":2:1: size: is ''"),
        ("kmalloc.csv", "size,gfp\n8,GFP_\u0663\n", ": cannot be read: "),
        ("reaplog-2n8c.csv", "seq,cpu,jiffies\n", ": has no rows"),
        ("reaplog-2n8c.csv", "seq,cpu,jiffies,slab_reap_node\n0,8,4294893568,0\n", ":2:1: cpu: is '8'"),
        (
            "merge.csv",
            "name,req_size,req_flags,req_flags_decoded,mode\na,1e9,0x0,0,single\n",
            ":2:1: req_size: is '1e9'",
        ),
        ("topology-2n8c.json", '{"topo": null}', ":1:1: topo: is None"),
        ("topology-2n8c.json", "[" * 100_000, ": is no JSON object"),
    ],
)
def test_a_cell_that_cannot_be_is_refused_with_its_place(tmp_path, name, text, told):
    path = tmp_path / name
    path.write_text(text)
    assert refusal(path).startswith(told)


@pytest.mark.parametrize(
    ("source", "column", "value"),
    [
        (GOLDEN / "instruction_counts.csv.gz", "ac_before", "1000000000"),
        (GOLDEN / "instruction_counts.csv.gz", "functions", "prep_new_page:x"),
        (OF_SLUB / "instruction_counts.csv.gz", "node_slabs_before", "x"),
    ],
)
def test_a_path_from_a_state_that_cannot_be_is_refused(tmp_path, source, column, value):
    head, row = lines_in(source, 2)
    cells = row.split(",")
    cells[head.split(",").index(column)] = value
    path = tmp_path / source.name.removesuffix(".gz")
    path.write_text(f"{head}\n{','.join(cells)}\n")
    assert f":2:1: {column}: " in refusal(path)
