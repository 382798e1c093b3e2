from hashlib import sha256

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import find_shipped, shipped_names
from simslab.experiment.inputs import InputReader, load_inputs


@pytest.mark.parametrize("machine", shipped_names("machines"))
def test_every_shipped_machine_loads(machine):
    assert load_inputs(machine, "local-churn").machine.name == machine


@pytest.mark.parametrize("workload", shipped_names("workloads"))
def test_every_shipped_workload_loads(workload):
    assert load_inputs("two-socket", workload).workload.name == workload


def test_overrides_reach_machine_and_workload():
    inputs = load_inputs("two-socket", "local-churn", ["scale=0.5", "machine.name=mine"])
    assert inputs.workload.scale == 0.5
    assert inputs.machine.name == "mine"
    assert [override.path for override in inputs.workload_document.overrides] == ["scale"]


def test_the_mistakes_of_both_are_told_at_once():
    with pytest.raises(UserError) as caught:
        load_inputs("two-sokcet", "local-churn", ["scale=fast"])
    assert len(caught.value.problems) == 2


def test_files_are_hashed_as_they_are_read(tmp_path):
    machine = tmp_path / "mine.yaml"
    machine.write_text("extends: two-socket\nname: mine\n")
    inputs = load_inputs(str(machine), "local-churn")
    machine.unlink()
    assert inputs.hashes[str(machine)] == sha256(b"extends: two-socket\nname: mine\n").hexdigest()
    assert {path.rpartition("/")[2] for path in inputs.hashes} == {"mine.yaml", "two-socket.yaml", "local-churn.yaml"}


def test_a_reader_reads_each_file_once(tmp_path):
    machine = tmp_path / "mine.yaml"
    machine.write_bytes(find_shipped("machines", "one-node").read_bytes())
    reader = InputReader()
    first = reader.load(str(machine), "local-churn")
    machine.write_text("not a machine")
    again = reader.load(str(machine), "local-churn", ["scale=0.5"])
    assert (again.machine, again.hashes) == (first.machine, first.hashes)
    assert (first.workload.scale, again.workload.scale) == (1.0, 0.5)


def test_setting_extends_is_refused_as_it_changes_nothing():
    with pytest.raises(UserError, match=r"--set extends=four-socket.*--axis machine="):
        load_inputs("two-socket", "local-churn", ["extends=four-socket"])


def test_the_latency_of_a_link_is_refused_where_a_table_decides():
    table = "idle_latency={impl: matrix, dram: [[80 ns, 140 ns], [140 ns, 80 ns]]}"
    with pytest.raises(UserError, match=r"links.upi.latency=60 ns: changes no latency"):
        load_inputs("two-socket", "local-churn", [table, "links.upi.latency=60 ns"])
    assert load_inputs("two-socket", "local-churn", [table, "links.upi.bandwidth=20 GB/s"])


FILES = {
    "machine": "extends: two-socket\nname: m\n",
    "workload": "caches: {a: {size: 8}}\n",
    "experiment": "machine: one-node\naxes: {core.ipc: [1, 2]}\n",
}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("workload", "workload"), "m.yaml: is a workload, not a machine; expected MACHINE WORKLOAD"),
        (("machine", "machine"), "w.yaml: is a machine, not a workload; expected MACHINE WORKLOAD"),
        (("machine", "experiment"), "w.yaml: is an experiment, not a workload; expected `simslab sweep "),
    ],
)
def test_a_file_of_another_kind_is_told_as_such_and_not_key_by_key(tmp_path, given, told):
    paths = [tmp_path / "m.yaml", tmp_path / "w.yaml"]
    for path, kind in zip(paths, given, strict=True):
        path.write_text(FILES[kind])
    with pytest.raises(UserError) as caught:
        load_inputs(*map(str, paths))
    lines = [line for line in str(caught.value).splitlines() if " not a " in line]
    assert len(lines) == 1
    assert told in lines[0]


def test_a_workload_with_a_machines_key_is_still_told_key_by_key(tmp_path):
    path = tmp_path / "w.yaml"
    path.write_text("caches: {}\nlayout: {}\n")
    with pytest.raises(UserError, match="unknown key 'layout'"):
        load_inputs("one-node", str(path))
