"""SLUB's golden files that ship with the tests, and the whole collection where it lies beside the checkout."""

import os
from pathlib import Path

import pytest

from simslab.base.build import running_build
from simslab.conform.dispatch import conform, golden_files

SELECTION = Path(__file__).parents[2] / "golden-slub"
COLLECTION = Path(__file__).parents[4] / "shared" / "golden-slub"
if not COLLECTION.is_dir():
    WHY_SKIPPED = f"the whole collection is not here: no folder {COLLECTION}"
elif os.environ.get("SIMSLAB_ALL_GOLDEN") != "1":
    WHY_SKIPPED = "the whole collection takes minutes: set SIMSLAB_ALL_GOLDEN=1"
else:
    WHY_SKIPPED = ""
LONG = ("trace-2n8c", "trace-1n1c-shr", "merge", "instruction_counts", "path_access")  # in plain Python


def by_name(path):
    return path.name if path else "collection"


def files(folder):
    return [path for path in golden_files([folder]) if path.suffix in {".gz", ".csv", ".json"}]


def shipped():
    """The selection; of it, what takes seconds in the plain build."""
    plain = running_build().kind != "compiled"
    return [path for path in files(SELECTION) if not (plain and path.name.startswith(LONG))]


def others():
    """The files of the collection that are not in the selection."""
    selected = {path.name for path in files(SELECTION) if path.name.startswith("trace")}
    return [path for path in files(COLLECTION) if path.name not in selected]


@pytest.mark.parametrize("path", shipped(), ids=by_name)
def test_the_selection_matches(path):
    verdict = conform(path)
    assert verdict.ok, str(verdict)
    assert verdict.checks


@pytest.mark.skipif(bool(WHY_SKIPPED), reason=WHY_SKIPPED)
@pytest.mark.parametrize("path", [None] if WHY_SKIPPED else others(), ids=by_name)
def test_the_rest_of_the_collection_matches(path):
    verdict = conform(path)
    assert verdict.ok, str(verdict)
    assert verdict.checks
