import json

import pytest
from command_line import SMALL_RUN


def test_a_run_prints_a_summary_and_writes_a_directory(simslab, tmp_path):
    status, out, err = simslab(*SMALL_RUN, "--seed", 3, "--out", tmp_path / "result")
    assert status == 0
    assert all(" so far" in line for line in err.splitlines())  # of progress, where the machine is slow
    assert out.startswith("local-churn on one-node, seed 3\n")
    manifest = json.loads((tmp_path / "result" / "manifest.json").read_text())
    present = {path.name for path in (tmp_path / "result").iterdir()}
    assert present == {"manifest.json", *manifest["files"]}
    assert {"result.json", "slabinfo.txt", "latency.csv", "latency-alloc.hgrm", "latency.pdf"} <= present


def test_a_run_repeats_byte_for_byte(simslab):
    first = simslab(*SMALL_RUN, "--json")
    assert first == simslab(*SMALL_RUN, "--json")
    assert json.loads(first[1])["measurement"]["workload"] == "local-churn"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("run", "one-nod", "local-churn"), "there is no machine 'one-nod'"),
        (("run", "one-node", "local-churn", "--set", "sclae=1"), "did you mean 'scale'?"),
        (("run", "one-node", "local-churn", "--set", "scale=-1"), "--set scale=-1: scale: "),
    ],
)
def test_a_mistake_is_one_line_and_status_2(refused, arguments, complaint):
    assert complaint in refused(*arguments)


CIRCLE = """caches: {c: {size: 64}}
threads:
  - {name: a, cpus: '0', steps: [{pattern: barrier}, {pattern: alloc, cache: c, count: 1, name: x}]}
  - {name: b, cpus: '1', steps: [{pattern: free, name: x, of: a}, {pattern: barrier}]}
"""


def test_steps_that_wait_for_each_other_are_a_mistake_of_the_workload(refused, tmp_path):
    (tmp_path / "circle.yaml").write_text(CIRCLE)
    err = refused("run", "one-node", tmp_path / "circle.yaml")
    assert "no thread can go on: a/0 on CPU 0" in err
    assert err.endswith("expected steps not waiting for each other\n")


def test_a_directory_that_holds_something_else_is_not_touched(refused, tmp_path):
    (tmp_path / "precious.txt").write_text("x")
    err = refused(*SMALL_RUN, "--out", tmp_path)
    assert "expected a new name, an empty directory or an earlier simslab result" in err
    assert (tmp_path / "precious.txt").exists()
