"""Same inputs, same bytes: under two hash seeds, on both builds, and as stored in `tests/golden_runs/`.

The stored files change only when the model does, on purpose: run this file with SIMSLAB_STORE_GOLDEN_RUNS=1 and say in
the commit what changed and why.
"""

import hashlib
import json
import os
from pathlib import Path

import pytest
from command_line import finished, ran_in

GOLDEN = Path(__file__).parent / "golden_runs"
RUNS = [
    ("one-node", "local-churn"),
    ("two-socket", "mixed-remote"),
    ("two-socket", "untar-rm"),
    ("four-socket", "larson"),
    ("memory-only-node", "slab_test-6"),
    ("memoryless-node", "network-receive"),
]
COMPARED = ("result.json", "summary.txt", "latency.csv", "slabinfo.txt")


def command(machine, workload, *more):
    return ["run", machine, workload, "--set", "scale=0.05", "--seed", "7", *more]


def digest(folder):
    """SHA-256 by file name of the files that must repeat."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in COMPARED}


def stored(machine, workload):
    """The digest that the repository holds of a run, made by another process with a hash seed of its own."""
    return json.loads((GOLDEN / f"{machine}--{workload}.json").read_text(encoding="utf-8"))


def of_another_process(folder, machine, workload, **environment):
    """The digest of a run in a process of its own."""
    out = folder / "out"
    status, _, complaint = finished(*command(machine, workload, "--out", out), environment=environment)
    assert status == 0, complaint
    return digest(out)


@pytest.mark.parametrize(("machine", "workload"), RUNS)
def test_a_run_repeats_its_stored_summary_and_hashes(machine, workload, tmp_path):
    ran_in(tmp_path, " ".join(["simslab", *command(machine, workload, "--out out")]))
    made, summary = digest(tmp_path / "out"), GOLDEN / f"{machine}--{workload}.txt"
    if os.environ.get("SIMSLAB_STORE_GOLDEN_RUNS") == "1":
        GOLDEN.mkdir(exist_ok=True)
        summary.write_bytes((tmp_path / "out" / "summary.txt").read_bytes())
        summary.with_suffix(".json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    assert (tmp_path / "out" / "summary.txt").read_text(encoding="utf-8") == summary.read_text(encoding="utf-8")
    assert made == stored(machine, workload)


def test_the_hash_seed_does_not_matter(tmp_path):
    run = ("two-socket", "mixed-remote")
    assert of_another_process(tmp_path, *run, PYTHONHASHSEED="4242") == stored(*run)


def test_plain_python_gives_the_bytes_of_this_build(tmp_path):
    run = ("four-socket", "larson")
    assert of_another_process(tmp_path, *run, SIMSLAB_PURE="1") == stored(*run)


def test_another_seed_gives_another_run(tmp_path):
    small = "simslab run two-socket mixed-remote --set scale=0.01 --json --seed"
    assert ran_in(tmp_path, f"{small} 1") != ran_in(tmp_path, f"{small} 2")
