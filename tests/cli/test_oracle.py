import gzip
import json
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden"


def test_conform_prints_a_line_for_each_file_and_the_totals(simslab):
    status, out, _ = simslab("conform", GOLDEN / "kmalloc.csv.gz", GOLDEN / "caches-1n1c.csv")
    assert status == 0
    first, second, totals = out.splitlines()
    assert first.startswith("kmalloc.csv.gz: ok ")
    assert first.endswith(" checks")
    assert second.startswith("caches-1n1c.csv: ok ")
    assert totals.startswith("2 files, ")
    assert "no differences" in totals


def test_conform_takes_all_files_of_a_folder(simslab, tmp_path):
    (tmp_path / "kmalloc.csv.gz").write_bytes((GOLDEN / "kmalloc.csv.gz").read_bytes())
    (tmp_path / "README.md").write_text("Not a record.")
    status, out, _ = simslab("conform", tmp_path)
    assert status == 0
    assert "README.md: skipped" in out
    assert "; 1 files skipped" in out


def test_conform_keeps_the_simulated_kernels_messages_off_the_terminal(simslab):
    status, _, err = simslab("conform", GOLDEN.parent / "golden-slub" / "trace-1n1c-d700.jsonl.gz")
    assert (status, err) == (0, "")


def test_conform_ends_with_1_on_a_difference_and_goes_on(simslab, tmp_path):
    lines = gzip.decompress((GOLDEN / "kmalloc.csv.gz").read_bytes()).decode().splitlines()
    lines[5] = lines[5].replace("kmalloc-32", "kmalloc-64")
    changed = tmp_path / "kmalloc.csv"
    changed.write_text("\n".join(lines) + "\n")
    status, out, _ = simslab("conform", changed, GOLDEN / "caches-1n1c.csv")
    assert status == 1
    assert "line 6" in out
    assert "cache: expected kmalloc-64, got kmalloc-32" in out
    assert "caches-1n1c.csv: ok" in out
    assert "1 difference;" in out


def test_conform_ends_with_2_on_what_it_cannot_read(refused, tmp_path):
    assert "no such file" in refused("conform", tmp_path / "trace-none.jsonl")
    assert refused("conform", tmp_path)


def test_geometry_is_told_in_words(simslab):
    status, out, _ = simslab("geometry", "--size", 2752, "--align", 64)
    assert status == 0
    assert "slab of order 1 (8192 bytes): 2 objects" in out
    assert "try the next order" in out


def test_geometry_takes_flags_by_name_a_constructor_and_prints_json(simslab):
    status, out, _ = simslab("geometry", "--size", 100, "--flags", "HWCACHE_ALIGN|SLAB_PANIC", "--ctor", "--json")
    values = json.loads(out)
    assert status == 0
    assert (values["size"], values["mgmt"]) == (128, "OFF")


def test_geometry_follows_debug_and_the_boot_parameter(simslab):
    plain = json.loads(simslab("geometry", "--size", 700, "--json")[1])
    debug = json.loads(simslab("geometry", "--size", 700, "--debug", "--json")[1])
    assert debug["limit"] == 32
    assert debug["size"] > plain["size"]
    assert json.loads(simslab("geometry", "--size", 2752, "--slab-max-order", 0, "--json")[1])["gfporder"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--size", 0), "at least 1 byte"),
        (("--size", 64, "--flags", "HWCACHEALIGN"), "did you mean 'HWCACHE_ALIGN'?"),
        (("--size", 64, "--align", 3), "power of two"),
        (("--size", 64, "--flags", "HWCASHE"), "unknown cache flag 'HWCASHE'"),
    ],
)
def test_impossible_requests_are_one_line_and_status_2(refused, arguments, message):
    assert message in refused("geometry", *arguments)


def test_a_creation_that_fails_ends_with_1(simslab):
    status, out, _ = simslab("geometry", "--size", (4 << 20) + 8)
    assert status == 1
    assert "-E2BIG" in out
