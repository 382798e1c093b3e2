import json

import pytest

from simslab.base.errors import UserError
from simslab.experiment.inputs import load_inputs
from simslab.experiment.run import run_once


@pytest.fixture(scope="module")
def inputs():
    return load_inputs("one-node", "local-churn", ["scale=0.002"])


def test_a_run_without_a_directory_writes_nothing(inputs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_once(inputs).seed == inputs.workload.seed
    assert list(tmp_path.iterdir()) == []


def test_a_run_leaves_every_file_that_its_manifest_lists(inputs, tmp_path):
    measurement = run_once(inputs, 5, tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["seeds"] == [5]
    assert {"manifest.json", *manifest["files"]} == {path.name for path in (tmp_path / "out").iterdir()}
    assert {f"latency-{row.operation}.hgrm" for row in measurement.latency} <= set(manifest["files"])
    assert (tmp_path / "out" / "slabinfo.txt").read_text() == measurement.slabinfo


def test_a_directory_that_may_not_be_replaced_is_refused_before_the_run(inputs, tmp_path):
    (tmp_path / "mine").write_text("precious")
    asked = []
    with pytest.raises(UserError, match="not a simslab result"):
        run_once(inputs, out=tmp_path, watch=asked.append)
    assert asked == []


def test_a_watcher_can_ask_how_far_the_run_is(inputs):
    shares = []
    run_once(inputs, watch=shares.append)
    done, total = shares[0]()
    assert done == total > 0
