"""The lists of standing caches are told apart from altered ones, column by column."""

import gzip
from pathlib import Path

import pytest

from simslab.conform.slab.caches import alien_limits, booted, check_cachenodes, check_caches, check_slabinfo

GOLDEN = Path(__file__).parents[2] / "golden"


def altered(folder, name, old, new):
    """A copy of a golden list in which the first `old` is `new`."""
    path = next(GOLDEN.glob(f"{name}*"))
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    assert old in text
    copy = folder / name
    copy.write_text(text.replace(old, new, 1))
    return copy


def test_another_name_in_the_list_is_told(tmp_path):
    difference = check_caches(altered(tmp_path, "caches-1n1c.csv", "dma-kmalloc-64,", "dma-kmalloc-65,")).difference
    assert difference.startswith("cache dma-kmalloc-65: name: expected dma-kmalloc-65, got dma-kmalloc-64")


def test_a_missing_cache_is_told(tmp_path):
    path = altered(tmp_path, "caches-1n1c.csv", "\n", "\n")
    path.write_text(path.read_text().rstrip("\n").rpartition("\n")[0] + "\n")
    assert "list: number of caches: expected 122, got 123" in check_caches(path).difference


def test_a_node_that_no_cache_has_is_told(tmp_path):
    path = tmp_path / "cachenodes-1n1c.csv"
    path.write_text("name,nid,free_limit,shared_limit,alien_limits\nno-such,0,1,1,none\n")
    assert check_cachenodes(path).difference == "cache no-such: node 0: expected present, got absent"


def test_another_limit_of_a_node_is_told(tmp_path):
    path = tmp_path / "cachenodes-1n1c.csv"
    path.write_text("name,nid,free_limit,shared_limit,alien_limits\nkmem_cache,0,1,1,none\n")
    assert "cache kmem_cache node 0: free_limit: expected 1, got" in check_cachenodes(path).difference


def test_another_tunable_in_slabinfo_is_told(tmp_path):
    path = altered(tmp_path, "slabinfo-2n8c.txt", "tunables  120   60    8", "tunables  121   60    8")
    assert "limit: expected 121, got 120" in check_slabinfo(path).difference


@pytest.mark.parametrize(("topology", "limits"), [("1n1c", "none"), ("2n8c", "-;12")])
def test_limits_of_alien_arrays_are_told_by_node(topology, limits):
    newest_first = booted(Path(f"caches-{topology}.csv"))
    assert newest_first[-1].name == "kmem_cache"
    assert alien_limits(newest_first[-1].node[0]) == limits
