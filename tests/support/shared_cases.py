"""The small inputs that once failed, which lie beside the checkout, each in a folder with what is expected of it.

`@case(NAME)` gives a test a copy of that folder as its working directory; without the collection it is skipped.
"""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from golden_collections import BESIDE

CASES = BESIDE / "cases"
ABSENT = f"the collection of cases is not here: no folder {CASES}"


def case(name):
    """Mark a test as that of a case."""
    return pytest.mark.parametrize("folder", [name], indirect=True)


@pytest.fixture
def folder(request, tmp_path, monkeypatch):
    """A copy of the case's folder, in which commands run."""
    if not CASES.is_dir():
        pytest.skip(ABSENT)
    for file in (CASES / request.param).iterdir():
        shutil.copyfile(file, tmp_path / file.name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def imported(simslab, folder):
    """Return a function that imports a file of the case and checks the result: (text, document)."""

    def run(tool, file):
        status, _, err = simslab("import", tool, file, "--out", "imported.yaml", "--force")
        assert (status, err) == (0, "")
        assert simslab("check", "imported.yaml")[0] == 0
        text = Path("imported.yaml").read_text()
        return text, yaml.safe_load(text)

    return run


@pytest.fixture
def measured(simslab, folder):
    """Return a function that runs a file of the case: the measurement of result.json."""

    def run(machine, workload, *more):
        status, out, err = simslab("run", machine, workload, "--json", *more)
        assert status == 0, err
        return json.loads(out)["measurement"]

    return run


def operations(measurement, operation):
    """Return how many allocations or frees went by each path."""
    counts = {}
    for row in measurement["latency"]:
        if row["operation"] == operation:
            counts[row["path"]] = counts.get(row["path"], 0) + sum(row["counts"])
    return counts


def cycles(measurement, operation, path):
    """Return the cycles of an operation's path, one for each time."""
    rows = [r for r in measurement["latency"] if (r["operation"], r["path"]) == (operation, path)]
    return sorted(c for row in rows for c, n in zip(row["cycles"], row["counts"], strict=True) for _ in range(n))
