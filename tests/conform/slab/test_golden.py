"""The golden files that ship with the tests, and the whole collection where it lies beside the checkout."""

import os
from pathlib import Path

import pytest

from simslab.base.build import running_build
from simslab.conform.dispatch import conform, golden_files

SELECTION = Path(__file__).parents[2] / "golden"
COLLECTION = Path(__file__).parents[4] / "shared" / "golden"
if not COLLECTION.is_dir():
    WHY_SKIPPED = f"the whole collection is not here: no folder {COLLECTION}"
elif running_build().kind != "compiled" and os.environ.get("SIMSLAB_ALL_GOLDEN") != "1":
    WHY_SKIPPED = "the whole collection takes minutes in plain Python: set SIMSLAB_ALL_GOLDEN=1"
else:
    WHY_SKIPPED = ""


def by_name(path):
    return path.name if path else "collection"


def files(folder):
    return [path for path in golden_files([folder]) if path.suffix in {".gz", ".csv", ".txt", ".json"}]


# Every row of it is compared by test_path_costs.py, with the same code and in the same interpreter.
ELSEWHERE = "instruction_counts.csv.gz"


def others():
    """The files of the collection that are not in the selection, compressed or not."""
    selected = {path.name.removesuffix(".gz") for path in files(SELECTION)}
    return [path for path in files(COLLECTION) if path.name.removesuffix(".gz") not in selected]


@pytest.mark.parametrize("path", [path for path in files(SELECTION) if path.name != ELSEWHERE], ids=by_name)
def test_the_selection_matches(path):
    verdict = conform(path)
    assert verdict.ok, str(verdict)
    assert verdict.checks or verdict.skipped


@pytest.mark.skipif(bool(WHY_SKIPPED), reason=WHY_SKIPPED)
@pytest.mark.parametrize("path", [None] if WHY_SKIPPED else others(), ids=by_name)
def test_the_rest_of_the_collection_matches(path):
    verdict = conform(path)
    assert verdict.ok, str(verdict)
    assert verdict.checks or verdict.skipped
