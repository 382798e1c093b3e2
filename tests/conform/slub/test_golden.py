"""SLUB's golden files that ship with the tests, and those of the whole collection that are asked for."""

from pathlib import Path

import pytest
from golden_collections import BESIDE, asked_for, why_skipped

from simslab.base.build import running_build
from simslab.conform.dispatch import conform, golden_files

SELECTION = Path(__file__).parents[2] / "golden-slub"
WHY_SKIPPED = why_skipped("golden-slub")
LONG = ("trace-2n8c", "trace-1n1c-shr", "merge", "instruction_counts", "path_access")  # in plain Python


def by_name(path):
    return path.name if path else "collection"


def files(folder):
    return [path for path in golden_files([folder]) if path.suffix in {".gz", ".csv", ".json"}]


def shipped():
    """The selection; of what takes seconds in the plain build only the part that is asked for."""
    plain = running_build().kind != "compiled"
    long = [path for path in files(SELECTION) if plain and path.name.startswith(LONG)]
    return [path for path in files(SELECTION) if path not in long or path in asked_for(long)]


def others():
    """The files of the collection that are not in the selection."""
    selected = {path.name: path.read_bytes() for path in files(SELECTION)}
    every = files(BESIDE / "golden-slub")
    return asked_for(path for path in every if path.read_bytes() != selected.get(path.name))


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
