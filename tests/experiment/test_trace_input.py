import hashlib
import os
import threading

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.experiment.inputs import load_inputs
from simslab.experiment.run import measure_once
from simslab.experiment.trace_input import is_trace, take_trace, then_settings

UNTAR = shipped_folder("workloads") / "untar-rm.txt.gz"


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "mine.txt.gz"
    path.write_bytes(UNTAR.read_bytes())
    return path


def test_a_trace_runs_as_a_workload_under_its_name(trace):
    inputs = load_inputs("one-node", str(trace), ["scale=0.02"])
    assert inputs.workload.name == "mine"
    assert inputs.hashes[str(trace)] == hashlib.sha256(UNTAR.read_bytes()).hexdigest()
    assert measure_once(inputs).trace.replayed > 0


def test_a_trace_in_an_override_lies_where_one_stands(trace, monkeypatch):
    monkeypatch.chdir(trace.parent)
    assert load_inputs("one-node", "untar-rm", ["trace.file=mine.txt.gz"]).traces[0].path == trace.relative_to(
        trace.parent
    )


def test_a_trace_that_changes_before_its_run_is_refused(trace):
    inputs = load_inputs("one-node", str(trace), ["scale=0.02"])
    trace.write_bytes(trace.read_bytes() + b"\n")
    with pytest.raises(UserError, match="has changed since it was read"):
        measure_once(inputs)


def test_what_can_be_read_only_once_is_copied(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(UNTAR.read_bytes()))
    writer.start()
    taken = take_trace(pipe)
    writer.join()
    assert taken.path != pipe
    assert taken.path.name == "pipe"
    assert taken.sha256 == hashlib.sha256(UNTAR.read_bytes()).hexdigest()


def test_a_missing_trace_is_one_message(tmp_path):
    with pytest.raises(UserError, match="cannot be read: No such file"):
        load_inputs("one-node", str(tmp_path / "gone.txt"))


def test_shipped_names_and_yaml_files_are_no_traces(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "larson").write_text("mine")
    assert [is_trace(name) for name in ("larson", "w.yaml", "t.txt", "t.txt.gz", "no-such")] == [
        False, False, True, True, False,
    ]  # fmt: skip


def test_further_traces_are_settings_and_what_is_none_is_refused(trace):
    assert then_settings("untar-rm", []) == []
    assert then_settings("a.txt", ["b c.txt"]) == ['workload.name="a+b c"', 'trace.then=["b c.txt"]']
    with pytest.raises(UserError, match="'local-churn' is no recorded trace, and 2 workloads were given"):
        then_settings("local-churn", ["a.txt"])


def test_traces_of_one_name_that_differ_are_refused(trace, tmp_path):
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / trace.name
    other.write_bytes(trace.read_bytes() + b"\n")
    with pytest.raises(UserError, match="has the name of another trace"):
        load_inputs("one-node", str(trace), [f"trace.then=[{other}]"])
