"""`conform` tells files of SLUB from files of SLAB by what they say, not by where they lie."""

from pathlib import Path

import pytest

from simslab.base.errors import UserError
from simslab.conform.dispatch import conform
from simslab.conform.slub.checks import is_of_slub

TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize("path", sorted((TESTS / "golden-slub").glob("*[!d]")), ids=lambda path: path.name)
def test_every_file_of_slub_is_known_as_one(path):
    assert is_of_slub(path)


@pytest.mark.parametrize("path", sorted((TESTS / "golden").glob("*[!d]")), ids=lambda path: path.name)
def test_no_file_of_slab_is_taken_for_one(path):
    assert not is_of_slub(path)


def test_an_unknown_kind_of_file_is_refused_with_the_kinds_that_are_known(tmp_path):
    path = tmp_path / "caches.csv"
    path.write_text("name,nr_partial\n", encoding="ascii")
    with pytest.raises(UserError, match=r"not a known kind of golden file; expected cache_geometry"):
        conform(path)


def test_a_changed_number_is_found_and_told(tmp_path):
    text = (TESTS / "golden-slub" / "caches-1n1c.csv").read_text(encoding="ascii")
    changed = tmp_path / "caches-1n1c.csv"
    changed.write_text(text.replace("kmalloc-64,0,", "kmalloc-64,1,", 1), encoding="ascii")
    assert conform(changed).difference == "cache kmalloc-64: ctor: expected 1, got 0"
