"""Tables of sizing requests: what their names say, what a row becomes."""

import gzip
from pathlib import Path

import pytest

from simslab.conform.records import Row
from simslab.conform.slub.geometry import check_geometry, options_of, predicted_row, rules_of
from simslab.slub import flags as fl
from simslab.slub.creation.geometry import EINVAL
from simslab.slub.creation.options import SlubOptions

GOLDEN = Path(__file__).parents[2] / "golden-slub"


def predicted(size, align=0, flags=0, ctor=0, options=None, cpus=8):
    options = options or SlubOptions(slab_nomerge=True)
    cells = {"req_size": str(size), "req_align": str(align), "req_flags": hex(flags), "ctor": str(ctor)}
    return predicted_row(Row(cells, "cache_geometry.csv", 2), options, rules_of(options, cpus))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cache_geometry.csv", {}),
        ("cache_geometry-debug.csv.gz", {"slub_debug": "FZPU"}),
        ("cache_geometry-slub_min_order2.csv.gz", {"slub_min_order": 2}),
        ("cache_geometry-slub_max_order0.csv", {"slub_max_order": 0}),
        ("cache_geometry-slub_min_objects16.csv", {"slub_min_objects": 16}),
    ],
)
def test_a_file_tells_its_boot_options_by_its_name(name, expected):
    assert options_of(name, slab_nomerge=True) == SlubOptions(slab_nomerge=True, **expected)


def test_a_request_becomes_the_columns_of_the_table():
    row = predicted(192)
    assert (row["err"], row["size"], row["oo_objects"], row["cpu_partial"]) == (0, 192, 21, 30)
    assert (row["flags_decoded"], row["refcount"], row["slack_bytes"]) == ("CMPXCHG_DOUBLE", 1, 4096 - 21 * 192)


def test_more_cpus_want_more_objects_in_a_slab():
    assert predicted(700, cpus=1)["oo_objects"] < predicted(700, cpus=64)["oo_objects"]


def test_slub_debug_reaches_the_caches_of_a_table():
    options = options_of("cache_geometry-debug.csv", slab_nomerge=True)
    assert "RED_ZONE" in predicted(192, options=options)["flags_decoded"]


def test_flags_that_no_cache_may_have_are_an_error_and_nothing_else():
    assert predicted(192, flags=fl.CMPXCHG_DOUBLE) == {"err": -EINVAL}


def test_a_row_that_differs_is_told_with_its_request(tmp_path):
    text = gzip.decompress((GOLDEN / "cache_geometry-debug.csv.gz").read_bytes()).decode()
    head, first, *_ = text.splitlines()
    assert ",0,80,3," in first
    path = tmp_path / "cache_geometry-debug.csv"
    path.write_text(f"{head}\n{first.replace(',0,80,3,', ',0,88,3,')}\n")
    told = check_geometry(path).difference
    assert told == "line 2: kmem_cache_create(size 3, align 0, flags HWCACHE_ALIGN, ctor 0): size: expected 88, got 80"
