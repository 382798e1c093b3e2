"""A run is made again from its manifest alone."""

import json
from collections import Counter

import pytest

from simslab.base.build import code_digest
from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.experiment.inputs import load_inputs
from simslab.experiment.reproduce import COMPARED, causes_by_cache, latencies_by_node, reproduce, seen_again
from simslab.experiment.run import run_once
from simslab.result.stored import stored

RUNS = [
    ("two-socket", "mixed-remote", ["scale=0.01", "links.upi.latency=120 ns"]),
    ("two-socket", "memory-bugs", ["scale=0.1"]),
    ("one-node", "untar-rm", ["scale=0.01"]),
]


@pytest.mark.parametrize(("machine", "workload", "settings"), RUNS)
def test_a_run_comes_out_the_same(machine, workload, settings, tmp_path):
    run_once(load_inputs(machine, workload, settings), seed=5, out=tmp_path / "out")
    made = reproduce(stored(tmp_path / "out"))
    assert (made.same, made.different, made.inputs) == (COMPARED, (), ())


@pytest.fixture
def small(tmp_path):
    run_once(load_inputs("one-node", "untar-rm", ["scale=0.01"]), out=tmp_path / "out")
    return tmp_path / "out"


def test_what_differs_is_named(small):
    manifest = json.loads((small / "manifest.json").read_text())
    manifest["simslab_version"] = "0.0.9"
    manifest["host"]["packages"]["numpy"] = "1.0"
    (small / "manifest.json").write_text(json.dumps(manifest))
    (small / "latency.csv").write_text("other\n")
    made = reproduce(stored(small))
    assert made.different == ("latency.csv",)
    assert [told.partition(": ")[0] for told in made.inputs] == ["simslab_version", "packages numpy"]


@pytest.mark.parametrize("code", ["0123456789abcdef", None])
def test_that_other_code_made_a_result_is_told(small, code):
    manifest = json.loads((small / "manifest.json").read_text())
    del manifest["simslab_code"]
    (small / "manifest.json").write_text(json.dumps(manifest | ({"simslab_code": code} if code else {})))
    made = reproduce(stored(small))
    assert (made.same, made.different) == (COMPARED, ())
    assert made.inputs == (f"simslab_code: was {code or 'not stored'}, is {code_digest()}",)


def test_another_trace_of_that_name_is_refused(small, tmp_path):
    other = tmp_path / "untar-rm.txt.gz"
    other.write_bytes(b"something else")
    with pytest.raises(UserError, match="is another trace than"):
        reproduce(stored(small), trace=other)
    with pytest.raises(UserError, match="is not at hand; expected --trace FILE"):
        reproduce(stored(small), trace=tmp_path / "missing")


def test_several_traces_are_looked_for_in_a_folder(tmp_path):
    traces = [tmp_path / "traces" / name for name in ("a.txt.gz", "b.txt.gz")]
    traces[0].parent.mkdir()
    for trace in traces:
        trace.write_bytes((shipped_folder("workloads") / "untar-rm.txt.gz").read_bytes())
    settings = ["scale=0.01", f"trace.then=[{traces[1]}]"]
    run_once(load_inputs("one-node", str(traces[0]), settings), out=tmp_path / "out")
    assert reproduce(stored(tmp_path / "out"), trace=tmp_path / "traces").different == ()
    with pytest.raises(UserError, match=r"the trace a.txt.gz is not at hand; .* or the folder that holds it"):
        reproduce(stored(tmp_path / "out"))


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        ({"kind": "comparison"}, "is a comparison; expected the manifest of `run --out`"),
        ({"kind": "run"}, "does not hold the machine"),
    ],
)
def test_what_cannot_be_run_again_is_told(manifest, told, tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"format": "simslab-manifest", "version": 1, **manifest}))
    with pytest.raises(UserError, match=told):
        reproduce(stored(tmp_path))


@pytest.fixture(scope="module")
def on_slub(tmp_path_factory):
    out = tmp_path_factory.mktemp("slub") / "out"
    run_once(load_inputs("one-node", "local-churn", ["scale=0.002", "workload.kernel.allocator=slub"]), out=out)
    return stored(out)


def test_lines_of_slubs_structures_have_their_own_names(on_slub):
    lines = seen_again(on_slub, "perf-c2c").log.lines
    names = {lines.name(line) for line in lines.lines}
    assert any("kmem_cache_cpu of pool_workqueue, CPU 0: freelist..partial" in name for name in names), names
    assert any("page of a slab of pool_workqueue: flags.." in name for name in names), names


def test_a_run_that_is_made_again_tells_what_sysfs_shows_at_its_end(on_slub):
    told = seen_again(on_slub, "sysfs").sysfs
    assert "/sys/kernel/slab/churn -> :0000256\n" in told
    assert "/sys/kernel/slab/:0000256/order:1\n" in told


def test_a_view_of_another_kernel_is_refused_before_anything_runs(small, monkeypatch):
    monkeypatch.setattr("simslab.experiment.reproduce.run_workload", None)
    with pytest.raises(UserError, match="a kernel with SLAB has no /sys/kernel/slab"):
        seen_again(stored(small), "sysfs")


def test_causes_by_cache_are_together_those_of_the_run(tmp_path):
    measured = run_once(load_inputs("two-socket", "network-receive", ["scale=0.01"]), out=tmp_path / "out")
    by_cache = causes_by_cache(stored(tmp_path / "out"))
    assert set(by_cache) == {row.cache for row in measured.latency}
    totals = Counter()
    for row in (row for rows in by_cache.values() for row in rows):
        totals[row.operation, row.path] += row.total
    assert totals == {(row.operation, row.path): row.total for row in measured.attribution}


def test_latencies_by_node_are_together_those_of_the_run(tmp_path):
    measured = run_once(load_inputs("two-socket", "network-receive", ["scale=0.01"]), out=tmp_path / "out")
    by_node = latencies_by_node(stored(tmp_path / "out"))
    assert list(by_node) == [0, 1]

    def counts(rows):
        found = Counter()
        for row in rows:
            for cycles, count in zip(row.cycles, row.counts, strict=True):
                found[row.operation, row.path, row.cache, cycles] += count
        return found

    assert counts(by_node[0]) + counts(by_node[1]) == counts(measured.latency)


def test_a_comparison_is_refused_with_the_command_that_made_it(small):
    manifest = json.loads((small / "manifest.json").read_text())
    manifest["kind"] = "comparison"
    manifest["host"]["command"] = ["simslab", "compare", "a", "b", "--variant", "x:core.ipc=2 "]
    (small / "manifest.json").write_text(json.dumps(manifest))
    told = r"is a comparison; expected .* or a store; this was made by `simslab compare a b --variant 'x:core.ipc=2 '`"
    with pytest.raises(UserError, match=told):
        reproduce(stored(small))
