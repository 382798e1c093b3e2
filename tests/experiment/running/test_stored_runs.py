"""The runs of a store are made again from the store alone."""

import gzip
import json
import sqlite3

import pytest

from simslab.base.build import code_digest
from simslab.base.errors import UserError
from simslab.base.shipped import shipped_folder
from simslab.experiment.grid.axes import Axis
from simslab.experiment.grid.design import Design, make_grid
from simslab.experiment.running.stored_runs import reproduce_store
from simslab.experiment.store.store import Store
from simslab.experiment.sweep import sweep

QUICK = ("scale=0.005",)
LATENCY = (Axis("dram.latency", ("x1", "x2")),)


def swept(path, machine="one-node", workload="local-churn", settings=QUICK, axes=LATENCY, seeds=2):
    grid = make_grid(Design(machine, workload, settings, axes, seeds=seeds, metrics=("latency.mean",)))
    with Store.create(path) as store:
        sweep(grid, store)
    return path


def again(path, *options, **more):
    with Store.open(path) as store:
        return reproduce_store(store, *options, **more)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return swept(tmp_path_factory.mktemp("store") / "s.db")


def test_all_runs_come_out_the_same_in_any_number_of_processes(plain):
    one, two = again(plain), again(plain, processes=2)
    assert one == two
    assert len(one.same) == 4
    assert (one.different, one.inputs) == ((), ())
    assert json.loads(one.same[0].rpartition(", seed ")[0])["dram.latency"] == "x1"


@pytest.mark.parametrize("workload", ["memory-bugs", "network-receive"])
def test_caches_are_made_and_sizes_drawn_in_the_order_of_the_workload(tmp_path, workload):
    assert len(again(swept(tmp_path / "s.db", workload=workload)).same) == 4


def test_neither_the_machines_file_nor_its_place_is_needed(tmp_path):
    (tmp_path / "mine.yaml").write_text("extends: one-node\ndescription: mine\ncore: {ipc: 2.5}\n")
    store = swept(tmp_path / "s.db", str(tmp_path / "mine.yaml"), "memory-bugs")
    (tmp_path / "mine.yaml").unlink()
    assert len(again(store).same) == 4


def test_a_recorded_trace_is_looked_for_and_its_bytes_are_checked(tmp_path):
    lines = gzip.decompress((shipped_folder("workloads") / "untar-rm.txt.gz").read_bytes()).splitlines(keepends=True)
    trace = tmp_path / "short.txt"
    trace.write_bytes(b"".join(lines[:500]))
    store = swept(tmp_path / "s.db", "one-node", str(trace), ())
    with pytest.raises(UserError, match=r"the trace short\.txt is not at hand; expected --trace FILE"):
        again(store)
    assert len(again(store, tmp_path).same) == 4
    trace.write_bytes(b"".join(lines[:499]))
    with pytest.raises(UserError, match=r"is another trace than short\.txt was: SHA-256"):
        again(store, trace)


def changed(plain, path, statement):
    path.write_bytes(plain.read_bytes())
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    return path


def test_a_run_that_comes_out_otherwise_is_named(plain, tmp_path):
    made = again(changed(plain, tmp_path / "s.db", "UPDATE cells SET seed = 8 WHERE seed = 2"))
    assert [told[-6:] for told in made.different] == ["seed 8"] * 2
    assert len(made.same) == 2


def test_other_code_is_told_and_what_it_cannot_run_is_named(plain, tmp_path):
    code = "UPDATE about SET value = '0123456789abcdef' WHERE name = 'simslab_code'"
    other = changed(plain, tmp_path / "a.db", code)
    assert again(other).inputs == (f"simslab_code: was 0123456789abcdef, is {code_digest()}",)
    renamed = "UPDATE configurations SET resolved = replace(resolved, '\"ipc\"', '\"ips\"') WHERE kind = 'machine'"
    made = again(changed(plain, tmp_path / "b.db", renamed))
    assert made.same == ()
    assert all("(fails now: " in told and "did you mean 'ipc'" in told for told in made.different)


def test_a_store_whose_traces_have_not_each_a_hash_is_refused_as_damaged(plain, tmp_path):
    for number, trace in enumerate(('{"then": 3}', '{"file": "a", "then": ["b"]}', '{"then_sha256": "a"}')):
        statement = f"UPDATE configurations SET resolved = '{{\"trace\": {trace}}}' WHERE kind = 'workload'"
        with pytest.raises(UserError, match="is damaged: the traces of a workload in it have not each a hash"):
            again(changed(plain, tmp_path / f"{number}.db", statement))


def test_a_store_without_a_finished_run_is_refused(tmp_path):
    with Store.create(tmp_path / "s.db"):
        pass
    with pytest.raises(UserError, match="holds no finished run"):
        again(tmp_path / "s.db")
