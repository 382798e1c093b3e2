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

GOLDEN = Path(__file__).parent / "golden_runs"
RUNS = [
    ("one-node", "local-churn"),
    ("two-socket", "mixed-remote"),
    ("two-socket", "untar-rm"),
    ("four-socket", "larson"),
    ("memory-only-node", "slab_test-6"),
    ("memoryless-node", "network-receive"),
]
SCALE = ["--set", "scale=0.05"]
COMPARED = ("result.json", "summary.txt", "latency.csv", "slabinfo.txt")


def run(machine, workload, folder, **environment):
    """Run in a process of its own; returns the files that must repeat, by name."""
    command = [
        sys.executable,
        "-m",
        "simslab.cli.main",
        "run",
        machine,
        workload,
        *SCALE,
        "--seed",
        "7",
        "--out",
        str(folder),
    ]
    env = {**os.environ, **environment}
    done = subprocess.run(command, cwd=folder.parent, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return {name: (folder / name).read_bytes() for name in COMPARED}


def digest(files):
    """SHA-256 by file name."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


@pytest.mark.parametrize(("machine", "workload"), RUNS)
def test_a_run_repeats_its_stored_summary_and_hashes(machine, workload, tmp_path):
    files = run(machine, workload, tmp_path / "out", PYTHONHASHSEED="1")
    summary, hashes = GOLDEN / f"{machine}--{workload}.txt", GOLDEN / f"{machine}--{workload}.json"
    if os.environ.get("SIMSLAB_STORE_GOLDEN_RUNS") == "1":
        GOLDEN.mkdir(exist_ok=True)
        summary.write_bytes(files["summary.txt"])
        hashes.write_text(json.dumps(digest(files), indent=1) + "\n", encoding="utf-8")
    assert files["summary.txt"].decode() == summary.read_text(encoding="utf-8")
    assert digest(files) == json.loads(hashes.read_text(encoding="utf-8"))


SURROUNDINGS = (  # each differs from the first in everything that must not matter: (build, variables, jobs)
    ("as built", {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC", "COLUMNS": "80"}, "1"),
    ("as built", {"PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo", "COLUMNS": "200"}, "2"),
    ("plain", {"PYTHONHASHSEED": "7", "LC_ALL": "C", "LANG": "C", "SIMSLAB_PURE": "1"}, "2"),
)
COMMANDS = {
    "run": ("run", "two-socket", "larson", "--set", "scale=0.01"),
    "compare": (
        "compare",
        "one-node",
        "local-churn",
        "--set",
        "scale=0.01",
        "--seeds",
        "2",
        "--variant",
        "a:core.ipc=2",
    ),
}


def hash_of_result(command, folder, variables, jobs):
    """SHA-256 over names and bytes of every file of a result; the manifest without what it tells of the host."""
    folder.mkdir()
    line = [sys.executable, "-m", "simslab", *COMMANDS[command], "--seed", "7", "--out", "r"]
    line += ["--jobs", jobs] if command == "compare" else []
    subprocess.run(line, cwd=folder, env=os.environ | variables, capture_output=True, timeout=300, check=True)
    digest = hashlib.sha256()
    for file in sorted((folder / "r").iterdir()):
        content = file.read_bytes()
        if file.name == "manifest.json":
            manifest = json.loads(content)
            del manifest["host"]  # build, versions, command line
            content = json.dumps(manifest).encode()
        digest.update(file.name.encode() + b"\0" + content)
    return digest.hexdigest()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_file_of_a_result_is_the_same_whatever_surrounds_it(command, tmp_path):
    """Hash seeds, locales, time zones, widths, working directories, numbers of workers, compiled and plain."""
    hashes = {
        hash_of_result(command, tmp_path / f"place {number}", variables, jobs)
        for number, (_, variables, jobs) in enumerate(SURROUNDINGS)
    }
    assert len(hashes) == 1


def test_another_seed_gives_another_run(tmp_path):
    command = [sys.executable, "-m", "simslab.cli.main", "run", "two-socket", "mixed-remote", *SCALE, "--json"]
    outputs = [
        subprocess.run([*command, "--seed", seed], cwd=tmp_path, capture_output=True, timeout=300, check=True).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] != outputs[1]
