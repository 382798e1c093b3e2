"""What `check` accepts, `run` runs: random machine files with random workload files that fit them.

The first 20 pairs in the suite, 400 in the soak, all 5,000 by hand (`pytest tests/test_pairs.py -m slow`).
"""

import logging
import random

import pytest
import yaml
from random_machines import random_document
from random_workloads import random_workload

from simslab.api.checking import check_file
from simslab.experiment.inputs import load_inputs
from simslab.kernel.memcg.conservation import conservation_faults
from simslab.workload.run.runner import run_workload

MEMORY = ["64 MiB", "128 MiB"]


def run_pair(seed, folder):
    """Check both files and run them; UserErrors, or whatever else is wrong, when they do not run."""
    chance = random.Random(seed)
    machine = random_document(chance, MEMORY)
    documents = {"machine.yaml": machine, "workload.yaml": random_workload(chance, machine)}
    paths = [folder / name for name in documents]
    for path, document in zip(paths, documents.values(), strict=True):
        path.write_text(yaml.safe_dump(document))
    assert [check_file(str(path)).splitlines()[0] for path in paths] == ["machine", "workload"]  # oddities follow
    inputs = load_inputs(*map(str, paths))
    measurement = run_workload(
        inputs.machine, inputs.workload, document=inputs.workload_document, at_end=charges_conserved
    )
    assert "begin_region" in str(documents) or [row for row in measurement.memcg if not within_limit(row)] == []
    return measurement


def charges_conserved(system):
    """See that every cgroup is charged for its live objects and for what CPUs keep, and for nothing else."""
    hooks = system.allocator.memcg
    if hooks is not None:
        owed = hooks.owed()
        cgroups = {*owed, *(objcg.memcg for objcg in hooks.charging.current if objcg is not None)}
        assert conservation_faults(hooks.charging, cgroups, owed) == []


def conserved(measurement):
    """Whether every object that was allocated was freed or is live, of the threads' and devices' operations."""
    counts = measurement.conservation
    return counts["allocated"] - counts["freed"] == counts["live"]


def within_limit(row):
    """Whether a cgroup never had more pages than its limit, unless by force; a warm-up's force is not counted."""
    return row.limit_pages is None or row.peak_pages <= row.limit_pages or row.forced


@pytest.fixture(autouse=True)
def quiet():
    """Debug kernels report the mistakes that some workloads ask for."""
    logger = logging.getLogger("simslab.kernel")
    logger.disabled = True
    yield
    logger.disabled = False


def run_pairs(seeds, folder):
    for seed in seeds:
        try:
            assert conserved(run_pair(seed, folder)), f"pair {seed}"
        except Exception as error:
            raise AssertionError(f"pair {seed} was accepted, and ends with: {error}") from error


@pytest.mark.parametrize("part", range(2))
def test_what_check_accepts_runs(part, tmp_path):
    run_pairs(range(10 * part, 10 * part + 10), tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(8))
def test_what_check_accepts_runs_for_400_pairs(part, tmp_path):
    run_pairs(range(50 * part, 50 * part + 50), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(50))
def test_what_check_accepts_runs_for_5000_pairs(part, tmp_path):
    run_pairs(range(100 * part, 100 * part + 100), tmp_path)


def test_random_workloads_reach_every_pattern_and_every_option():
    written = [
        random_workload(random.Random(seed), random_document(random.Random(seed), MEMORY)) for seed in range(400)
    ]
    steps = {step["pattern"] for workload in written for group in workload["threads"] for step in group["steps"]}
    assert steps == {
        "alloc_free", "alloc", "free", "lifetimes", "produce", "consume", "bleed", "barrier", "work", "shrink", "bulk",
    }  # fmt: skip
    options = {name for workload in written for name in workload["kernel"]}
    assert {"allocator", "debug_slab", "noaliencache", "slub_min_order", "stand_in_pages", "freelist_random"} <= options
    assert "no_slub_debug" in options
    assert any(workload["devices"] for workload in written)
    assert any(workload["faults"] for workload in written)
    assert "memcg" in options
    assert {limit for workload in written for cgroup in workload["cgroups"].values() for limit in cgroup.values()} == {
        "4 KiB", "20 KiB", "200 KiB", "1 MiB", "1 GiB",
    }  # fmt: skip
    assert any(group.get("cgroup", "root") != "root" for workload in written for group in workload["threads"])
