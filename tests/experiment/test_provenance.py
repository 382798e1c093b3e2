import json

import pytest

from simslab.experiment.inputs import load_inputs
from simslab.experiment.provenance import manifest_of
from simslab.result.manifest import manifest_document


@pytest.mark.parametrize("workload", ["local-churn", "untar-rm"])
def test_a_manifest_names_inputs_seeds_and_overrides(workload):
    inputs = load_inputs("two-socket", workload, ["scale=0.5"])
    document = json.loads(json.dumps(manifest_document(manifest_of(inputs, [3]), ["result.json"])))
    assert document["kind"] == "run"
    assert document["seeds"] == [3]
    assert document["workload"]["overrides"][0]["origin"] == "--set scale=0.5"
    assert document["workload"]["resolved"]["scale"] == 0.5
    assert {"two-socket.yaml", f"{workload}.yaml"} <= set(document["inputs"])


def test_a_trace_is_hashed_and_named_without_its_folder():
    inputs = load_inputs("one-node", "untar-rm")
    manifest = manifest_of(inputs, [1])
    assert "untar-rm.txt.gz" in manifest.inputs
    assert manifest.workload.resolved["trace"]["file"] == "untar-rm.txt.gz"
