"""The golden files that ship with the tests, and those of the whole collection that are asked for."""

from pathlib import Path

import pytest
from golden_collections import BESIDE, asked_for, why_skipped

from simslab.conform.dispatch import conform, golden_files

SELECTION = Path(__file__).parents[2] / "golden"
WHY_SKIPPED = why_skipped("golden")


def by_name(path):
    return path.name if path else "collection"


def files(folder):
    return [path for path in golden_files([folder]) if path.suffix in {".gz", ".csv", ".txt", ".json"}]


# Every row of it is compared by test_path_costs.py, with the same code and in the same interpreter.
ELSEWHERE = "instruction_counts.csv.gz"


def others():
    """The files of the collection that are not in the selection, compressed or not."""
    selected = {path.name.removesuffix(".gz") for path in files(SELECTION)}
    return asked_for(path for path in files(BESIDE / "golden") if path.name.removesuffix(".gz") not in selected)


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
