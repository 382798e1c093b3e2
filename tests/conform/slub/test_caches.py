"""Lists of standing caches against changed ones."""

from pathlib import Path

import pytest

from simslab.conform.slub.caches import booted, cache_columns, check_cachenodes, check_caches
from simslab.slub.creation.options import SlubOptions

GOLDEN = Path(__file__).parents[2] / "golden-slub"
ONE_CPU, THREE_NODES = "caches-1n1c.csv", "cachenodes-2n4c1m.csv"


def changed(folder, name, old, new):
    path = folder / name
    text = (GOLDEN / name).read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def test_every_column_of_a_cache_is_compared():
    header = (GOLDEN / ONE_CPU).read_text().splitlines()[0].split(",")
    uncompared = {"pos", "nr_slabs", "total_objects"}  # the place is added by the comparison; populations are left out
    (cache, *_) = booted(GOLDEN / ONE_CPU)
    assert set(header) - uncompared == set(cache_columns(cache))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("30,0x40000000,CMPXCHG_DOUBLE,0x0,1,1,5", "31,0x40000000,CMPXCHG_DOUBLE,0x0,1,1,5", "kmalloc-64: cpu_partial"),
        ("9,kmalloc-256", "8,kmalloc-256", "kmalloc-256: pos: expected 8, got 9"),
    ],
)
def test_a_column_that_differs_is_named_with_its_cache(tmp_path, old, new, told):
    assert told in check_caches(changed(tmp_path, ONE_CPU, old, new)).difference


def test_a_cache_too_few_is_a_difference(tmp_path):
    lines = (GOLDEN / ONE_CPU).read_text().splitlines(keepends=True)
    (tmp_path / ONE_CPU).write_text("".join(lines[:-1]))
    assert "number of caches" in check_caches(tmp_path / ONE_CPU).difference


def test_populations_are_not_compared(tmp_path):
    assert check_caches(changed(tmp_path, ONE_CPU, "kmem_cache,0,5,80", "kmem_cache,0,6,96")).ok


def test_a_node_structure_too_many_is_a_difference(tmp_path):
    path = changed(tmp_path, THREE_NODES, "kmem_cache,2,", "kmem_cache,3,")
    assert check_cachenodes(path).difference.startswith("cache kmem_cache: name and node")
    assert check_cachenodes(GOLDEN / THREE_NODES).ok


def test_the_name_of_a_list_says_how_the_kernel_was_booted(tmp_path):
    sizes = {name: booted(tmp_path / f"caches-{name}1n1c.csv")[2].size for name in ("", "debug-")}
    assert sizes["debug-"] > sizes[""]
    assert SlubOptions().slub_debug is None
