"""Workloads: what each case's run does and tells, and which mistakes `check` finds."""

import hashlib
import io
import json
import sys
from pathlib import Path

import pytest
from shared_cases import case, operations

from simslab.base.shipped import find_shipped
from simslab.cli.main import main
from simslab.experiment.inputs import load_inputs
from simslab.experiment.run import run_once
from simslab.report.run.summary import summary_text
from simslab.result.result_file import from_json


@pytest.fixture
def sparse(simslab, folder):
    """The machine of nodes 0, 1, 16 and 17."""
    assert simslab("import", "numactl", "numactl.txt", "--out", "m.yaml")[0] == 0
    return "m.yaml"


def allocated(measurement):
    """Return of each node's CPUs on which node they allocated how much: {CPUs' node: {memory's node: objects}}."""
    numbers = [row["node"] for row in measurement["nodes"]]
    found = {row["node"]: dict(zip(numbers, row["allocated"], strict=True)) for row in measurement["nodes"]}
    return {of: {on: count for on, count in row.items() if count} for of, row in found.items() if any(row.values())}


@case("27-sparse-node-numbers")
def test_objects_come_from_the_node_of_that_number(measured, sparse):
    found = measured(sparse, "by-number.yaml")
    assert [row["node"] for row in found["nodes"]] == [0, 1, 16, 17]
    assert allocated(found) == {0: {16: 100}}


@case("27-sparse-node-numbers")
def test_a_number_between_the_nodes_is_refused(refused, sparse):
    err = refused("run", sparse, "by-position.yaml")
    assert "threads[0].steps[0].node: the machine has no node 2; expected 'any' or one of the nodes 0-1,16-17" in err


@case("27-sparse-node-numbers")
def test_cpus_and_policies_go_by_the_numbers_of_nodes(measured, sparse):
    assert allocated(measured(sparse, "on-node16.yaml")) == {16: {17: 400}}


@case("27-sparse-node-numbers")
def test_recorded_nodes_are_those_of_the_numbers(measured, sparse):
    found = measured(sparse, "trace.yaml")
    assert allocated(found) == {0: {0: 1, 16: 1}}
    assert found["trace"]["skipped"]["for a node this machine has not got (from any node, not skipped)"] == 1


@case("28-memoryless-node-x86")
def test_cpus_of_a_node_without_memory_fall_back_and_free_to_others(measured):
    found = measured("memoryless-node", "workload.yaml", "--set", "scale=0.1")
    assert operations(found, "alloc") == {"fallback": 1000}
    frees = operations(found, "free")
    assert set(frees) == {"alien", "alien_drain"}
    assert sum(frees.values()) == 1000


@case("30-merged-cache-not-told")
def test_a_merge_is_told_with_the_tunables_that_went_along(simslab, folder):
    _, out, _ = simslab("run", "two-socket", "workload.yaml", "--json")
    measurement = from_json(out)
    assert measurement.merged == {"mine": "pool_workqueue"}
    told = summary_text(measurement).splitlines()
    assert "mine was merged into pool_workqueue (slab_nomerge: true keeps it apart)" in told
    assert any(line.startswith("tunables: mine were applied to pool_workqueue; ") for line in told)
    assert any(line.split()[:1] == ["pool_workqueue"] for line in measurement.slabinfo.splitlines())


@case("fault-01-64-cores-per-l3-heap-corruption")
@pytest.mark.parametrize(
    "settings",
    [("layout.threads=1", "layout.cores=128"), ("l3.scope=ccx", "layout.dies=8", "layout.ccxs=8", "layout.cores=1")],
)
def test_many_cores_and_many_domains_run(measured, settings):
    more = [word for setting in ("scale=0.001", *settings) for word in ("--set", setting)]
    assert measured("two-socket", "local-churn", *more)["conservation"]["allocated"] > 0


@case("fault-01-64-cores-per-l3-heap-corruption")
def test_a_node_of_103_cpus_is_imported_and_runs(imported, measured):
    assert imported("numactl", "numa.txt")[1]["nodes"][0]["cpus"] == "0-102"
    assert measured("imported.yaml", "local-churn", "--set", "scale=0.001")["conservation"]["allocated"] > 0


@case("fault-03-tty-progress-markup-and-format")
def test_a_name_with_braces_is_shown_on_a_terminal(folder, monkeypatch, capsys):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sys, "argv", ["simslab", "run", "one-node", "w{x}.yaml"])
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    assert "w{x}" in capsys.readouterr().out


@case("fault-04-device-kmalloc-without-bound")
def test_sizes_of_a_device_need_a_bound(refused, simslab, folder):
    told = "w.yaml:2:61: devices[0].kmalloc: sizes need a bound; expected fixed, uniform or choice\n"
    assert simslab("check", "w.yaml") == (2, "", told)
    assert refused("run", "one-node", "w.yaml") == f"simslab: {told}"


@case("fault-04-device-kmalloc-without-bound")
@pytest.mark.parametrize("sizes", ["0", "{uniform: [0, 5000000]}", "5000000"])
def test_sizes_of_a_device_have_the_bounds_of_kmalloc(simslab, folder, sizes):
    path = folder / "w.yaml"
    path.write_text(path.read_text().replace("{exponential: 200}", sizes))
    status, _, err = simslab("check", "w.yaml")
    assert (status, err.count("\n")) == (2, 1)
    assert "devices[0].kmalloc: sizes from" in err


@case("fault-05-choice-weights-and-values")
@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("w.yaml", "the weights sum to no finite number"),
        ("w2.yaml", "the value 9223372036854775808 cannot be drawn"),
        ("w3.yaml", "the value -5 cannot be drawn"),
    ],
)
def test_weights_and_values_of_a_choice_are_checked(simslab, folder, file, told):
    status, _, err = simslab("check", file)
    assert (status, err.count("\n")) == (2, 1)
    assert f"choice: {told}" in err


@case("fault-12-shrink-beside-a-waiting-thread-deadlocks")
@pytest.mark.parametrize("cycles", [0, 1000, 3000, 5900])
def test_a_shrink_is_answered_by_who_waits_at_a_barrier(measured, folder, cycles):
    path = folder / "w.yaml"
    path.write_text(path.read_text().replace("3000 cycles", f"{cycles} cycles"))
    assert measured("two-socket", "w.yaml")["cycles"] > cycles


@case("fault-12-shrink-beside-a-waiting-thread-deadlocks")
def test_a_shrink_is_answered_by_several(measured):
    assert measured("two-socket", "w2.yaml")["conservation"]["allocated"] == 4000


@case("fault-15-inputs-reread-during-compare-and-hashed-late")
def test_the_hash_is_of_what_was_read(folder):
    machine, text = Path("m.yaml"), find_shipped("machines", "one-node").read_text()
    machine.write_text(text)
    inputs = load_inputs("m.yaml", "local-churn", ["scale=0.002"])
    machine.write_text("name: another\n")
    run_once(inputs, None, folder / "r")
    manifest = json.loads((folder / "r" / "manifest.json").read_text())
    assert hashlib.sha256(text.encode()).hexdigest() in json.dumps(manifest["inputs"])


@case("fault-21-sizes-without-bound")
@pytest.mark.parametrize(
    ("machine", "file", "told"),
    [
        ("two-socket", "w1.yaml", "4,000,000,000 operations up to here"),
        ("two-socket", "w3.yaml", "objects at a time up to here; expected at most 268,435,456"),
    ],
)
def test_operations_and_objects_without_bound_are_refused(refused, folder, machine, file, told):
    err = refused("run", machine, file)
    assert f"{file}:2:" in err
    assert told in err


@case("fault-21-sizes-without-bound")
def test_the_objects_with_which_a_round_begins_are_counted(refused, folder):
    assert "operations up to here" in refused("run", "two-socket", "w2.yaml", "--set", "layout.threads=4")


@case("fault-21-sizes-without-bound")
@pytest.mark.parametrize("command", [("check",), ("measure", "two-socket", "--against")])
def test_no_more_than_its_bound_is_read_of_a_file_without_end(refused, folder, command):
    assert "/dev/zero: " in refused(*command, "/dev/zero")
