"""The golden files that ship with the tests, and the whole collection where it lies beside the checkout."""

import os
from pathlib import Path

import pytest

from simslab.slab.conform.dispatch import conform, golden_files

SELECTION = Path(__file__).parents[2] / "golden"
COLLECTION = Path(__file__).parents[4] / "shared" / "golden"
EVERYTHING = os.environ.get("SIMSLAB_ALL_GOLDEN") == "1" and COLLECTION.is_dir()


def by_name(path):
    return path.name if path else "collection"


def files(folder):
    return [path for path in golden_files([folder]) if path.suffix in {".gz", ".csv", ".txt"}]


@pytest.mark.parametrize("path", files(SELECTION), ids=by_name)
def test_the_selection_matches(path):
    verdict = conform(path)
    assert verdict.ok, str(verdict)
    assert verdict.checks or verdict.skipped


@pytest.mark.slow
@pytest.mark.skipif(not EVERYTHING, reason=f"the whole collection runs with SIMSLAB_ALL_GOLDEN=1 from {COLLECTION}")
@pytest.mark.parametrize("path", files(COLLECTION) if EVERYTHING else [None], ids=by_name)
def test_the_collection_matches(path):
    verdict = conform(path)
    assert verdict.ok, str(verdict)
