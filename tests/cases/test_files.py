"""Tables, golden files and what is written: one message a mistake, and nothing overwritten."""

import gzip
import os
import subprocess
from pathlib import Path

import pytest
from shared_cases import case

GOLDEN = Path(__file__).parents[1] / "golden"
FIT = ("fit", "m.yaml", "--against", "t.csv", "--as", "two-socket", "--parameters", "dram.latency")


def read_golden(name):
    """Return a recorded table as text."""
    data = (GOLDEN / name).read_bytes()
    return (gzip.decompress(data) if name.endswith(".gz") else data).decode()


@case("fault-02-conform-segfault-on-out-of-range-node")
def test_a_node_out_of_range_is_refused_with_its_line_and_field(refused, folder):
    err = refused("conform", "trace-2n8c-noalien-a1500p512.jsonl")
    assert ".jsonl:2:1: node: is 4294967296; expected an integer from -1 to 1" in err


@case("fault-08-fit-out-write")
@pytest.mark.parametrize("name", ["", "."])
def test_what_is_no_name_of_a_file_is_refused_before_the_fit(refused, folder, name):
    assert ".: is no name of a file" in refused(*FIT, "-o", name)


@case("fault-08-fit-out-write")
def test_a_link_beside_the_output_leads_nowhere(simslab, folder):
    victim = folder / "victim"
    victim.write_text("victim")
    links = [folder / f".fitted.yaml.{end}" for end in ("part", os.getpid())]
    for link in links:
        link.symlink_to(victim)
    assert simslab(*FIT, "-o", "fitted.yaml")[0] == 0
    assert victim.read_text() == "victim"
    assert (Path("fitted.yaml").is_symlink(), Path("fitted.yaml").read_text()[:8]) == (False, "# Fitted")


@case("fault-08-fit-out-write")
def test_a_pipe_is_written_through(simslab, folder):
    os.mkfifo("pipe")
    reader = subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE, text=True)
    assert simslab(*FIT, "-o", "pipe")[0] == 0
    assert reader.communicate()[0].startswith("# Fitted")
    assert Path("pipe").is_fifo()


@case("fault-09-mathtext-in-names")
def test_names_are_drawn_as_they_are(simslab, folder):
    assert simslab("describe", "mt.yaml", "--draw", "x.svg")[::2] == (0, "")
    assert Path("x.svg").stat().st_size > 1000


@case("fault-09-mathtext-in-names")
def test_names_of_a_comparison_are_drawn_as_they_are(simslab, folder):
    status, out, _ = simslab("compare", "mt.yaml", "wt.yaml", "--seeds", 2, "--variant", "a:core.ipc=2", "--out", "c")
    assert status == 0
    assert r"on m $\frac{x$ y, 2 seeds" in out
    assert Path("c/manifest.json").is_file()


@case("fault-11-measure-against-csv-tracebacks")
@pytest.mark.parametrize(
    ("file", "row"),
    [
        ("z.csv", "dram_idle_latency node0 -> node0 [random] = 90.1.2 ns: not a number above 0"),
        ("z2.csv", "slit_row node0 = ten 21 : not a node and its distances, as whole numbers"),
        ("z3.csv", "dram_read_bandwidth_scan = 50 GB/s: 'from' does not begin with a number of cores"),
        ("z4.csv", "dram_loaded_latency node0 -> node0 [total_bw=1.2.3] = 50 ns: the state tells no total_bw=NUMBER"),
    ],
)
def test_a_row_that_cannot_be_read_is_not_comparable(simslab, folder, file, row):
    status, out, err = simslab("measure", "two-socket", "--against", file)
    assert (status, err) == (0, "")
    assert out.partition("not comparable:\n  ")[2].splitlines()[0] == row


@case("fault-11-measure-against-csv-tracebacks")
@pytest.mark.parametrize("value", [".", "...", "nan", "-1", "0", "9" * 5000])
def test_a_value_that_is_no_figure_is_not_comparable(simslab, folder, value):
    Path("z.csv").write_text(Path("z.csv").read_text().replace("90.1.2", value))
    status, out, _ = simslab("measure", "two-socket", "--against", "z.csv")
    assert status in (0, 1)
    assert "not comparable:\n  dram_idle_latency" in out


@case("fault-11-measure-against-csv-tracebacks")
@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("z.csv", "z.csv:2:1: value '90.1.2': not a number above 0"),
        ("z2.csv", "no row of the table can be fitted to"),
        ("z3.csv", "no row of the table can be fitted to"),
        ("z4.csv", "no row of the table can be fitted to"),
    ],
)
def test_a_fit_to_rows_that_cannot_be_read_is_refused(refused, folder, file, told):
    assert told in refused("fit", "two-socket", "--against", file, "--parameters", "dram.latency")


@case("fault-11-measure-against-csv-tracebacks")
def test_a_node_of_5000_digits_is_not_comparable(simslab, folder):
    Path("z.csv").write_text(Path("z.csv").read_text().replace("node0,node0", "node0,node" + "9" * 5000))
    assert "not comparable:\n  dram_idle_latency" in simslab("measure", "two-socket", "--against", "z.csv")[1]


@case("fault-11-measure-against-csv-tracebacks")
def test_a_byte_order_mark_is_read_over(simslab, folder):
    status, out, _ = simslab("measure", "two-socket", "--against", "bom.csv", "--json")
    assert status == 0
    assert '"l1_latency"' in out
    assert "no column" not in out


@case("fault-22-conform-tracebacks")
@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("trace-2n8c-x.jsonl.gz", b"\x1f\x8b\x08\x00garbagegarbage", "cannot be read: "),
        ("trace-2n8c-y.jsonl", b'{"topo": null}\n', "1:1: topo: is None; expected a text"),
        ("trace-2n8c-y.jsonl", b"", "y.jsonl"),
    ],
)
def test_damaged_recordings_are_refused(refused, folder, name, content, told):
    Path(name).write_bytes(content)
    assert told in refused("conform", name)


@case("fault-22-conform-tracebacks")
@pytest.mark.parametrize("name", ["kmalloc.csv.gz", "cachenodes-2n8c.csv", "reaplog-2n8c.csv"])
def test_tables_without_rows_are_refused(refused, folder, name):
    head = read_golden(name).splitlines()[0]
    Path(name.removesuffix(".gz")).write_text(head + "\n")
    assert name.removesuffix(".gz") in refused("conform", name.removesuffix(".gz"))


@case("fault-22-conform-tracebacks")
@pytest.mark.parametrize(("name", "column"), [("cachenodes-2n8c.csv", "nid"), ("reaplog-2n8c.csv", "slab_reap_node")])
def test_tables_with_a_node_out_of_range_are_refused(refused, folder, name, column):
    head, row = read_golden(name).splitlines()[:2]
    cells = row.split(",")
    cells[head.split(",").index(column)] = "99"
    Path(name).write_text(f"{head}\n{','.join(cells)}\n")
    assert f"{name}:2" in refused("conform", name)
