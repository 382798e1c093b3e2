"""The golden files that ship with the tests, and those of the whole collection that are asked for."""

from pathlib import Path

import pytest
from golden_collections import BESIDE, asked_for, why_skipped

from simslab.base.build import running_build
from simslab.conform.dispatch import conform, golden_files

SELECTION = Path(__file__).parents[2] / "golden"
WHY_SKIPPED = why_skipped("golden")


def by_name(path):
    return path.name if path else "collection"


def files(folder):
    return [path for path in golden_files([folder]) if path.suffix in {".gz", ".csv", ".txt", ".json"}]


# Every row of it is compared by test_path_costs.py, with the same code and in the same interpreter.
ELSEWHERE = "instruction_counts.csv.gz"
# In plain Python it takes as long as all the others together: there it is compared with the rest of the collection.
LONG = SELECTION / "trace-2n8c-debug-s140000.jsonl.gz"
LATER = [] if running_build().kind == "compiled" else [LONG]


def selection():
    """The files that ship with the tests and are compared always."""
    return [path for path in files(SELECTION) if path.name != ELSEWHERE and path not in LATER]


def others():
    """The files of the collection that are not in the selection, compressed or not, and what is left for later."""
    selected = {path.name.removesuffix(".gz") for path in files(SELECTION)}
    rest = [path for path in files(BESIDE / "golden") if path.name.removesuffix(".gz") not in selected]
    return asked_for([*rest, *LATER])


@pytest.mark.parametrize("path", selection(), ids=by_name)
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
