import hashlib
import os
import threading
from pathlib import Path

import pytest

from simslab.base.documents.yamlfile import MAX_BYTES
from simslab.base.errors import UserError
from simslab.base.shipped import find_shipped, shipped_folder
from simslab.experiment.inputs import load_inputs
from simslab.experiment.run import measure_once
from simslab.experiment.trace_input import copies, is_trace, then_settings

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


@pytest.fixture
def piped(tmp_path):
    """Return a function that has bytes written into a new pipe, once, and returns the pipe."""
    writers = []

    def pipe(data, name="pipe"):
        os.mkfifo(tmp_path / name)
        writers.append(threading.Thread(target=(tmp_path / name).write_bytes, args=(data,)))
        writers[-1].start()
        return tmp_path / name

    yield pipe
    for writer in writers:
        writer.join()


def test_a_trace_from_a_pipe_is_hashed_as_it_was_and_runs_under_its_name(piped):
    pipe = piped(UNTAR.read_bytes())
    inputs = load_inputs("one-node", str(pipe), ["scale=0.02"])
    assert inputs.workload.name == "pipe"
    assert inputs.trace_hashes == {str(pipe): hashlib.sha256(UNTAR.read_bytes()).hexdigest()}
    assert measure_once(inputs).trace.file == "pipe"


def test_what_can_be_read_only_once_is_told_by_what_it_begins_with(piped):
    kept = copies()
    assert is_trace("trace", kept.readable(piped(UNTAR.read_bytes(), "trace")))
    assert is_trace("packed", kept.readable(piped(b"\xfd7zXZ\0 and more", "packed")))
    assert is_trace("cut", kept.readable(piped(UNTAR.read_bytes()[:12], "cut")))
    assert not is_trace("load", kept.readable(piped(find_shipped("workloads", "larson").read_bytes(), "load")))


def test_a_mistake_in_a_copy_is_told_of_the_file_that_was_named(piped):
    pipe = piped(UNTAR.read_bytes()[:1000])
    with pytest.raises(UserError, match=f"^{pipe}: truncated gzip data"):
        measure_once(load_inputs("one-node", str(pipe)))


def test_a_pipe_without_end_that_is_no_trace_is_copied_in_part():
    assert copies().readable(Path("/dev/zero")).stat().st_size == MAX_BYTES + 1


def test_traces_from_pipes_are_replayed_in_turn(piped):
    pipes = [str(piped(UNTAR.read_bytes(), name)) for name in ("a", "b")]
    kept = copies()
    inputs = load_inputs("one-node", pipes[0], [*then_settings(pipes[0], pipes[1:], kept), "scale=0.02"], kept)
    assert [trace.name for trace in inputs.traces] == pipes


def test_a_missing_trace_is_one_message(tmp_path):
    with pytest.raises(UserError, match="cannot be read: No such file"):
        load_inputs("one-node", str(tmp_path / "gone.txt"))


def test_shipped_names_and_yaml_files_are_no_traces(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("larson", "mine"):
        (tmp_path / name).write_bytes(UNTAR.read_bytes())
    (tmp_path / "load").write_bytes(find_shipped("workloads", "larson").read_bytes())
    assert [is_trace(name) for name in ("larson", "w.yaml", "load", "t.txt", "t.txt.gz", "mine", "no-such")] == [
        False, False, False, True, True, True, False,
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
