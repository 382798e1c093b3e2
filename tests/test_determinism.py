"""Same inputs, same bytes: under two hash seeds, on both builds, and as stored in `tests/golden_runs/`.

The stored files change only when the model does, on purpose: run this file with SIMSLAB_STORE_GOLDEN_RUNS=1 and say in
the commit what changed and why.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ran_in
from undrawn_figures import undrawn  # noqa: F401 - used by every test here

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


SURROUNDINGS = (  # they differ in everything that must not matter: (variables, jobs)
    ({"PYTHONHASHSEED": "0", "LC_ALL": "C", "LANG": "C", "TZ": "UTC", "COLUMNS": "80"}, "1"),
    (
        {"PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo", "COLUMNS": "200", "SIMSLAB_PURE": "1"},
        "2",
    ),
)
COMMANDS = {
    "run": ("run", "two-socket", "larson", "--set", "scale=0.002"),
    "compare": (
        "compare",
        "one-node",
        "local-churn",
        "--set",
        "scale=0.002",
        "--seeds",
        "2",
        "--variant",
        "a:core.ipc=2",
    ),
}


def hashes_of_result(command, folder, variables, jobs):
    """SHA-256 of every file of a result, by name; the manifest without what it tells of the host."""
    folder.mkdir()
    line = [sys.executable, "-m", "simslab", *COMMANDS[command], "--seed", "7", "--out", "r"]
    line += ["--jobs", jobs] if command == "compare" else []
    subprocess.run(line, cwd=folder, env=os.environ | variables, capture_output=True, timeout=300, check=True)
    hashes = {}
    for file in sorted((folder / "r").iterdir()):
        content = file.read_bytes()
        if file.name == "manifest.json":
            manifest = json.loads(content)
            del manifest["host"]  # build, versions, command line
            content = json.dumps(manifest).encode()
        hashes[file.name] = hashlib.sha256(content).hexdigest()
    return hashes


@pytest.mark.parametrize("command", COMMANDS)
def test_every_file_of_a_result_is_the_same_whatever_surrounds_it(command, tmp_path):
    """Hash seeds, locales, time zones, widths, working directories, numbers of workers, compiled and plain."""
    results = [
        hashes_of_result(command, tmp_path / f"place {number}", variables, jobs)
        for number, (variables, jobs) in enumerate(SURROUNDINGS)
    ]
    for result, surroundings in zip(results, SURROUNDINGS, strict=True):
        assert result == results[0], surroundings


def test_another_seed_gives_another_run(tmp_path):
    small = "simslab run two-socket mixed-remote --set scale=0.01 --json --seed"
    assert ran_in(tmp_path, f"{small} 1") != ran_in(tmp_path, f"{small} 2")
