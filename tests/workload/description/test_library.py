from pathlib import Path

import pytest

from simslab.base.errors import UserError
from simslab.base.shipped import shipped_names
from simslab.workload.description.library import load_workload, load_workload_document, workload_names

STEP = "{pattern: alloc_free, kmalloc: 64, operations: 10}"


def written(tmp_path, text, name="mine.yaml"):
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def test_the_shipped_workloads_are_known_by_their_names():
    assert workload_names() == list(shipped_names("workloads"))
    assert load_workload("local-churn").name == "local-churn"


def test_a_workload_without_a_name_has_that_of_its_file(tmp_path):
    assert load_workload(written(tmp_path, f"threads: [{{name: a, cpus: all, steps: [{STEP}]}}]")).name == "mine"
    named = written(tmp_path, f"name: other\nthreads: [{{name: a, cpus: all, steps: [{STEP}]}}]")
    assert load_workload(named).name == "other"


def test_a_trace_is_looked_for_beside_its_workload(tmp_path):
    assert load_workload(written(tmp_path, "trace: {file: t.txt}")).trace.file == tmp_path / "t.txt"


def test_further_traces_lie_beside_the_file_or_where_one_stands(tmp_path):
    mine = written(tmp_path, "trace: {file: a, then: [b]}")
    assert load_workload(mine).trace.files == (tmp_path / "a", tmp_path / "b")
    assert load_workload(mine, ["trace.then=[c]"]).trace.files == (tmp_path / "a", Path("c"))


def test_settings_change_values_and_the_document_tells_them():
    document, workload = load_workload_document("local-churn", ["scale=0.25", "seed=9"])
    assert (workload.scale, workload.seed) == (0.25, 9)
    assert [override.path for override in document.overrides] == ["scale", "seed"]


def test_a_name_that_nothing_has_is_told_with_the_near_one():
    with pytest.raises(UserError, match="did you mean 'local-churn'"):
        load_workload("local-chrun")
